import { JoulegateError } from '../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { RunningMoments } from './running-moments.ts';

/** Rows of the shape that is looked up, and every how many of them are compared. */
const SHAPE_ROWS = 24;
const STRIDE = 2;
/** Rows of the past that are searched for a like shape. */
const MEMORY_ROWS = 3000;
/** Distances whose mean and spread are the usual ones, and the fewest that say anything. */
const USUAL_ROWS = 2000;
const FIRST_ROWS = 50;
/** Shewhart's three spreads. */
const LIMIT = 3;
/** A distance counts as at most this many spreads, so that a fault does not become usual at once. */
const CLAMP = 5;
/** Least spread of the distance, in spreads of the sensor: a record that repeats exactly has none. */
const LEAST_SPREAD = 0.01;

type Saved = {
  readonly kind: 'left-discord';
  readonly sensors: number;
  readonly past: readonly (readonly number[])[];
  readonly seen: number;
  readonly scales: readonly (readonly number[])[];
  readonly usual: readonly number[];
};

/**
 * Needs no training: the distance of the latest shape to the most similar one of the past (left discord: Lu et al., DAMP,
 * KDD 2022; nearest neighbour with a conformal score: Burnaev & Ishimtsev, arXiv 1608.04585), judged by how far it lies from
 * its usual values. Periods need not be known: a day that is like any earlier day is near.
 */
export class LeftDiscord implements Detector {
  #past: Float64Array[] = [];
  #scales: RunningMoments[] = [];
  #usual = new RunningMoments(USUAL_ROWS, 2);
  #seen = 0;
  #row: Float64Array = new Float64Array();
  #match = -1;

  fit(rows: readonly Float64Array[]): void {
    this.#past = [];
    this.#scales = [];
    this.#usual = new RunningMoments(USUAL_ROWS, 2);
    this.#seen = 0;
    for (const row of rows) this.next(row);
  }

  next(row: Float64Array): Judgement {
    if (!row.some(Number.isFinite)) return { score: 0, ratio: 0, degraded: 'no-data' };
    const missing = this.#take(row);
    this.#row = row;
    this.#seen += 1;
    if (this.#past.length < 3 * SHAPE_ROWS) return { score: 0, ratio: 0, degraded: 'warm-up' };
    const distance = this.#distance();
    const usual = this.#usual;
    const spread = Math.max(LEAST_SPREAD, usual.spread);
    const known = usual.count >= FIRST_ROWS;
    const ratio = known ? Math.max(0, (distance - usual.mean) / spread) / LIMIT : 0;
    usual.add(known ? Math.min(distance, usual.mean + CLAMP * spread) : distance);
    const judged = { score: calibrateRatio(ratio), ratio };
    if (!known) return { ...judged, degraded: 'warm-up' };
    return missing ? { ...judged, degraded: 'sensor-missing' } : judged;
  }

  explain(): readonly SensorPart[] {
    const now = this.#past.length - 1;
    if (this.#match === -1 || now < 0) return [];
    const parts = this.#scales.map((scale, sensor) => {
      let sum = 0;
      for (let k = 0; k < SHAPE_ROWS; k += STRIDE)
        sum += this.#difference(now - k, this.#match - k, sensor, scale) ** 2;
      return sum;
    });
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts
      .map((part, sensor) => ({
        sensor,
        share: total > 0 ? part / total : 1 / parts.length,
        value: this.#row[sensor] ?? Number.NaN,
        expected: this.#past[this.#match]?.[sensor] ?? Number.NaN,
      }))
      .sort((a, b) => b.share - a.share);
  }

  save(): unknown {
    const saved: Saved = {
      kind: 'left-discord',
      sensors: this.#scales.length,
      past: this.#past.map((row) => [...row]),
      seen: this.#seen,
      scales: this.#scales.map((scale) => scale.save()),
      usual: this.#usual.save(),
    };
    return saved;
  }

  load(saved: unknown): void {
    const state = saved as Partial<Saved> | null;
    if (state?.kind !== 'left-discord' || state.past === undefined || state.scales === undefined) {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "left-discord"; start it anew');
    }
    this.#past = state.past.map((row) => Float64Array.from(row));
    this.#seen = state.seen ?? 0;
    this.#scales = state.scales.map((scale) => RunningMoments.from(scale));
    this.#usual = RunningMoments.from(state.usual ?? []);
    this.#match = -1;
  }

  /** Keeps the row, a missing value as the one before; whether one was missing. */
  #take(row: Float64Array): boolean {
    const before = this.#past.at(-1);
    let missing = false;
    const kept = row.map((value, sensor) => {
      const scale = (this.#scales[sensor] ??= new RunningMoments(Number.POSITIVE_INFINITY));
      if (!Number.isFinite(value)) {
        missing = true;
        return before?.[sensor] ?? 0;
      }
      scale.add(value);
      return value;
    });
    this.#past.push(kept);
    if (this.#past.length > MEMORY_ROWS + SHAPE_ROWS) this.#past.shift();
    return missing;
  }

  /** Root mean square distance to the nearest earlier shape, in spreads of the sensors. */
  #distance(): number {
    const now = this.#past.length - 1;
    const sensors = this.#scales.length;
    const weights = this.#scales.map(({ spread }) => (spread > 0 ? 1 / spread ** 2 : 0));
    let best = Number.POSITIVE_INFINITY;
    for (let end = now - SHAPE_ROWS; end >= SHAPE_ROWS - 1; end -= 1) {
      let sum = 0;
      for (let k = 0; k < SHAPE_ROWS && sum < best; k += STRIDE) {
        const [a, b] = [this.#past[now - k], this.#past[end - k]];
        if (a === undefined || b === undefined) break;
        for (let sensor = 0; sensor < sensors; sensor += 1) {
          const difference = (a[sensor] ?? 0) - (b[sensor] ?? 0);
          sum += difference * difference * (weights[sensor] ?? 0);
        }
      }
      if (sum < best) {
        best = sum;
        this.#match = end;
      }
    }
    return Math.sqrt(best / (SHAPE_ROWS / STRIDE) / sensors);
  }

  #difference(a: number, b: number, sensor: number, { spread }: RunningMoments): number {
    if (spread === 0) return 0;
    return ((this.#past[a]?.[sensor] ?? 0) - (this.#past[b]?.[sensor] ?? 0)) / spread;
  }
}
