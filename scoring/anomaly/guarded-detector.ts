import { calibrateRatio, type DegradedReason, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { RunningMoments } from './running-moments.ts';

/** Beyond this a number is a fault of the transmission, and its square no number any more. */
const LARGEST = 1e15;
/** A ratio beyond this says no more. */
const LARGEST_RATIO = 1e6;
/** Rows before zeros and gaps in a record can be unusual. */
const KNOWN_ROWS = 100;
/** A machine whose rows were missing less often than this does not fall silent by habit. */
const RARE = 0.01;
/** Ratio of a sudden silence, and of sensors that all read zero far from where they were. */
const SILENT_RATIO = 1.2;
const DROPOUT_RATIO = 5;
/** Spreads from zero to the mean above which an exact zero is a dropout and no reading. */
const FAR_FROM_ZERO = 5;
/** After so many rows of zeros the machine is stopped, which is no anomaly. */
const STOPPED_ROWS = 1440;
/** A step of time this many times the usual one is a jump. */
const JUMP = 100;
const USUAL_STEPS = 50;

type Saved = {
  readonly kind: 'guarded';
  readonly size: number;
  readonly short: boolean;
  readonly seen: number;
  readonly silent: number;
  readonly scales: readonly (readonly number[])[];
  readonly inner: unknown;
};

/**
 * Stands before a detector and keeps from it what no detector can judge: other numbers of sensors, infinite and absurd values,
 * silence, sensors that all drop to zero (gross range and gap tests of QARTOD, IOOS 2020). Whatever comes in, what goes out
 * is a finite score, with the reason where it is worth less.
 */
export class GuardedDetector implements Detector {
  readonly #inner: Detector;
  readonly #isTrained: () => boolean;
  #size = 0;
  #short = false;
  #seen = 0;
  #silent = 0;
  #zeros = 0;
  #scales: RunningMoments[] = [];
  #steps: number[] = [];
  #lastAt = Number.NaN;

  /** `isTrained`: whether the rows of the last `fit` were enough for the detector. */
  constructor(inner: Detector, isTrained: () => boolean) {
    this.#inner = inner;
    this.#isTrained = isTrained;
  }

  fit(rows: readonly Float64Array[]): void {
    this.#size = rows[0]?.length ?? 0;
    this.#seen = 0;
    this.#silent = 0;
    this.#zeros = 0;
    this.#scales = [];
    this.#steps = [];
    this.#lastAt = Number.NaN;
    const usable = rows.map((row) => this.#clean(row)).filter((row) => row.some(Number.isFinite));
    for (const row of usable) this.#learn(row);
    this.#inner.fit(usable);
    this.#short = rows.length > 0 && !this.#isTrained();
  }

  /** `at`: epoch ms of the row, where it is known. */
  next(row: Float64Array, at?: number): Judgement {
    if (this.#size === 0) this.#size = row.length;
    const jumped = this.#jumped(at);
    const clean = this.#clean(row);
    this.#seen += 1;
    if (!clean.some(Number.isFinite)) return this.#silence();
    if (this.#isDropout(clean)) {
      this.#zeros += 1;
      return judgement(this.#zeros <= STOPPED_ROWS ? DROPOUT_RATIO : 0, 'all-zero');
    }
    this.#zeros = 0;
    this.#learn(clean);
    const judged = this.#inner.next(clean);
    const reason = jumped
      ? 'time-jump'
      : row.length !== this.#size
        ? 'sensors-changed'
        : (judged.degraded ?? (this.#short ? 'training-short' : undefined));
    return judgement(judged.ratio, reason);
  }

  explain(): readonly SensorPart[] {
    return this.#inner.explain();
  }

  save(): unknown {
    const saved: Saved = {
      kind: 'guarded',
      size: this.#size,
      short: this.#short,
      seen: this.#seen,
      silent: this.#silent,
      scales: this.#scales.map((scale) => scale.save()),
      inner: this.#inner.save(),
    };
    return saved;
  }

  load(saved: unknown): void {
    const state = saved as Partial<Saved> | null;
    this.#inner.load(state?.inner);
    this.#size = state?.size ?? 0;
    this.#short = state?.short ?? false;
    this.#seen = state?.seen ?? 0;
    this.#silent = state?.silent ?? 0;
    this.#zeros = 0;
    this.#scales = (state?.scales ?? []).map((scale) => RunningMoments.from(scale));
    this.#steps = [];
    this.#lastAt = Number.NaN;
  }

  /** As many values as there are sensors, each a usable number or missing. */
  #clean(row: Float64Array): Float64Array {
    return Float64Array.from({ length: this.#size }, (_, sensor) => {
      const value = row[sensor] ?? Number.NaN;
      return Math.abs(value) <= LARGEST ? value : Number.NaN;
    });
  }

  #learn(row: Float64Array): void {
    row.forEach((value, sensor) => {
      if (Number.isFinite(value)) (this.#scales[sensor] ??= new RunningMoments(Number.POSITIVE_INFINITY)).add(value);
    });
  }

  #silence(): Judgement {
    this.#silent += 1;
    const rare = this.#seen > KNOWN_ROWS && this.#silent <= RARE * this.#seen;
    return judgement(rare ? SILENT_RATIO : 0, 'no-data');
  }

  /** Every sensor that is there reads an exact zero, and most of them were never near it. */
  #isDropout(row: Float64Array): boolean {
    if (row.some((value) => Number.isFinite(value) && value !== 0)) return false;
    const known = this.#scales.filter(({ count }) => count >= KNOWN_ROWS);
    const far = known.filter(({ mean, spread }) => Math.abs(mean) > FAR_FROM_ZERO * spread && mean !== 0);
    return known.length > 0 && 2 * far.length >= known.length;
  }

  #jumped(at: number | undefined): boolean {
    if (at === undefined || !Number.isFinite(at)) return false;
    const step = at - this.#lastAt;
    this.#lastAt = at;
    if (Number.isNaN(step)) return false;
    if (this.#steps.length < USUAL_STEPS) {
      this.#steps.push(step);
      this.#steps.sort((a, b) => a - b);
    }
    const usual = this.#steps[Math.floor(this.#steps.length / 2)] ?? step;
    return step < 0 || (usual > 0 && step > JUMP * usual);
  }
}

function judgement(ratio: number, degraded: DegradedReason | undefined): Judgement {
  const finite = Number.isNaN(ratio) ? 0 : Math.max(0, Math.min(LARGEST_RATIO, ratio));
  return { score: calibrateRatio(finite), ratio: finite, ...(degraded === undefined ? {} : { degraded }) };
}
