import { JoulegateError } from '../../broker/contract/error.ts';
import type { Detector, Judgement, SensorPart } from './detector.ts';
import { DriftMewma } from './drift-mewma.ts';
import { ridge } from './linear.ts';
import { momentsOf, type Moments } from './smoothed-rows.ts';

const SHRINKAGE = 1e-3;
/** A standardised value counts at most this, so that one sensor does not drown the forecasts of the others. */
const CLAMP = 50;
/** Rows per coefficient of a sensor's forecast. */
const MIN_ROWS_PER_SENSOR = 20;

type Saved = {
  readonly kind: 'dynamic-mewma';
  readonly center: readonly number[];
  readonly spread: readonly number[];
  readonly coefficients: readonly number[];
  readonly before: readonly number[];
  readonly chart: unknown;
};

/**
 * What the sensors do next is forecast from what all of them did before (vector autoregression of order 1 by ridge regression),
 * and the errors are judged by a MEWMA: a valve that moves without its cause is seen though every reading is usual (dynamic
 * extension of multivariate control: Ku, Storer & Georgakis, Chemom. Intell. Lab. Syst. 30, 1995; charts of VAR residuals: Pan
 * & Jarrett, Int. J. Prod. Res. 42, 2004).
 */
export class DynamicMewma implements Detector {
  readonly #chart = new DriftMewma();
  #moments: Moments = { center: new Float64Array(), spread: new Float64Array() };
  #coefficients: Float64Array = new Float64Array();
  #before: Float64Array = new Float64Array();
  #forecast: Float64Array = new Float64Array();
  #row: Float64Array = new Float64Array();

  /** Rows the forecasts were learnt from; 0 before a fit, or when the rows were too few. */
  get trainedRows(): number {
    return this.#chart.trainedRows;
  }

  fit(rows: readonly Float64Array[]): void {
    const size = rows[0]?.length ?? 0;
    this.#coefficients = new Float64Array();
    this.#chart.fit([]);
    if (size < 2 || rows.length < MIN_ROWS_PER_SENSOR * (size + 1)) return;
    this.#moments = momentsOf(rows, size);
    this.#before = new Float64Array(size);
    const standard = rows.map((row) => {
      this.#before = this.#standardise(row);
      return this.#before;
    });
    const [n, k] = [rows.length - 1, size + 1];
    const [x, y] = [new Float64Array(n * k), new Float64Array(n * size)];
    for (let index = 0; index < n; index += 1) {
      x[index * k] = 1;
      x.set(standard[index] ?? [], index * k + 1);
      y.set(standard[index + 1] ?? [], index * size);
    }
    this.#coefficients = ridge(x, y, { n, k, m: size }, SHRINKAGE);
    this.#before = standard[0] ?? new Float64Array(size);
    this.#chart.fit(rows.slice(1).map((row) => this.#errors(row)));
  }

  next(row: Float64Array): Judgement {
    if (this.#chart.trainedRows === 0) return { score: 0, ratio: 0, degraded: 'training-short' };
    this.#row = row;
    return this.#chart.next(this.#errors(row));
  }

  explain(): readonly SensorPart[] {
    const { center, spread } = this.#moments;
    return this.#chart.explain().map((part) => ({
      ...part,
      value: this.#row[part.sensor] ?? Number.NaN,
      expected: (center[part.sensor] ?? 0) + (this.#forecast[part.sensor] ?? 0) * (spread[part.sensor] ?? 1),
    }));
  }

  save(): unknown {
    if (this.#chart.trainedRows === 0) return null;
    const saved: Saved = {
      kind: 'dynamic-mewma',
      center: [...this.#moments.center],
      spread: [...this.#moments.spread],
      coefficients: [...this.#coefficients],
      before: [...this.#before],
      chart: this.#chart.save(),
    };
    return saved;
  }

  load(saved: unknown): void {
    if (saved === null) {
      this.#chart.load(null);
      return;
    }
    const state = saved as Partial<Saved>;
    if (state.kind !== 'dynamic-mewma' || state.center === undefined || state.spread === undefined) {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "dynamic-mewma"; train it anew');
    }
    this.#moments = { center: Float64Array.from(state.center), spread: Float64Array.from(state.spread) };
    this.#coefficients = Float64Array.from(state.coefficients ?? []);
    this.#before = Float64Array.from(state.before ?? []);
    this.#chart.load(state.chart);
  }

  /** Missing values as the row before has them. */
  #standardise(row: Float64Array): Float64Array {
    return Float64Array.from(this.#moments.center, (center, sensor) => {
      const value = ((row[sensor] ?? Number.NaN) - center) / (this.#moments.spread[sensor] ?? 1);
      return Number.isFinite(value) ? Math.max(-CLAMP, Math.min(CLAMP, value)) : (this.#before[sensor] ?? 0);
    });
  }

  /** Errors of the forecasts of this row; NaN where the value is missing. */
  #errors(row: Float64Array): Float64Array {
    const size = this.#before.length;
    const forecast = this.#coefficients.slice(0, size);
    for (let from = 0; from < size; from += 1) {
      const value = this.#before[from] ?? 0;
      if (value === 0) continue;
      for (let to = 0; to < size; to += 1) {
        forecast[to] = (forecast[to] ?? 0) + value * (this.#coefficients[(from + 1) * size + to] ?? 0);
      }
    }
    const now = this.#standardise(row);
    this.#before = now;
    this.#forecast = forecast;
    return now.map((value, sensor) => (Number.isFinite(row[sensor]) ? value - (forecast[sensor] ?? 0) : Number.NaN));
  }
}
