/** kWh per unit of an energy tag. Joule units: 1 kWh = 3.6 MJ exactly. Keys are lower-case UCUM, UNECE code or common text. */
const ENERGY_KWH: Readonly<Record<string, number>> = {
  'w.h': 0.001,
  wh: 0.001,
  whr: 0.001,
  'kw.h': 1,
  kwh: 1,
  'mw.h': 1000,
  mwh: 1000,
  'gw.h': 1_000_000,
  gwh: 1_000_000,
  j: 1 / 3_600_000,
  joule: 1 / 3_600_000,
  kj: 1 / 3600,
  mj: 1 / 3.6,
  gj: 1000 / 3.6,
};

/** kW per unit of a power tag. */
const POWER_KW: Readonly<Record<string, number>> = { w: 0.001, kw: 1, mw: 1000, gw: 1_000_000 };

const key = (unit: string): string => unit.trim().toLowerCase().replaceAll('·', '.');

/** Factor from the unit to kWh, or null when the unit is not a mere scale of energy (refuse it, do not guess). */
export function energyFactorKwh(unit: string | undefined): number | null {
  return unit === undefined ? null : (ENERGY_KWH[key(unit)] ?? null);
}

/** Factor from the unit to kW, or null when it is no power unit. */
export function powerFactorKw(unit: string | undefined): number | null {
  return unit === undefined ? null : (POWER_KW[key(unit)] ?? null);
}

/** Unit texts that are understood, for error messages. */
export const energyUnitNames = ['W.h', 'kW.h', 'MW.h', 'GW.h', 'J', 'kJ', 'MJ', 'GJ'] as const;
export const powerUnitNames = ['W', 'kW', 'MW', 'GW'] as const;
