import { JoulegateError } from '../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { fQuantile } from './f-distribution.ts';
import { cholesky } from './linear.ts';
import { EWMA_WEIGHT, hotelling, WARM_UP_ROWS } from './machine-model.ts';
import { addOuter, meanOf, momentsOf, smoothRow } from './smoothed-rows.ts';

/** Weight of the covariance between training blocks: slow drift seen in training counts as normal. */
const BETWEEN_BLOCK_WEIGHT = 4;
const BLOCKS = 4;
const SHRINKAGE = 0.9;
/** Smoothed variance of a sensor that never moved in training, and what it counts as: that of smoothed white noise. */
const CONSTANT = 1e-9;
const CONSTANT_VARIANCE = EWMA_WEIGHT / (2 - EWMA_WEIGHT);
/** Rows that, smoothed, are worth less than this per sensor give no covariance to believe. */
const MIN_ROWS_PER_SENSOR = 3;

type Saved = {
  readonly kind: 'drift-mewma';
  readonly rows: number;
  readonly center: readonly number[];
  readonly spread: readonly number[];
  readonly mean: readonly number[];
  readonly factor: readonly number[];
  readonly limit: number;
  readonly smoothed: readonly number[];
  readonly seen: number;
};

/**
 * Multivariate EWMA chart on a frozen baseline (Lowry et al., Technometrics 34, 1992): T² of the smoothed standardised row
 * with covariance within blocks + g × covariance between blocks of the training rows. The limit is Hotelling's prediction
 * limit (Tracy, Young & Mason, J. Quality Technology 24, 1992) for the effective number of independent smoothed rows.
 */
export class DriftMewma implements Detector {
  readonly #alpha: number;
  #model: Omit<Saved, 'smoothed' | 'seen'> | null = null;
  #factor = new Float64Array();
  #smoothed = new Float64Array();
  #weighted = new Float64Array();
  #row: Float64Array = new Float64Array();
  #seen = 0;

  constructor(alpha = 0.01) {
    this.#alpha = alpha;
  }

  /** Rows the baseline was learnt from; 0 before a fit, or when the rows were too few to learn from. */
  get trainedRows(): number {
    return this.#model?.rows ?? 0;
  }

  fit(rows: readonly Float64Array[]): void {
    this.#model = null;
    this.#seen = 0;
    const size = rows[0]?.length ?? 0;
    if (size === 0 || rows.length < WARM_UP_ROWS + BLOCKS * MIN_ROWS_PER_SENSOR * size) return;
    const { center, spread } = momentsOf(rows, size);
    const state = new Float64Array(size);
    const smoothed: Float64Array[] = [];
    rows.forEach((row, index) => {
      smoothRow(row, { center, spread }, state, EWMA_WEIGHT);
      if (index >= WARM_UP_ROWS) smoothed.push(Float64Array.from(state));
    });
    const mean = meanOf(smoothed, size);
    const matrix = blockCovariance(smoothed, mean, size);
    const factor = cholesky(matrix, size);
    if (factor === null) return;
    this.#start({
      kind: 'drift-mewma',
      rows: rows.length,
      center: [...center],
      spread: [...spread],
      mean: [...mean],
      factor: [...factor],
      limit: predictionLimit(rows.length, size, this.#alpha),
    });
    // The run goes on where the training ended.
    this.#smoothed.set(state);
    this.#seen = rows.length;
  }

  next(row: Float64Array): Judgement {
    const model = this.#model;
    if (model === null) return { score: 0, ratio: 0, degraded: 'training-short' };
    const missing = smoothRow(row, model, this.#smoothed, EWMA_WEIGHT);
    this.#row = row;
    this.#seen += 1;
    if (missing === row.length) return { score: 0, ratio: 0, degraded: 'no-data' };
    if (this.#seen <= WARM_UP_ROWS) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const ratio = hotelling(this.#smoothed, model.mean, this.#factor, this.#weighted) / model.limit;
    const judged = { score: calibrateRatio(ratio), ratio };
    return missing > 0 ? { ...judged, degraded: 'sensor-missing' } : judged;
  }

  explain(): readonly SensorPart[] {
    const model = this.#model;
    if (model === null) return [];
    const parts = [...this.#smoothed].map((value, sensor) =>
      Math.max(0, (value - (model.mean[sensor] ?? 0)) * (this.#weighted[sensor] ?? 0)),
    );
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts
      .map((part, sensor) => ({
        sensor,
        share: total > 0 ? part / total : 1 / parts.length,
        value: this.#row[sensor] ?? Number.NaN,
        expected: model.center[sensor] ?? Number.NaN,
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    return this.#model === null ? null : { ...this.#model, smoothed: [...this.#smoothed], seen: this.#seen };
  }

  load(saved: unknown): void {
    if (saved === null) {
      this.#model = null;
      return;
    }
    const state = saved as Partial<Saved>;
    const size = state.center?.length ?? 0;
    if (state.kind !== 'drift-mewma' || size === 0 || state.factor?.length !== size * size) {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "drift-mewma"; train it anew');
    }
    const { smoothed, seen, ...model } = state as Saved;
    this.#start(model);
    this.#smoothed.set(smoothed);
    this.#seen = seen;
  }

  #start(model: Omit<Saved, 'smoothed' | 'seen'>): void {
    this.#model = model;
    this.#factor = Float64Array.from(model.factor);
    this.#smoothed = new Float64Array(model.center.length);
    this.#weighted = new Float64Array(model.center.length);
  }
}

/** Hotelling's limit for sqrt(T²/p) with n autocorrelated rows, which after smoothing are worth n·λ/(2−λ). */
export function predictionLimit(rows: number, sensors: number, alpha: number): number {
  const worth = Math.max((rows * EWMA_WEIGHT) / (2 - EWMA_WEIGHT), sensors + 4);
  const quantile = fQuantile(alpha, sensors, worth - sensors);
  return Math.sqrt((quantile * (worth + 1) * (worth - 1)) / (worth * (worth - sensors)));
}

function blockCovariance(rows: readonly Float64Array[], mean: Float64Array, size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let block = 0; block < BLOCKS; block += 1) {
    const from = Math.floor((block * rows.length) / BLOCKS);
    const part = rows.slice(from, Math.floor(((block + 1) * rows.length) / BLOCKS));
    const center = meanOf(part, size);
    for (const row of part) addOuter(matrix, row, center, 1 / (rows.length - BLOCKS));
    addOuter(matrix, center, mean, BETWEEN_BLOCK_WEIGHT / (BLOCKS - 1));
  }
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const index = i * size + j;
      const value = matrix[index] ?? 0;
      matrix[index] = i === j ? (value < CONSTANT ? CONSTANT_VARIANCE : value + 1e-6) : value * SHRINKAGE;
    }
  }
  return matrix;
}
