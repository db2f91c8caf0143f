import { fisherP, studentP } from './distribution.ts';

/** A relevant variable with its values, one per observation (day or shift). */
export type RelevantVariable = { readonly name: string; readonly values: readonly number[] };

export type Coefficient = {
  readonly name: string;
  readonly value: number;
  readonly standardError: number;
  readonly t: number;
  readonly p: number;
};

/** EnB by ordinary least squares: energy = intercept + Σ slope · variable (F9), with everything to judge it (F10). */
export type BaselineFit = {
  readonly intercept: Coefficient;
  readonly slopes: readonly Coefficient[];
  /** Mean and observed range of each variable, for the validity of a forecast. */
  readonly ranges: readonly {
    readonly name: string;
    readonly mean: number;
    readonly sigma: number;
    readonly min: number;
    readonly max: number;
  }[];
  readonly n: number;
  readonly r2: number;
  readonly adjustedR2: number;
  readonly sse: number;
  /** √(SSE/(n − p)), in units of energy. */
  readonly standardError: number;
  /** standardError / mean energy. */
  readonly cvRmse: number;
  /** √(SSE/n) / mean energy. */
  readonly cvRmseN: number;
  readonly nmbe: number;
  readonly f: number;
  readonly fP: number;
  /** Lag-1 Pearson correlation of the residuals. */
  readonly lag1: number;
  readonly residuals: readonly number[];
  readonly meanEnergy: number;
};

/** Fits the model; null when there are too few observations, a variable does not vary, or variables repeat each other. */
export function fitBaseline(variables: readonly RelevantVariable[], energy: readonly number[]): BaselineFit | null {
  const n = energy.length;
  const p = variables.length + 1;
  const complete = variables.every(({ values }) => values.length === n && values.every(Number.isFinite));
  if (variables.length === 0 || n <= p || !complete || !energy.every(Number.isFinite)) return null;
  const meanEnergy = mean(energy);
  const means = variables.map(({ values }) => mean(values));
  const centred = variables.map(({ values }, j) => values.map((value) => value - (means[j] ?? 0)));
  const scale = centred.map((column) => Math.sqrt(dot(column, column)));
  if (scale.some((size) => !(size > 0)) || meanEnergy === 0) return null;
  const unit = centred.map((column, j) => column.map((value) => value / (scale[j] ?? 1)));
  const inverse = invert(unit.map((a) => unit.map((b) => dot(a, b))));
  if (inverse === null) return null;
  const deviations = energy.map((value) => value - meanEnergy);
  const right = unit.map((column) => dot(column, deviations));
  const slopes = inverse.map((row, j) => dot(row, right) / (scale[j] ?? 1));
  const intercept = meanEnergy - slopes.reduce((total, slope, j) => total + slope * (means[j] ?? 0), 0);
  const residuals = energy.map(
    (value, i) => value - intercept - slopes.reduce((total, slope, j) => total + slope * at(variables, j, i), 0),
  );
  const sse = dot(residuals, residuals);
  const sst = dot(deviations, deviations);
  if (!(sst > 0)) return null;
  const variance = sse / (n - p);
  const covariance = inverse.map((row, j) => row.map((value, k) => value / ((scale[j] ?? 1) * (scale[k] ?? 1))));
  const interceptVariance = 1 / n + covariance.reduce((total, row, j) => total + (means[j] ?? 0) * dot(row, means), 0);
  const coefficient = (name: string, value: number, factor: number): Coefficient => {
    const standardError = Math.sqrt(Math.max(0, variance * factor));
    const t = standardError > 0 ? value / standardError : value === 0 ? 0 : Math.sign(value) * Number.MAX_VALUE;
    return { name, value, standardError, t, p: studentP(t, n - p) };
  };
  const f = sse > 0 ? (sst - sse) / (p - 1) / variance : Number.MAX_VALUE;
  return {
    intercept: coefficient('intercept', intercept, interceptVariance),
    slopes: variables.map(({ name }, j) => coefficient(name, slopes[j] ?? 0, covariance[j]?.[j] ?? 0)),
    ranges: variables.map(({ name, values }, j) => ({
      name,
      mean: means[j] ?? 0,
      sigma: (scale[j] ?? 0) / Math.sqrt(n - 1),
      min: Math.min(...values),
      max: Math.max(...values),
    })),
    n,
    r2: 1 - sse / sst,
    adjustedR2: 1 - sse / (n - p) / (sst / (n - 1)),
    sse,
    standardError: Math.sqrt(variance),
    cvRmse: Math.sqrt(variance) / meanEnergy,
    cvRmseN: Math.sqrt(sse / n) / meanEnergy,
    nmbe: residuals.reduce((total, value) => total + value, 0) / ((n - p) * meanEnergy),
    f,
    fP: fisherP(f, p - 1, n - p),
    lag1: lagOne(residuals),
    residuals,
    meanEnergy,
  };
}

