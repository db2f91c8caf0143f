import { cholesky, ridge } from './linear.ts';
import { FEATURES, LoadFeatures, OWN_POWER_FEATURES } from './load-features.ts';
import {
  EWMA_WEIGHT,
  WARM_UP_ROWS,
  hotelling,
  predict,
  standardise,
  targetOf,
  type MachineModel,
} from './machine-model.ts';
import { contexts, type Context, type MachineRow } from './machine-row.ts';
import { tailLevel } from './tail.ts';

export type FitOptions = {
  readonly id: string;
  readonly sensors: readonly string[];
  /** Probability that a row of a healthy machine is above the limit. */
  readonly exceedance: number;
  readonly rowIntervalMs: number;
  /** Rows a full training has; a model fitted on fewer gets a wider limit, since it has seen less of what is normal. */
  readonly fullRows: number;
};

const BETWEEN_BLOCK_WEIGHT = 4;
const SHRINKAGE = 0.9;
const RIDGE = 1e-3;
const MIN_CONTEXT_ROWS = 120;
const CALIBRATION_SHARE = 0.3;
/** The held-out part is one or two days; weeks bring a little more than its tail tells. */
const MARGIN = 1.15;

/** Fits a model; null when the usable rows are too few or do not vary. */
export function fitMachineModel(rows: readonly MachineRow[], options: FitOptions): MachineModel | null {
  const targets = options.sensors.length + 1;
  const usable = rows.filter((row) => !row.mixed && row.sensors.every(Number.isFinite));
  const first = usable[0];
  const last = usable.at(-1);
  if (usable.length < 200 || first === undefined || last === undefined) return null;

  const features = featureMatrix(rows, options.rowIntervalMs);
  const scales = featureScales(features, rows.length);
  const keep = rows.map((row) => !row.mixed && row.sensors.every(Number.isFinite));
  const coefficients = regress({ rows, features, scales, keep, targets });
  const residuals = residualMatrix({ rows, features, scales, coefficients, targets });
  const spread = contextSpread(rows, keep, residuals, targets);
  const smoothed = smoothResiduals({ rows, keep, residuals, spread, targets, rowIntervalMs: options.rowIntervalMs });
  const fitCount = Math.floor(smoothed.length * (1 - CALIBRATION_SHARE));
  const shape = covariance(smoothed.slice(0, fitCount), targets);
  if (shape === null) return null;
  const held = smoothed.slice(fitCount).map((row) => hotelling(row, shape.mean, shape.factor));
  const youth = Math.sqrt(Math.max(1, options.fullRows / rows.length));
  const limit = Math.max(tailLevel(held, options.exceedance), hotellingFloor(targets)) * youth * MARGIN;
  return {
    version: 1,
    id: options.id,
    trainedFrom: first.at,
    trainedTo: last.at,
    rows: usable.length,
    sensors: options.sensors,
    scales: [...scales],
    coefficients: [...coefficients],
    spread,
    mean: [...shape.mean],
    factor: [...shape.factor],
    limit,
    longestFlat: Object.fromEntries(
      contexts.map((context) => [context, options.sensors.map((_, sensor) => longestFlat(rows, sensor, context))]),
    ) as Record<Context, number[]>,
  };
}

function featureMatrix(rows: readonly MachineRow[], rowIntervalMs: number): Float64Array {
  const features = new Float64Array(rows.length * FEATURES);
  const load = new LoadFeatures();
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    if (before !== undefined) load.skip(Math.round((row.at - before.at) / rowIntervalMs) - 1);
    load.next(row, features, index * FEATURES);
  });
  return features;
}

function featureScales(features: Float64Array, n: number): Float64Array {
  const scales = new Float64Array(FEATURES);
  for (let i = 0; i < FEATURES; i += 1) {
    let sum = 0;
    for (let row = 0; row < n; row += 1) sum += (features[row * FEATURES + i] ?? 0) ** 2;
    scales[i] = Math.sqrt(sum / n) || 1;
  }
  return scales;
}

type Regression = {
  readonly rows: readonly MachineRow[];
  readonly features: Float64Array;
  readonly scales: Float64Array;
  readonly keep: readonly boolean[];
  readonly targets: number;
};

function regress({ rows, features, scales, keep, targets }: Regression): Float64Array {
  const n = keep.filter(Boolean).length;
  const x = new Float64Array(n * FEATURES);
  const y = new Float64Array(n * targets);
  let at = 0;
  rows.forEach((row, index) => {
    if (keep[index] !== true) return;
    for (let i = 0; i < FEATURES; i += 1)
      x[at * FEATURES + i] = (features[index * FEATURES + i] ?? 0) / (scales[i] ?? 1);
    for (let j = 0; j < targets; j += 1) y[at * targets + j] = targetOf(row, j);
    at += 1;
  });
  const coefficients = ridge(x, y, { n, k: FEATURES, m: targets }, RIDGE);
  // The power target must not be explained by itself.
  const blind = x.map((value, index) => (OWN_POWER_FEATURES.has(index % FEATURES) ? 0 : value));
  const power = y.filter((_, index) => index % targets === targets - 1);
  const own = ridge(blind, power, { n, k: FEATURES, m: 1 }, RIDGE);
  for (let i = 0; i < FEATURES; i += 1)
    coefficients[i * targets + targets - 1] = OWN_POWER_FEATURES.has(i) ? 0 : (own[i] ?? 0);
  return coefficients;
}

