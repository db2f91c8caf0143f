import { DateTime } from 'luxon';
import { convertDays, factorSetOn, type ConversionBasis, type ConversionFactor, type FactorSet } from './conversion.ts';
import type { AllocationRule } from './allocation-rule.ts';
import type { Boundaries } from './boundaries.ts';
import type { PlantCalendar } from './breakdown.ts';
import { addSums } from './figure.ts';
import { exactTotal } from './quantum.ts';
import { splitByTariff, tariffLevels, type TariffLevel, type TariffPlan } from './tariff.ts';
import { traceFigure, type FigureTrace } from './trace.ts';
import type { EnergyWindow } from './window.ts';

/** What a plant has agreed for its accounts: factors, tariff, price. */
export type AccountRules = {
  readonly factorSets: readonly FactorSet[];
  /** Equivalent (等价) factor of electricity in kgce per kWh with its source: last year's rate of generation, never a constant. */
  readonly electricityEquivalent: { readonly kgcePerKwh: number; readonly source: string } | null;
  /** Energy-carrying media (耗能工质) that are bought; what is made on site is in the energy that made it. */
  readonly boughtMedia: ReadonlySet<string>;
  readonly tariff: { readonly plan: TariffPlan; readonly flatPriceYuan: number | null } | null;
  readonly zone: string;
  readonly boundaries: Boundaries;
  /** How the energy of shared utilities is allocated. */
  readonly allocations: readonly AllocationRule[];
  readonly calendar: PlantCalendar;
};

/** kgce or kg CO₂ of electricity, with what it rests on; null with the reason otherwise. */
export type AccountAmount = {
  readonly value: number | null;
  readonly reason: string | null;
  readonly factorSets: readonly string[];
  readonly source: string | null;
};

export type TariffAmount = {
  readonly level: TariffLevel;
  readonly kwh: number;
  /** Yuan; null without a flat price. */
  readonly cost: number | null;
};

/** Energy of one object over a range, in every unit an officer signs. Unknown is null with a reason, never 0. */
export type EnergyAccount = {
  readonly energyKwh: number;
  readonly output: number;
  readonly idleKwh: number;
  /** 当量值. */
  readonly kgceCalorific: AccountAmount;
  /** 等价值. */
  readonly kgceEquivalent: AccountAmount;
  readonly kgCO2: AccountAmount;
  readonly tariff: {
    readonly plan: string;
    readonly parts: readonly TariffAmount[];
    /** Yuan; null without a flat price. */
    readonly cost: number | null;
    /** Cost of what was used while idle, at each hour's price. */
    readonly idleCost: number | null;
    /** true: windows cross an edge of the tariff, so that their split is a guess by time. */
    readonly estimated: boolean;
  } | null;
  /** Per equivalent unit; null without output. */
  readonly perOutput: {
    readonly kwh: number | null;
    readonly kgceCalorific: number | null;
    readonly kgceEquivalent: number | null;
    readonly kgCO2: number | null;
    readonly cost: number | null;
  };
  readonly trace: FigureTrace;
};

type Series = { readonly sets: readonly FactorSet[]; readonly basis: ConversionBasis };

/** The account of one object: F1 on both bases, F16, F17 and the ratios of these sums to output. Pure. */
export function accountOf(windows: readonly EnergyWindow[], rules: AccountRules): EnergyAccount {
  const sums = addSums(windows);
  const days = kwhByDay(windows, rules.zone);
  const { calorific: kgceCalorific, equivalent: kgceEquivalent } = coalOfDays(days, rules);
  const carbon = rules.factorSets.filter(({ quantity }) => quantity === 'kgCO2');
  const kgCO2 = amountOf(days, { sets: carbon, basis: 'calorific' });
  const tariff = rules.tariff === null ? null : tariffOf(windows, rules.tariff, rules.zone);
  const per = (value: number | null): number | null =>
    value === null || sums.output <= 0 ? null : value / sums.output;
  const figures = {
    energyKwh: sums.energyKwh,
    output: sums.output,
    idleKwh: sums.idleKwh,
    kgceCalorific,
    kgceEquivalent,
    kgCO2,
    tariff,
    perOutput: {
      kwh: per(sums.energyKwh),
      kgceCalorific: per(kgceCalorific.value),
      kgceEquivalent: per(kgceEquivalent.value),
      kgCO2: per(kgCO2.value),
      cost: per(tariff?.cost ?? null),
    },
  };
  const inputs = {
    windows: windows.map(({ start, end, revision, energyKwh, idleKwh, output }) => [
      start,
      end,
      revision,
      energyKwh,
      idleKwh,
      output,
    ]),
    factorSets: rules.factorSets.map(({ id }) => id),
    electricityEquivalent: rules.electricityEquivalent,
    tariff: rules.tariff === null ? null : { plan: rules.tariff.plan.id, flatPriceYuan: rules.tariff.flatPriceYuan },
    zone: rules.zone,
  };
  const trace = traceFigure('account', inputs, figures);
  return { ...figures, trace: { ...trace, inputs: { ...inputs, windows: windows.length } } };
}

