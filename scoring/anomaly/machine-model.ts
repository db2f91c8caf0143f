import { solveCholesky } from './linear.ts';
import { FEATURES } from './load-features.ts';
import type { Context, MachineRow } from './machine-row.ts';

/**
 * Multivariate model of one machine. Every sensor is predicted from what the machine is doing (load-dependent regression,
 * transients included through smoothed load); the standardised residuals are smoothed (MEWMA: Lowry et al., Technometrics
 * 34, 1992) and judged by Hotelling's T² with a covariance that counts slow drift between blocks of the training time
 * as normal (within-block + g × between-block).
 */
export type MachineModel = {
  readonly version: 1;
  readonly id: string;
  readonly trainedFrom: number;
  readonly trainedTo: number;
  readonly rows: number;
  readonly sensors: readonly string[];
  /** FEATURES scales, then FEATURES × targets coefficients; the last target is the machine's power. */
  readonly scales: readonly number[];
  readonly coefficients: readonly number[];
  /** Residual spread per context and target. */
  readonly spread: Readonly<Record<Context, readonly number[] | null>>;
  /** Mean of the smoothed residuals and Cholesky factor of their covariance. */
  readonly mean: readonly number[];
  readonly factor: readonly number[];
  /** sqrt(T²/p) that the alarm budget allows. */
  readonly limit: number;
  /** Longest run of equal values per context and sensor in training, rows; a cold machine may rightly show nothing but zeros. */
  readonly longestFlat: Readonly<Record<Context, readonly number[]>>;
};

/** Weight of the newest row in the smoothed residual. */
export const EWMA_WEIGHT = 0.1;
/** Rows after a start before the smoothed residual means anything. */
export const WARM_UP_ROWS = 20;
/** A residual counts at most this many spreads, so that one wild sample cannot fill the smoothed residual for long. */
const CLAMP = 6;

/** Predicted value of every target for scaled or raw features at `offset`. */
export function predict(
  model: { readonly scales: ArrayLike<number>; readonly coefficients: ArrayLike<number> },
  features: Float64Array,
  offset: number,
  out: Float64Array,
): void {
  const targets = out.length;
  out.fill(0);
  for (let i = 0; i < FEATURES; i += 1) {
    const x = (features[offset + i] ?? 0) / (model.scales[i] ?? 1);
    if (x === 0) continue;
    for (let j = 0; j < targets; j += 1) out[j] = (out[j] ?? 0) + x * (model.coefficients[i * targets + j] ?? 0);
  }
}

/** sqrt(T²/p) of a smoothed residual; T² itself when divided parts are wanted is left in `weighted` = C⁻¹(e − mean). */
export function hotelling(
  smoothed: Float64Array,
  mean: ArrayLike<number>,
  factor: Float64Array,
  weighted?: Float64Array,
): number {
  const size = smoothed.length;
  const solved = weighted ?? new Float64Array(size);
  for (let i = 0; i < size; i += 1) solved[i] = (smoothed[i] ?? 0) - (mean[i] ?? 0);
  solveCholesky(factor, size, solved);
  let squared = 0;
  for (let i = 0; i < size; i += 1) squared += ((smoothed[i] ?? 0) - (mean[i] ?? 0)) * (solved[i] ?? 0);
  return Math.sqrt(Math.max(0, squared) / size);
}

/** Standardised residual, clamped. */
export function standardise(residual: number, spread: number): number {
  return Math.max(-CLAMP, Math.min(CLAMP, residual / spread));
}

/** Value of target `index` in a row: the sensors, then the machine's power. */
export function targetOf(row: MachineRow, index: number): number {
  const value = index < row.sensors.length ? (row.sensors[index] ?? Number.NaN) : row.powerKw;
  return Number.isFinite(value) ? value : 0;
}