function residualMatrix(input: Omit<Regression, 'keep'> & { readonly coefficients: Float64Array }): Float64Array {
  const { rows, features, targets } = input;
  const residuals = new Float64Array(rows.length * targets);
  const expected = new Float64Array(targets);
  rows.forEach((row, index) => {
    predict(input, features, index * FEATURES, expected);
    for (let j = 0; j < targets; j += 1) residuals[index * targets + j] = targetOf(row, j) - (expected[j] ?? 0);
  });
  return residuals;
}

function contextSpread(
  rows: readonly MachineRow[],
  keep: readonly boolean[],
  residuals: Float64Array,
  targets: number,
): Record<Context, number[] | null> {
  const overall = spreadOf(rows, keep, residuals, targets, () => true).spread;
  const entries = contexts.map((context) => {
    const { count, spread } = spreadOf(rows, keep, residuals, targets, (row) => row.context === context);
    // A sensor that hardly moves in one context (a cold spindle) must not make the least noise look extreme.
    return [
      context,
      count < MIN_CONTEXT_ROWS ? null : spread.map((value, j) => Math.max(value, (overall[j] ?? 0) * 0.1, 1e-9)),
    ] as const;
  });
  return Object.fromEntries(entries) as Record<Context, number[] | null>;
}

function spreadOf(
  rows: readonly MachineRow[],
  keep: readonly boolean[],
  residuals: Float64Array,
  targets: number,
  wanted: (row: MachineRow) => boolean,
): { readonly count: number; readonly spread: number[] } {
  const sums = new Float64Array(targets);
  let count = 0;
  rows.forEach((row, index) => {
    if (keep[index] !== true || !wanted(row)) return;
    count += 1;
    for (let j = 0; j < targets; j += 1) sums[j] = (sums[j] ?? 0) + (residuals[index * targets + j] ?? 0) ** 2;
  });
  return { count, spread: [...sums].map((sum) => Math.sqrt(sum / Math.max(1, count))) };
}

function smoothResiduals(input: {
  readonly rows: readonly MachineRow[];
  readonly keep: readonly boolean[];
  readonly residuals: Float64Array;
  readonly spread: Readonly<Record<Context, readonly number[] | null>>;
  readonly targets: number;
  readonly rowIntervalMs: number;
}): Float64Array[] {
  const { rows, keep, residuals, spread, targets } = input;
  const smoothed = new Float64Array(targets);
  const out: Float64Array[] = [];
  let seen = 0;
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    if (before !== undefined && row.at - before.at > 3 * input.rowIntervalMs) {
      smoothed.fill(0);
      seen = 0;
    }
    const scale = spread[row.context];
    if (keep[index] !== true || scale === null) return;
    for (let j = 0; j < targets; j += 1) {
      const z = standardise(residuals[index * targets + j] ?? 0, scale[j] ?? 1);
      smoothed[j] = (smoothed[j] ?? 0) + EWMA_WEIGHT * (z - (smoothed[j] ?? 0));
    }
    seen += 1;
    if (seen > WARM_UP_ROWS) out.push(Float64Array.from(smoothed));
  });
  return out;
}

/** Mean and Cholesky factor of within-block + g × between-block covariance over contiguous blocks of about half a day. */
function covariance(
  rows: readonly Float64Array[],
  size: number,
): { readonly mean: Float64Array; readonly factor: Float64Array } | null {
  const blocks = Math.max(4, Math.min(16, Math.floor(rows.length / 500)));
  if (rows.length < blocks * size) return null;
  const mean = meanOf(rows, size);
  const matrix = new Float64Array(size * size);
  for (let block = 0; block < blocks; block += 1) {
    const part = rows.slice(
      Math.floor((block * rows.length) / blocks),
      Math.floor(((block + 1) * rows.length) / blocks),
    );
    const center = meanOf(part, size);
    for (const row of part) addOuter(matrix, row, center, 1 / rows.length);
    addOuter(matrix, center, mean, BETWEEN_BLOCK_WEIGHT / (blocks - 1));
  }
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const index = i * size + j;
      matrix[index] = i === j ? (matrix[index] ?? 0) + 1e-6 : (matrix[index] ?? 0) * SHRINKAGE;
    }
  }
  const factor = cholesky(matrix, size);
  return factor === null ? null : { mean, factor };
}

function meanOf(rows: readonly Float64Array[], size: number): Float64Array {
  const mean = new Float64Array(size);
  for (const row of rows) for (let i = 0; i < size; i += 1) mean[i] = (mean[i] ?? 0) + (row[i] ?? 0) / rows.length;
  return mean;
}

function addOuter(matrix: Float64Array, row: Float64Array, center: Float64Array, weight: number): void {
  const size = row.length;
  for (let i = 0; i < size; i += 1) {
    const di = ((row[i] ?? 0) - (center[i] ?? 0)) * weight;
    for (let j = 0; j < size; j += 1) {
      matrix[i * size + j] = (matrix[i * size + j] ?? 0) + di * ((row[j] ?? 0) - (center[j] ?? 0));
    }
  }
}

/** A limit below this would call ordinary scatter an alarm: about the 99.9 % point of sqrt(chi²/p). */
function hotellingFloor(size: number): number {
  return Math.sqrt(1 + 3.1 * Math.sqrt(2 / size));
}

function longestFlat(rows: readonly MachineRow[], sensor: number, context: Context): number {
  let longest = 1;
  let run = 1;
  for (let index = 1; index < rows.length; index += 1) {
    const [before, row] = [rows[index - 1], rows[index]];
    const flat =
      row?.context === context && before?.context === context && row.sensors[sensor] === before.sensors[sensor];
    run = flat ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  return longest;
}