export type StandardCoal = { readonly calorific: AccountAmount; readonly equivalent: AccountAmount };

/** F1 of electricity on both bases, each day by the factor set that is valid on it; kgce. */
export function standardCoalOf(windows: readonly EnergyWindow[], rules: AccountRules): StandardCoal {
  return coalOfDays(kwhByDay(windows, rules.zone), rules);
}

function coalOfDays(days: ReadonlyMap<string, number>, rules: AccountRules): StandardCoal {
  const sets = rules.factorSets.filter(({ quantity }) => quantity === 'kgce');
  const equivalent = rules.electricityEquivalent;
  return {
    calorific: amountOf(days, { sets, basis: 'calorific' }),
    equivalent: amountOf(days, {
      sets: equivalent === null ? sets : sets.map((set) => withEquivalent(set, equivalent)),
      basis: 'equivalent',
    }),
  };
}

function kwhByDay(windows: readonly EnergyWindow[], zone: string): ReadonlyMap<string, number> {
  const days = new Map<string, number[]>();
  for (const { start, energyKwh } of windows) {
    const day = DateTime.fromMillis(start, { zone }).toISODate() ?? '';
    const amounts = days.get(day);
    if (amounts === undefined) days.set(day, [energyKwh]);
    else amounts.push(energyKwh);
  }
  return new Map([...days].map(([day, amounts]) => [day, exactTotal(amounts)]));
}

function amountOf(days: ReadonlyMap<string, number>, { sets, basis }: Series): AccountAmount {
  const none = (reason: string): AccountAmount => ({ value: null, reason, factorSets: [], source: null });
  if (days.size === 0) return none('nothing was measured');
  const last = [...days.keys()].sort().at(-1) ?? '';
  const newest = factorSetOn(sets, last);
  const missing = [...days.keys()].sort().find((day) => factorSetOn(sets, day) === null);
  if (newest === null || missing !== undefined)
    return none(
      `no factor set is valid on ${missing ?? last}; add the edition of that day under scoring.energy.factorSets`,
    );
  const factor = electricityFactor(newest, basis);
  if (factor === undefined) {
    return none(
      basis === 'equivalent'
        ? `factor set ${newest.id} has no equivalent factor of electricity; set scoring.energy.electricityEquivalent with its source`
        : `factor set ${newest.id} has no factor of electricity in kW.h`,
    );
  }
  const dated = [...days].map(([day, amount]) => ({
    day,
    amounts: [{ carrier: 'electricity', unit: 'kW.h', amount }],
  }));
  const { own, ownSets } = convertDays(dated, sets, { restateOn: newest, basis });
  return { value: own, reason: null, factorSets: ownSets, source: factor.source };
}

const electricityFactor = (set: FactorSet, basis: ConversionBasis): ConversionFactor | undefined =>
  set.factors.find((factor) => factor.carrier === 'electricity' && factor.unit === 'kW.h' && factor.basis === basis);

const withEquivalent = (
  set: FactorSet,
  { kgcePerKwh, source }: NonNullable<AccountRules['electricityEquivalent']>,
): FactorSet => ({
  ...set,
  factors: [
    ...set.factors.filter(({ carrier, basis }) => carrier !== 'electricity' || basis !== 'equivalent'),
    { carrier: 'electricity', unit: 'kW.h', basis: 'equivalent', value: kgcePerKwh, source },
  ],
});

function tariffOf(
  windows: readonly EnergyWindow[],
  { plan, flatPriceYuan }: NonNullable<AccountRules['tariff']>,
  zone: string,
): EnergyAccount['tariff'] {
  const levels = new Map<TariffLevel, { kwh: number[]; cost: number }>();
  let idleCost = 0;
  let estimated = false;
  for (const { start, end, energyKwh, idleKwh } of windows) {
    if (energyKwh === 0) continue;
    const split = splitByTariff({ kwh: energyKwh, start, end }, plan, { zone, flatPrice: flatPriceYuan ?? 1 });
    estimated ||= split.estimated;
    let cost = 0;
    for (const part of split.parts) {
      const level = levels.get(part.level) ?? { kwh: [], cost: 0 };
      level.kwh.push(part.kwh);
      level.cost += part.cost;
      cost += part.cost;
      levels.set(part.level, level);
    }
    idleCost += (cost * idleKwh) / energyKwh;
  }
  const known = (value: number): number | null => (flatPriceYuan === null ? null : value);
  const parts = tariffLevels.flatMap((level) => {
    const part = levels.get(level);
    return part === undefined ? [] : [{ level, kwh: exactTotal(part.kwh), cost: known(part.cost) }];
  });
  return {
    plan: plan.id,
    parts,
    cost: known(parts.reduce((sum, { cost }) => sum + (cost ?? 0), 0)),
    idleCost: known(idleCost),
    estimated,
  };
}