/** F9: expected energy of one observation, variables in the order of the fit. */
export function expectEnergy(fit: BaselineFit, values: readonly number[]): number {
  return fit.slopes.reduce((total, slope, j) => total + slope.value * (values[j] ?? 0), fit.intercept.value);
}

export type BaselineValidity = {
  readonly valid: boolean;
  /** Checks in the order they decide, with what was found. */
  readonly checks: readonly { readonly name: string; readonly passed: boolean; readonly finding: string }[];
  /** First check that failed, in words; null when all passed. */
  readonly reason: string | null;
};

/** CV(RMSE) above this disqualifies a daily or shift model (ASHRAE 14 whole facility, over a year of reporting). */
const MAX_CV = 0.25;
const MIN_R2 = 0.5;

/**
 * Whether a baseline may carry a verdict, in this order: slopes that make physical sense (> 0), then SEP validity
 * (F-test p < 0.10, each variable p < 0.20, one < 0.10), CV(RMSE) ≤ 25 %, and only then R² ≥ 0.5. The uncertainty of a
 * saving (FSU) is judged with the saving itself.
 */
export function judgeBaseline(
  fit: BaselineFit,
  { mayFall = [] }: { readonly mayFall?: readonly string[] } = {},
): BaselineValidity {
  const falling = fit.slopes.filter(({ name, value }) => !(value > 0) && !mayFall.includes(name));
  const best = Math.min(...fit.slopes.map(({ p }) => p));
  const weak = fit.slopes.filter(({ p }) => !(p < 0.2));
  const checks = [
    {
      name: 'sensible',
      passed: falling.length === 0,
      finding:
        falling.length === 0 ? 'more of every variable needs more energy' : `energy falls with ${names(falling)}`,
    },
    { name: 'f-test', passed: fit.fP < 0.1, finding: `F-test p = ${digits(fit.fP)} (needs < 0.10)` },
    {
      name: 'variables',
      passed: weak.length === 0 && best < 0.1,
      finding: weak.length === 0 ? `best p = ${digits(best)} (needs < 0.10)` : `p ≥ 0.20 for ${names(weak)}`,
    },
    { name: 'cv-rmse', passed: fit.cvRmse <= MAX_CV, finding: `CV(RMSE) = ${digits(fit.cvRmse)} (needs ≤ ${MAX_CV})` },
    { name: 'r2', passed: fit.r2 >= MIN_R2, finding: `R² = ${digits(fit.r2)} (needs ≥ ${MIN_R2})` },
  ];
  const failed = checks.find(({ passed }) => !passed);
  return { valid: failed === undefined, checks, reason: failed?.finding ?? null };
}

/** SEP rule: variables of a forecast lie in the observed range or within 3σ of its mean; names those that do not. */
export function extrapolatedVariables(fit: BaselineFit, values: readonly number[]): string[] {
  return fit.ranges.flatMap(({ name, mean, sigma, min, max }, j) => {
    const value = values[j] ?? Number.NaN;
    const inside = (value >= min && value <= max) || Math.abs(value - mean) <= 3 * sigma;
    return inside ? [] : [name];
  });
}

/** Lag-1 Pearson correlation; 0 for fewer than 3 values. */
export function lagOne(values: readonly number[]): number {
  if (values.length < 3) return 0;
  const before = values.slice(0, -1);
  const after = values.slice(1);
  const meanBefore = mean(before);
  const meanAfter = mean(after);
  const a = before.map((value) => value - meanBefore);
  const b = after.map((value) => value - meanAfter);
  const scale = Math.sqrt(dot(a, a) * dot(b, b));
  return scale > 0 ? dot(a, b) / scale : 0;
}

const names = (coefficients: readonly Coefficient[]): string => coefficients.map(({ name }) => name).join(', ');
const digits = (value: number): string => value.toPrecision(3);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const at = (variables: readonly RelevantVariable[], j: number, i: number): number => variables[j]?.values[i] ?? 0;

/** Inverse of a correlation-like matrix by Gauss-Jordan with pivoting; null when it is near singular. */
function invert(matrix: readonly (readonly number[])[]): number[][] | null {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const lead = rows[pivot] ?? [];
    const head = lead[column] ?? 0;
    if (Math.abs(head) < 1e-10) return null;
    rows[pivot] = rows[column] ?? [];
    rows[column] = lead.map((value) => value / head);
    for (let row = 0; row < size; row += 1) {
      if (row === column) continue;
      const factor = rows[row]?.[column] ?? 0;
      rows[row] = (rows[row] ?? []).map((value, j) => value - factor * (rows[column]?.[j] ?? 0));
    }
  }
  return rows.map((row) => row.slice(size));
}
