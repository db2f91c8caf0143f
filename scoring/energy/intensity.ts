import { normalCdf } from './distribution.ts';

/** A figure, or the reason why there is none. Unknown is never 0. */
export type Outcome<T> =
  | { readonly kind: 'figure'; readonly value: T }
  | { readonly kind: 'no-figure'; readonly reason: string };

export const figure = <T>(value: T): Outcome<T> => ({ kind: 'figure', value });
export const noFigure = (reason: string): Outcome<never> => ({ kind: 'no-figure', reason });

/** Energy and value added of one period. */
export type IntensityPeriod = {
  readonly label: string;
  /** Comprehensive energy consumption, tce, on one basis. */
  readonly energyTce: number;
  /** Value added at current prices, 10⁴ yuan; null = not reported. */
  readonly valueAddedNominal: number | null;
  /** Price index against the constant-price base year, 100 = base; null = not reported. */
  readonly priceIndex: number | null;
};

/** F4: value added at comparable prices, 10⁴ yuan. */
export function realValueAdded(period: IntensityPeriod): Outcome<number> {
  const { label, valueAddedNominal, priceIndex } = period;
  if (valueAddedNominal === null) return noFigure(`value added of ${label} is missing; import it`);
  if (priceIndex === null) return noFigure(`price index of ${label} is missing; import the deflator of that period`);
  if (!(priceIndex > 0)) return noFigure(`price index ${priceIndex} of ${label} is not greater than 0`);
  if (!(valueAddedNominal > 0)) return noFigure(`value added ${valueAddedNominal} of ${label} is not greater than 0`);
  return figure(valueAddedNominal / (priceIndex / 100));
}

/** F4: tce per 10⁴ yuan of value added at comparable prices. */
export function intensityPerValueAdded(period: IntensityPeriod): Outcome<number> {
  const real = realValueAdded(period);
  if (real.kind === 'no-figure') return real;
  if (!Number.isFinite(period.energyTce) || period.energyTce < 0)
    return noFigure(`energy of ${period.label} is ${period.energyTce} tce, which is no consumption`);
  return figure(period.energyTce / real.value);
}

/** F5: relative change as a signed fraction, a fall is negative. No base, no change. */
export function relativeChange(now: number, base: number): Outcome<number> {
  if (!Number.isFinite(base) || base === 0) return noFigure('no base');
  if (!Number.isFinite(now)) return noFigure('no figure of the current period');
  return figure(now / base - 1);
}

/** F5 in growth rates: (1 + g_E) / (1 + g_VA) − 1. */
export function changeFromGrowth(energyGrowth: number, valueAddedGrowth: number): Outcome<number> {
  return valueAddedGrowth > -1
    ? figure((1 + energyGrowth) / (1 + valueAddedGrowth) - 1)
    : noFigure('value added fell to nothing: no base');
}

/** F5 solved for energy: growth of energy from growth of value added and change of intensity. */
export const energyGrowthFrom = (valueAddedGrowth: number, intensityChange: number): number =>
  (1 + valueAddedGrowth) * (1 + intensityChange) - 1;

export type IntensityChange = {
  readonly base: number;
  readonly current: number;
  /** Signed fraction. */
  readonly change: number;
  /** (I₀ − I₁) · VA₁, tce; positive is a saving. */
  readonly savingTce: number;
};

/** F4 and F5 of two periods at comparable prices. */
export function compareIntensity(base: IntensityPeriod, current: IntensityPeriod): Outcome<IntensityChange> {
  const before = intensityPerValueAdded(base);
  if (before.kind === 'no-figure') return before;
  const after = intensityPerValueAdded(current);
  if (after.kind === 'no-figure') return after;
  const change = relativeChange(after.value, before.value);
  if (change.kind === 'no-figure') return change;
  const real = realValueAdded(current);
  if (real.kind === 'no-figure') return real;
  return figure({
    base: before.value,
    current: after.value,
    change: change.value,
    savingTce: (before.value - after.value) * real.value,
  });
}

/** F6: yearly fall that compounds to `total` over `years`. */
export const yearlyReduction = (total: number, years: number): number => 1 - (1 - total) ** (1 / years);

/** F6: intensity of each year 0…years on the way down. */
export const reductionPath = (base: number, yearly: number, years: number): number[] =>
  Array.from({ length: years + 1 }, (_, year) => base * (1 - yearly) ** year);

export type RestOfYearInput = {
  /** Intensity of the base year, e.g. tce per 10⁴ yuan or kWh per unit. */
  readonly baseIntensity: number;
  readonly reduction: number;
  /** Planned activity (value added or output) of the whole year. */
  readonly plannedActivity: number;
  readonly activityToDate: number;
  readonly energyToDate: number;
};

/** F7: intensity the rest of the year needs, to meet the promise on the year. */
export function neededIntensity(input: RestOfYearInput): Outcome<number> {
  const rest = input.plannedActivity - input.activityToDate;
  if (!(input.baseIntensity > 0)) return noFigure('no base');
  if (!(rest > 0)) return noFigure('nothing is planned for the rest of the year');
  const budget = (1 - input.reduction) * input.baseIntensity * input.plannedActivity - input.energyToDate;
  return budget > 0
    ? figure(budget / rest)
    : noFigure(`the energy of the whole year is used up: ${(-budget).toPrecision(6)} over the budget`);
}

export type ForecastVerdict = 'on-track' | 'at-risk' | 'off-track';

/** From this probability on a promise is on track; below 1 − this it is off track. */
const ON_TRACK = 0.8;

/** F8: probability that the year ends at or below the target, Φ((target − forecast)/σ), and what to call it. */
export function meetProbability(
  forecast: number,
  target: number,
  sigma: number,
): Outcome<{ readonly probability: number; readonly verdict: ForecastVerdict }> {
  if (!(sigma > 0) || !Number.isFinite(forecast) || !Number.isFinite(target))
    return noFigure('the spread of the forecast is unknown');
  const probability = normalCdf((target - forecast) / sigma);
  return figure({
    probability,
    verdict: probability >= ON_TRACK ? 'on-track' : probability < 1 - ON_TRACK ? 'off-track' : 'at-risk',
  });
}

/** Whether a signed change meets a promised fall. Unrounded values decide: −0.996 % is not −1.0 %. */
export const meetsReduction = (change: number, reduction: number): boolean => change <= -reduction;

/** With flat output the promised fall of intensity is an absolute cut: kWh to save per day. */
export function flatOutputCut(
  baseEnergyKwh: number,
  baseDays: number,
  reduction: number,
): Outcome<{ readonly perDayKwh: number }> {
  return baseDays > 0 && baseEnergyKwh > 0
    ? figure({ perDayKwh: (baseEnergyKwh / baseDays) * reduction })
    : noFigure('no base');
}
