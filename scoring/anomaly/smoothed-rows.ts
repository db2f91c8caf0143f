/** Mean and standard deviation per sensor. */
export type Moments = { readonly center: Float64Array; readonly spread: Float64Array };

/** A sensor that never moved in training has a spread of nothing; what it does later must pass. */
const CLAMP = 1000;

/** Moments of the finite values. A constant sensor has no scale of its own: a thousandth of its value is a change. */
export function momentsOf(rows: readonly Float64Array[], size: number): Moments {
  const center = new Float64Array(size);
  const spread = new Float64Array(size);
  for (let i = 0; i < size; i += 1) {
    const values = rows.map((row) => row[i] ?? Number.NaN).filter(Number.isFinite);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
    center[i] = mean;
    spread[i] =
      Math.sqrt(variance) > 1e-9 * Math.abs(mean) ? Math.sqrt(variance) : Math.max(1e-3 * Math.abs(mean), 1e-6);
  }
  return { center, spread };
}

/** Takes a row into the smoothed standardised state; a missing value leaves its sensor as it is. Number of missing values. */
export function smoothRow(
  row: Float64Array,
  model: { readonly center: ArrayLike<number>; readonly spread: ArrayLike<number> },
  state: Float64Array,
  weight: number,
): number {
  let missing = 0;
  for (let i = 0; i < state.length; i += 1) {
    const value = row[i] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      missing += 1;
      continue;
    }
    const before = state[i] ?? 0;
    const standard = (value - (model.center[i] ?? 0)) / (model.spread[i] ?? 1);
    state[i] = before + weight * (Math.max(-CLAMP, Math.min(CLAMP, standard)) - before);
  }
  return missing;
}

/** Mean of rows. */
export function meanOf(rows: readonly Float64Array[], size: number): Float64Array {
  const mean = new Float64Array(size);
  for (const row of rows) for (let i = 0; i < size; i += 1) mean[i] = (mean[i] ?? 0) + (row[i] ?? 0) / rows.length;
  return mean;
}

/** Adds weight × (row − center)(row − center)ᵀ to a row-major matrix. */
export function addOuter(matrix: Float64Array, row: Float64Array, center: Float64Array, weight: number): void {
  const size = row.length;
  for (let i = 0; i < size; i += 1) {
    const di = ((row[i] ?? 0) - (center[i] ?? 0)) * weight;
    for (let j = 0; j < size; j += 1) {
      matrix[i * size + j] = (matrix[i * size + j] ?? 0) + di * ((row[j] ?? 0) - (center[j] ?? 0));
    }
  }
}

/** Mean and covariance of rows. */
export function covarianceOf(
  rows: readonly Float64Array[],
  size: number,
): { readonly mean: Float64Array; readonly covariance: Float64Array } {
  const mean = meanOf(rows, size);
  const covariance = new Float64Array(size * size);
  for (const row of rows) addOuter(covariance, row, mean, 1 / Math.max(1, rows.length - 1));
  return { mean, covariance };
}
