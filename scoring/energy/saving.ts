import { expectEnergy, extrapolatedVariables, judgeBaseline, type BaselineFit } from './baseline.ts';
import { studentQuantile } from './distribution.ts';

/** How long one observation of the baseline is; billing is a calendar month. */
export type BaselineInterval = 'hour' | 'day' | 'billing' | 'shift';

/** F12: correction c of ASHRAE 14 by interval and calendar months in the reporting period, as eemeter has it. */
export function uncertaintyCorrection(interval: BaselineInterval, months: number): number {
  const m = Math.min(12, Math.max(1, months));
  switch (interval) {
    case 'hour':
    case 'shift':
      return 1.26;
    case 'day':
      return -0.000_24 * m ** 2 + 0.035_35 * m + 1.002_86;
    case 'billing':
      return -0.000_22 * m ** 2 + 0.033_06 * m + 0.940_54;
    default:
      return interval satisfies never;
  }
}

export type UncertaintyInput = {
  readonly fit: Pick<BaselineFit, 'n' | 'cvRmse' | 'lag1' | 'sse' | 'meanEnergy'> & { readonly coefficients: number };
  readonly correction: number;
  /** Observations of the reporting period. */
  readonly m: number;
  readonly expectedKwh: number;
  /** Two-sided; default 0.90. */
  readonly confidence?: number;
};

/**
 * F12: half-width of the interval of a saving, kWh: U = c·t·CV′·Ê·√((n/n′)(1 + 2/n′)/m), n′ = n(1−ρ)/(1+ρ), CV′ with
 * n′ − p degrees of freedom. ρ is capped at ≥ 0: a negative one would make the sample look larger than it is.
 * @returns null when autocorrelation leaves too few independent observations.
 */
export function savingUncertaintyKwh({
  fit,
  correction,
  m,
  expectedKwh,
  confidence = 0.9,
}: UncertaintyInput): number | null {
  const rho = Math.max(0, fit.lag1);
  const effective = (fit.n * (1 - rho)) / (1 + rho);
  const degrees = effective - fit.coefficients;
  if (!(degrees > 0) || m < 1) return null;
  const cv = Math.sqrt(fit.sse / degrees) / fit.meanEnergy;
  const t = studentQuantile(confidence, degrees);
  return correction * t * cv * Math.abs(expectedKwh) * Math.sqrt(((fit.n / effective) * (1 + 2 / effective)) / m);
}

/** F11: running sum of expected − actual; rising means saving (IPMVP's sign). */
export function cusumOfSavings(expected: readonly number[], actual: readonly number[]): number[] {
  let sum = 0;
  return expected.map((value, i) => (sum += value - (actual[i] ?? value)));
}

/** proven: the interval of the saving lies above 0. not-proven: the model may carry no verdict, or energy rose. */
export type SavingVerdict = 'proven' | 'not-distinguishable' | 'not-proven';

export type SavingReport = {
  readonly expectedKwh: number;
  readonly actualKwh: number;
  readonly savingKwh: number;
  /** savingKwh / expectedKwh. */
  readonly savingShare: number;
  /** Half-width at 90 %, kWh; null when it cannot be told. */
  readonly uncertaintyKwh: number | null;
  /** uncertaintyKwh / savingKwh; null without a saving. */
  readonly fsu: number | null;
  readonly cusumKwh: readonly number[];
  readonly verdict: SavingVerdict;
  readonly reason: string;
  readonly extrapolated: readonly string[];
};

/** What is beyond chance between a baseline and a reporting period. Null without observations or with nothing expected. */
export function reportSaving(
  fit: BaselineFit,
  period: {
    /** Variables of each observation in the order of the fit. */
    readonly variables: readonly (readonly number[])[];
    readonly energy: readonly number[];
    readonly interval: BaselineInterval;
    readonly months: number;
    /** Variables that may lower energy, e.g. outdoor temperature of a heated hall. */
    readonly mayFall?: readonly string[];
  },
): SavingReport | null {
  const { variables, energy } = period;
  const expected = variables.map((values) => expectEnergy(fit, values));
  const expectedKwh = total(expected);
  const actualKwh = total(energy);
  if (energy.length === 0 || energy.length !== variables.length || !(expectedKwh > 0)) return null;
  const savingKwh = expectedKwh - actualKwh;
  const uncertaintyKwh = savingUncertaintyKwh({
    fit: { ...fit, coefficients: fit.slopes.length + 1 },
    correction: uncertaintyCorrection(period.interval, period.months),
    m: energy.length,
    expectedKwh,
  });
  const means = fit.ranges.map((_, j) => total(variables.map((values) => values[j] ?? 0)) / variables.length);
  const extrapolated = extrapolatedVariables(fit, means);
  const validity = judgeBaseline(fit, { mayFall: period.mayFall ?? [] });
  const { verdict, reason } = judge({ savingKwh, uncertaintyKwh, extrapolated, modelReason: validity.reason });
  return {
    expectedKwh,
    actualKwh,
    savingKwh,
    savingShare: savingKwh / expectedKwh,
    uncertaintyKwh,
    fsu: uncertaintyKwh === null || savingKwh === 0 ? null : uncertaintyKwh / Math.abs(savingKwh),
    cusumKwh: cusumOfSavings(expected, energy),
    verdict,
    reason,
    extrapolated,
  };
}

function judge(found: {
  readonly savingKwh: number;
  readonly uncertaintyKwh: number | null;
  readonly extrapolated: readonly string[];
  readonly modelReason: string | null;
}): { readonly verdict: SavingVerdict; readonly reason: string } {
  const { savingKwh, uncertaintyKwh, extrapolated, modelReason } = found;
  if (modelReason !== null) return { verdict: 'not-proven', reason: `the baseline carries no verdict: ${modelReason}` };
  if (extrapolated.length > 0)
    return {
      verdict: 'not-proven',
      reason: `extrapolated: ${extrapolated.join(', ')} outside what the baseline has seen`,
    };
  if (uncertaintyKwh === null)
    return { verdict: 'not-distinguishable', reason: 'too few independent observations to tell the uncertainty' };
  if (savingKwh > uncertaintyKwh) return { verdict: 'proven', reason: 'the saving exceeds its uncertainty at 90 %' };
  if (-savingKwh > uncertaintyKwh) return { verdict: 'not-proven', reason: 'energy rose against the baseline' };
  return { verdict: 'not-distinguishable', reason: 'the change is smaller than its uncertainty at 90 %' };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
