import type { Carrier } from '../../broker/contract/tag.ts';
import { energyFactorKwh } from './unit.ts';

/** A unit that amounts of a carrier are kept in. m3 is as metered; Nm3 is at 0 °C and 101.325 kPa and never mixed with it. */
export const carrierUnits = ['m3', 'Nm3', 't', 'MJ'] as const;
export type CarrierUnit = (typeof carrierUnits)[number];

/** Which of them a carrier may be metered in. */
const unitsOf: Readonly<Record<Exclude<Carrier, 'electricity'>, readonly CarrierUnit[]>> = {
  'natural-gas': ['m3', 'Nm3', 'MJ'],
  'compressed-air': ['m3', 'Nm3'],
  heat: ['MJ'],
  cooling: ['MJ'],
  steam: ['t', 'MJ'],
  water: ['m3', 't'],
};

/** Scale to the canonical unit, by UCUM text without the point or UNECE code. */
const scales: ReadonlyMap<string, readonly [CarrierUnit, number]> = new Map([
  ['m3', ['m3', 1]],
  ['m³', ['m3', 1]],
  ['MTQ', ['m3', 1]],
  ['L', ['m3', 0.001]],
  ['l', ['m3', 0.001]],
  ['LTR', ['m3', 0.001]],
  ['dm3', ['m3', 0.001]],
  ['Nm3', ['Nm3', 1]],
  ['Nm³', ['Nm3', 1]],
  ['NM3', ['Nm3', 1]],
  ['t', ['t', 1]],
  ['TNE', ['t', 1]],
  ['kg', ['t', 0.001]],
  ['KGM', ['t', 0.001]],
]);

/**
 * The canonical unit and the factor to it, or null where the unit is no mere scale for this carrier: m³ to Nm³ needs
 * pressure and temperature, a volume to a mass needs a density.
 */
export function carrierScale(
  carrier: Exclude<Carrier, 'electricity'>,
  unit: string | undefined,
): { readonly unit: CarrierUnit; readonly factor: number } | null {
  if (unit === undefined) return null;
  const known = scales.get(unit.trim().replaceAll(/[·.]/g, ''));
  const kwh = known === undefined ? energyFactorKwh(unit) : null;
  const [canonical, factor] = known ?? (kwh === null ? [null, 0] : (['MJ', kwh * 3.6] as const));
  return canonical !== null && unitsOf[carrier].includes(canonical) ? { unit: canonical, factor } : null;
}

/** Units a tag of this carrier may have, for error messages. */
export const carrierUnitNames = (carrier: Exclude<Carrier, 'electricity'>): readonly string[] =>
  unitsOf[carrier].flatMap((unit) => (unit === 'MJ' ? ['MJ', 'GJ', 'kW.h'] : unit === 'm3' ? ['m3', 'L'] : [unit]));
