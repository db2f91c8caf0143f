/** A shift of the mean of residuals that is too large for chance. */
export type ChangePoint = {
  /** First observation after the change. */
  readonly index: number;
  readonly meanBefore: number;
  readonly meanAfter: number;
  /** sup |S_k| / (σ√n) of the centred sum; above 1.358 chance alone gives it less than 5 % of the time. */
  readonly statistic: number;
  /** What a person is asked before anything is re-based. Never re-based silently. */
  readonly question: 'new product, retrofit or fault? Confirm the static factor before the baseline changes.';
};

/** 95 % limit of the supremum of a Brownian bridge (Kolmogorov). */
const LIMIT = 1.358;
const MIN_SIDE = 3;

/** Finds the one most likely change of the mean; null when there is none beyond chance or fewer than 8 values. */
export function findChangePoint(residuals: readonly number[]): ChangePoint | null {
  const n = residuals.length;
  if (n < 8 || !residuals.every(Number.isFinite)) return null;
  const mean = residuals.reduce((sum, value) => sum + value, 0) / n;
  let best = 0;
  let index = 0;
  let sum = 0;
  residuals.forEach((value, i) => {
    sum += value - mean;
    if (i + 1 < MIN_SIDE || n - i - 1 < MIN_SIDE || Math.abs(sum) <= best) return;
    best = Math.abs(sum);
    index = i + 1;
  });
  const before = average(residuals.slice(0, index));
  const after = average(residuals.slice(index));
  const spread = residuals.reduce((total, value, i) => total + (value - (i < index ? before : after)) ** 2, 0);
  // The change itself must not inflate the scatter it is judged by; autocorrelated scatter must not look like a change.
  const deviations = residuals.map((value, i) => value - (i < index ? before : after));
  const rho = Math.min(0.95, Math.max(0, lag(deviations)));
  const sigma = Math.sqrt(spread / Math.max(1, n - 2)) * Math.sqrt((1 + rho) / (1 - rho));
  if (index === 0 || !(best > 0)) return null;
  const statistic = sigma > 0 ? best / (sigma * Math.sqrt(n)) : Number.MAX_VALUE;
  if (statistic <= LIMIT) return null;
  return {
    index,
    meanBefore: before,
    meanAfter: after,
    statistic,
    question: 'new product, retrofit or fault? Confirm the static factor before the baseline changes.',
  };
}

const average = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

function lag(values: readonly number[]): number {
  const square = values.reduce((sum, value) => sum + value * value, 0);
  return square > 0 ? values.reduce((sum, value, i) => sum + value * (values[i + 1] ?? 0), 0) / square : 0;
}
