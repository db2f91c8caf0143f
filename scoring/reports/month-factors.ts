import type { AccountRules } from '../energy/account.ts';
import { factorSetOn, type FactorSet } from '../energy/conversion.ts';
import type { MonthDay } from './month.ts';

/** Per kWh of electricity on one day; null where no factor is known. */
export type DayFactors = {
  readonly kgceCalorific: number | null;
  readonly kgceEquivalent: number | null;
  readonly kgCO2: number | null;
};

/** A factor with the set it is from. */
export type ReportFactor = {
  readonly set: FactorSet;
  readonly basis: 'calorific' | 'equivalent';
  readonly value: number;
  readonly source: string;
};

/** Factors of electricity by ISO date, looked up once each. */
export function factorsByDay(rules: AccountRules): (day: string) => DayFactors {
  const known = new Map<string, DayFactors>();
  return (day) => {
    const found = known.get(day) ?? {
      kgceCalorific: factorOn(rules, day, 'calorific')?.value ?? null,
      kgceEquivalent: factorOn(rules, day, 'equivalent')?.value ?? null,
      kgCO2: carbonOn(rules, day)?.value ?? null,
    };
    known.set(day, found);
    return found;
  };
}

const electricity = (set: FactorSet | null, basis: 'calorific' | 'equivalent') =>
  set?.factors.find((one) => one.carrier === 'electricity' && one.unit === 'kW.h' && one.basis === basis) ?? null;

function factorOn(rules: AccountRules, day: string, basis: 'calorific' | 'equivalent'): ReportFactor | null {
  const set = factorSetOn(
    rules.factorSets.filter(({ quantity }) => quantity === 'kgce'),
    day,
  );
  if (set === null) return null;
  const agreed = rules.electricityEquivalent;
  if (basis === 'equivalent' && agreed !== null) return { set, basis, value: agreed.kgcePerKwh, source: agreed.source };
  const factor = electricity(set, basis);
  return factor === null ? null : { set, basis, value: factor.value, source: factor.source };
}

function carbonOn(rules: AccountRules, day: string): ReportFactor | null {
  const set = factorSetOn(
    rules.factorSets.filter(({ quantity }) => quantity === 'kgCO2'),
    day,
  );
  const factor = electricity(set, 'calorific');
  return set === null || factor === null
    ? null
    : { set, basis: 'calorific', value: factor.value, source: factor.source };
}

/** Every factor that holds on one of the days, with its set. */
export function usedFactors(rules: AccountRules, days: readonly MonthDay[]): ReportFactor[] {
  const used = new Map<string, ReportFactor>();
  for (const { day } of days) {
    for (const factor of [factorOn(rules, day, 'calorific'), factorOn(rules, day, 'equivalent'), carbonOn(rules, day)])
      if (factor !== null) used.set(`${factor.set.id} ${factor.basis}`, factor);
  }
  return [...used.values()];
}
