import { JoulegateError } from '../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { symmetricEigen } from './eigen.ts';
import { covarianceOf, momentsOf, smoothRow, type Moments } from './smoothed-rows.ts';
import { quantile } from './tail.ts';

/** Share of the variance that the kept components explain. */
const EXPLAINED = 0.9;
/** Training quantile that T² and Q are each put in proportion to. */
const USUAL = 0.99;
const EWMA_WEIGHT = 0.1;
const WARM_UP_ROWS = 20;
const MIN_ROWS_PER_SENSOR = 12;

type Model = {
  readonly kind: 'mspc';
  readonly rows: number;
  readonly center: readonly number[];
  readonly spread: readonly number[];
  readonly mean: readonly number[];
  /** Kept components, one after the other, and their variances. */
  readonly loadings: readonly number[];
  readonly variances: readonly number[];
  readonly usualT2: number;
  readonly usualQ: number;
};

/**
 * Multivariate statistical process control by principal components of the smoothed, standardised rows: Hotelling's T² inside
 * the model and the squared prediction error Q (SPE) outside it (Jackson & Mudholkar, Technometrics 21, 1979; Kourti &
 * MacGregor, J. Quality Technology 28, 1996). The ratio is the root of the mean of both in proportion to their training.
 */
export class Mspc implements Detector {
  #model: Model | null = null;
  #moments: Moments = { center: new Float64Array(), spread: new Float64Array() };
  #loadings = new Float64Array();
  #smoothed = new Float64Array();
  #residual = new Float64Array();
  #row: Float64Array = new Float64Array();

  get trainedRows(): number {
    return this.#model?.rows ?? 0;
  }

  fit(rows: readonly Float64Array[]): void {
    this.#model = null;
    const size = rows[0]?.length ?? 0;
    if (size < 2 || rows.length < WARM_UP_ROWS + MIN_ROWS_PER_SENSOR * size) return;
    const moments = momentsOf(rows, size);
    const state = new Float64Array(size);
    const smoothed: Float64Array[] = [];
    rows.forEach((row, index) => {
      smoothRow(row, moments, state, EWMA_WEIGHT);
      if (index >= WARM_UP_ROWS) smoothed.push(Float64Array.from(state));
    });
    const { mean, covariance } = covarianceOf(smoothed, size);
    const { values, vectors } = symmetricEigen(covariance, size);
    const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
    if (!(total > 0)) return;
    let [kept, explained] = [0, 0];
    while (kept < size - 1 && explained < EXPLAINED * total) {
      explained += values[kept] ?? 0;
      kept += 1;
    }
    this.#start({
      kind: 'mspc',
      rows: rows.length,
      center: [...moments.center],
      spread: [...moments.spread],
      mean: [...mean],
      loadings: [...vectors.subarray(0, kept * size)],
      variances: [...values.subarray(0, kept)],
      usualT2: 1,
      usualQ: 1,
    });
    const statistics = smoothed.map((row) => this.#statistics(row));
    const usual = (pick: (statistic: { t2: number; q: number }) => number): number =>
      Math.max(1e-12, quantile(Float64Array.from(statistics, pick).sort(), USUAL));
    if (this.#model !== null) {
      const model: Model = this.#model;
      this.#model = { ...model, usualT2: usual(({ t2 }) => t2), usualQ: usual(({ q }) => q) };
    }
    this.#smoothed.set(state);
  }

  next(row: Float64Array): Judgement {
    const model = this.#model;
    if (model === null) return { score: 0, ratio: 0, degraded: 'training-short' };
    const missing = smoothRow(row, this.#moments, this.#smoothed, EWMA_WEIGHT);
    this.#row = row;
    if (missing === row.length) return { score: 0, ratio: 0, degraded: 'no-data' };
    const { t2, q } = this.#statistics(this.#smoothed);
    const ratio = Math.sqrt((t2 / model.usualT2 + q / model.usualQ) / 2);
    const judged = { score: calibrateRatio(ratio), ratio };
    return missing > 0 ? { ...judged, degraded: 'sensor-missing' } : judged;
  }

  /** Shares of the residual outside the model (contributions to Q). */
  explain(): readonly SensorPart[] {
    const model = this.#model;
    if (model === null) return [];
    const parts = [...this.#residual].map((residual) => residual ** 2);
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts
      .map((part, sensor) => ({
        sensor,
        share: total > 0 ? part / total : 1 / parts.length,
        value: this.#row[sensor] ?? Number.NaN,
        expected:
          (model.center[sensor] ?? 0) +
          ((this.#smoothed[sensor] ?? 0) - (this.#residual[sensor] ?? 0)) * (model.spread[sensor] ?? 1),
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    return this.#model === null ? null : { ...this.#model, smoothed: [...this.#smoothed] };
  }

  load(saved: unknown): void {
    if (saved === null) {
      this.#model = null;
      return;
    }
    const state = saved as Partial<Model> & { readonly smoothed?: readonly number[] };
    if (state.kind !== 'mspc' || state.center === undefined || state.loadings === undefined) {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "mspc"; train it anew');
    }
    const { smoothed, ...model } = state as Model & { readonly smoothed: readonly number[] };
    this.#start(model);
    this.#smoothed.set(smoothed);
  }

  #start(model: Model): void {
    this.#model = model;
    this.#moments = { center: Float64Array.from(model.center), spread: Float64Array.from(model.spread) };
    this.#loadings = Float64Array.from(model.loadings);
    this.#smoothed = new Float64Array(model.center.length);
    this.#residual = new Float64Array(model.center.length);
  }

  #statistics(smoothed: Float64Array): { t2: number; q: number } {
    const size = smoothed.length;
    const { mean = [], variances = [] } = this.#model ?? {};
    for (let i = 0; i < size; i += 1) this.#residual[i] = (smoothed[i] ?? 0) - (mean[i] ?? 0);
    let t2 = 0;
    variances.forEach((variance, component) => {
      let score = 0;
      for (let i = 0; i < size; i += 1) score += (this.#loadings[component * size + i] ?? 0) * (this.#residual[i] ?? 0);
      for (let i = 0; i < size; i += 1) {
        this.#residual[i] = (this.#residual[i] ?? 0) - score * (this.#loadings[component * size + i] ?? 0);
      }
      t2 += (score * score) / Math.max(variance, 1e-12);
    });
    let q = 0;
    for (let i = 0; i < size; i += 1) q += (this.#residual[i] ?? 0) ** 2;
    return { t2, q };
  }
}
