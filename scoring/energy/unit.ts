/**
 * kWh per unit of an energy tag: UCUM text, common text without the point, or UNECE code. Joule units: 1 kWh = 3.6 MJ exactly.
 * In UCUM m is milli and M is mega, so the two are never one key.
 */
const ENERGY_KWH: ReadonlyMap<string, number> = new Map([
  ['mW.h', 1e-6],
  ['W.h', 0.001],
  ['kW.h', 1],
  ['MW.h', 1000],
  ['GW.h', 1_000_000],
  ['mJ', 1e-3 / 3_600_000],
  ['J', 1 / 3_600_000],
  ['kJ', 1 / 3600],
  ['MJ', 1 / 3.6],
  ['GJ', 1000 / 3.6],
  ['WHR', 0.001],
  ['KWH', 1],
  ['MWH', 1000],
  ['GWH', 1_000_000],
  ['JOU', 1 / 3_600_000],
  ['KJO', 1 / 3600],
  ['3B', 1 / 3.6],
  ['GV', 1000 / 3.6],
]);

/** kW per unit of a power tag. */
const POWER_KW: ReadonlyMap<string, number> = new Map([
  ['mW', 1e-6],
  ['W', 0.001],
  ['kW', 1],
  ['MW', 1000],
  ['GW', 1_000_000],
  ['WTT', 0.001],
  ['KWT', 1],
  ['MAW', 1000],
]);

/**
 * Factor of the unit as it is written. A text in another case is understood only where one spelling can be meant:
 * "mwh" may be milli or mega and is none.
 */
function factorOf(table: ReadonlyMap<string, number>, unit: string): number | null {
  const text = plainText(unit);
  const folded = text.toLowerCase();
  let factor: number | null = null;
  for (const [name, value] of table) {
    const known = plainText(name);
    if (known === text) return value;
    if (known.toLowerCase() !== folded) continue;
    if (factor !== null && factor !== value) return null;
    factor = value;
  }
  return factor;
}

const plainText = (unit: string): string => unit.trim().replaceAll(/[·.]/g, '');

/** Factor from the unit to kWh, or null when the unit is not a mere scale of energy (refuse it, do not guess). */
export function energyFactorKwh(unit: string | undefined): number | null {
  return unit === undefined ? null : factorOf(ENERGY_KWH, unit);
}

/** Factor from the unit to kW, or null when it is no power unit. */
export function powerFactorKw(unit: string | undefined): number | null {
  return unit === undefined ? null : factorOf(POWER_KW, unit);
}

/** Unit texts that are understood, for error messages. */
export const energyUnitNames = ['W.h', 'kW.h', 'MW.h', 'GW.h', 'J', 'kJ', 'MJ', 'GJ'] as const;
export const powerUnitNames = ['W', 'kW', 'MW', 'GW'] as const;
