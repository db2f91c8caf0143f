import { quantile } from './tail.ts';

/** Generalised Pareto distribution of excesses over a level: shape ξ and scale σ. */
export type Pareto = { readonly shape: number; readonly scale: number };

/**
 * Fit by probability-weighted moments (Hosking & Wallis, Technometrics 29, 1987), which for a few dozen peaks is steadier than
 * maximum likelihood. Null for fewer than ten excesses or excesses without spread.
 */
export function fitPareto(excesses: readonly number[]): Pareto | null {
  const sorted = excesses.filter((value) => value > 0).sort((a, b) => a - b);
  const n = sorted.length;
  if (n < 10) return null;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  // Mean of the excesses, each weighted by the share of excesses above it.
  const above = sorted.reduce((sum, value, index) => sum + (value * (n - 1 - index)) / (n - 1), 0) / n;
  const denominator = mean - 2 * above;
  if (!(denominator > 1e-12 * mean)) return null;
  return { shape: 2 - mean / denominator, scale: (2 * mean * above) / denominator };
}

/** Excess that is exceeded with probability `p` given that the level was. */
export function paretoQuantile({ shape, scale }: Pareto, p: number): number {
  return Math.abs(shape) < 1e-9 ? -scale * Math.log(p) : (scale / shape) * (p ** -shape - 1);
}

export type SpotOptions = {
  /** Probability that a healthy value lies above the limit. */
  readonly risk: number;
  /** Quantile of the first values above which a value is a peak. */
  readonly peakQuantile?: number;
  /** Values whose mean is taken off first; 0 takes none off (SPOT), more follow drift (DSPOT). */
  readonly drift?: number;
  /** Values the first fit is made of. */
  readonly calibration?: number;
};

/** Peaks that are kept; the oldest go first. */
const MOST_PEAKS = 1000;
/** A value counts as at most this many limits. */
const MOST_LEARNT = 2;

/**
 * Limit of a stream by peaks over threshold: SPOT, and DSPOT where `drift` is above 0 (Siffer, Fouque, Termier & Largouët,
 * KDD 2017). Of an alarm no more than twice the limit is learnt: leaving alarms out altogether, as published, cuts the tail the
 * next fit is made of, and the limit sinks at risks above 1e-4.
 */
export class Spot {
  readonly #risk: number;
  readonly #peakQuantile: number;
  readonly #drift: number;
  readonly #calibration: number;
  #window: number[] = [];
  #sum = 0;
  #first: number[] = [];
  #peaks: number[] = [];
  #level = 0;
  #count = 0;
  #peakCount = 0;
  #excess = Number.POSITIVE_INFINITY;

  constructor({ risk, peakQuantile = 0.98, drift = 0, calibration = 1000 }: SpotOptions) {
    this.#risk = risk;
    this.#peakQuantile = peakQuantile;
    this.#drift = drift;
    this.#calibration = calibration;
  }

  /** Limit of the next value; Infinity while calibrating. */
  get limit(): number {
    return this.#local() + this.#excess;
  }

  /** Takes a value; true when it lies above the limit. NaN is passed over. */
  add(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    const local = this.#local();
    const alarm = value - local > this.#excess;
    const relative = Math.min(value - local, MOST_LEARNT * this.#excess);
    this.#slide(local + relative);
    if (this.#drift > 0 && this.#window.length < this.#drift) return false;
    this.#count += 1;
    if (this.#count <= this.#calibration) {
      this.#first.push(relative);
      if (this.#count === this.#calibration) this.#calibrate();
      return false;
    }
    if (relative > this.#level) {
      this.#peakCount += 1;
      this.#peaks.push(relative - this.#level);
      if (this.#peaks.length > MOST_PEAKS) this.#peaks.shift();
      this.#renew();
    }
    return alarm;
  }

  #local(): number {
    return this.#window.length === 0 ? 0 : this.#sum / this.#window.length;
  }

  #slide(value: number): void {
    if (this.#drift === 0) return;
    this.#window.push(value);
    this.#sum += value;
    if (this.#window.length > this.#drift) this.#sum -= this.#window.shift() ?? 0;
  }

  #calibrate(): void {
    const sorted = this.#first.sort((a, b) => a - b);
    this.#level = quantile(sorted, this.#peakQuantile);
    this.#peaks = sorted.filter((value) => value > this.#level).map((value) => value - this.#level);
    this.#peakCount = this.#peaks.length;
    this.#first = [];
    this.#renew();
  }

  #renew(): void {
    const fit = fitPareto(this.#peaks);
    const share = this.#peakCount / this.#count;
    const most = this.#peaks.reduce((top, value) => Math.max(top, value), 0);
    const beyond = fit === null || share <= this.#risk ? most : paretoQuantile(fit, this.#risk / share);
    this.#excess = this.#level + Math.max(0, beyond);
  }
}

/** Values that a run must stay above the limit, as for an episode; runs nearer than the gap are one. */
const ON_VALUES = 3;
const GAP = 50;
const RUN_QUANTILE = 0.9;

/** The smallest of the latest three values: it exceeds a limit when an episode would start. */
export function lastThree(): (value: number) => number {
  let [before, last] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return (value) => {
    const least = Math.min(before, last, value);
    [before, last] = [last, value];
    return least;
  };
}

/**
 * Level above which an episode starts at `risk` per value, from autocorrelated values: peaks over threshold on the largest
 * value of each run (Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, 5.3.2).
 */
export function episodeLevel(values: readonly number[], risk: number): number {
  const least = lastThree();
  const held = values.map(least).slice(ON_VALUES - 1);
  const start = quantile(
    [...held].sort((a, b) => a - b),
    RUN_QUANTILE,
  );
  const peaks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  held.forEach((value, index) => {
    if (!(value > start)) return;
    if (index - last > GAP) peaks.push(value - start);
    else peaks.push(Math.max(peaks.pop() ?? 0, value - start));
    last = index;
  });
  const wanted = (risk * held.length) / Math.max(1, peaks.length);
  if (wanted >= 1) return start;
  const fit = fitPareto(peaks);
  const most = peaks.reduce((top, value) => Math.max(top, value), 0);
  // A shape above 0.3 comes from too few independent peaks and would give an absurd limit.
  return start + (fit === null ? most : paretoQuantile({ ...fit, shape: Math.min(0.3, fit.shape) }, wanted));
}
