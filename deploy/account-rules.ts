import { resolve, dirname } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import type { EnergySection } from '../scoring/config.ts';
import type { AccountRules } from '../scoring/energy/account.ts';
import { allocationRulesOf } from '../scoring/energy/allocation-rule.ts';
import type { PlantCalendar } from '../scoring/energy/breakdown.ts';
import { boundariesOf } from '../scoring/energy/boundaries.ts';
import { factorSetProblems, validityProblems, type FactorSet } from '../scoring/energy/conversion.ts';
import { tariffProblems } from '../scoring/energy/tariff.ts';
import { loadFactorSet, loadFactorSets, loadTariff, type FactorSetFile } from '../seeds/load-factors.ts';

/**
 * The rules of the energy accounts: shipped factor sets and those of the plant, tariff with the plant's holidays.
 * @param file plant.yaml, from which relative files start
 * @throws JoulegateError SEED_INVALID naming file, key and remedy; also for two editions of one series that leave a gap or overlap.
 */
export async function accountRules(
  section: EnergySection | undefined,
  zone: string,
  file: string,
): Promise<AccountRules> {
  const own = await Promise.all(
    (section?.factorSets ?? []).map((name) => loadFactorSet(resolve(dirname(file), name), factorSetProblems)),
  );
  const factorSets = [...(await loadFactorSets(factorSetProblems)), ...own];
  for (const [series, sets] of bySeries(factorSets)) {
    const [problem] = validityProblems(sets);
    if (problem !== undefined)
      throw new JoulegateError('SEED_INVALID', `${file} scoring.energy.factorSets: series ${series}: ${problem}`);
  }
  const tariff = section?.tariff;
  if (tariff === undefined) return rules(factorSets, section, zone, null);
  const isFile = /\.ya?ml$/.test(tariff.plan);
  const plan = await loadTariff(
    isFile ? { file: resolve(dirname(file), tariff.plan) } : { id: tariff.plan },
    tariffProblems,
  );
  return rules(factorSets, section, zone, {
    plan: {
      ...plan,
      holidays: [...plan.holidays, ...(tariff.holidays ?? [])],
      makeUpWorkdays: [...plan.makeUpWorkdays, ...(tariff.makeUpWorkdays ?? [])],
    },
    flatPriceYuan: tariff.flatPriceYuan ?? null,
  });
}

function rules(
  factorSets: readonly FactorSet[],
  section: EnergySection | undefined,
  zone: string,
  tariff: AccountRules['tariff'],
): AccountRules {
  return {
    factorSets,
    electricityEquivalent: section?.electricityEquivalent ?? null,
    boughtMedia: new Set(section?.boughtMedia ?? []),
    tariff,
    zone,
    boundaries: boundariesOf(section),
    allocations: allocationRulesOf(section?.allocations),
    calendar: calendarOf(section),
  };
}

const calendarOf = (section: EnergySection | undefined): PlantCalendar => ({
  shifts: section?.shifts ?? [],
  dayStartsAt: section?.dayStartsAt ?? '00:00',
  meterReadingDay: section?.meterReadingDay ?? 1,
});

function bySeries(sets: readonly FactorSetFile[]): ReadonlyMap<string, FactorSetFile[]> {
  const series = new Map<string, FactorSetFile[]>();
  for (const set of sets) {
    const list = series.get(set.series);
    if (list === undefined) series.set(set.series, [set]);
    else list.push(set);
  }
  return series;
}
