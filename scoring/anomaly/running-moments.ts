/** Values from which on the past fades where `fade` is above 1. */
const SETTLED = 50;

/**
 * Mean and spread of a stream; the past fades once `reach` values are in (West, CACM 22(9), 1979). With a `fade` above 1 no more
 * than that part of all values counts, so that a wild start is forgotten.
 */
export class RunningMoments {
  readonly #reach: number;
  readonly #fade: number;
  #count = 0;
  #mean = 0;
  #variance = 0;

  constructor(reach: number, fade = 1) {
    this.#reach = reach;
    this.#fade = fade;
  }

  /** Moments that `save` gave. */
  static from([reach = 0, fade = 1, count = 0, mean = 0, variance = 0]: readonly number[]): RunningMoments {
    const moments = new RunningMoments(reach > 0 ? reach : Number.POSITIVE_INFINITY, fade);
    moments.#count = count;
    moments.#mean = mean;
    moments.#variance = variance;
    return moments;
  }

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#mean;
  }

  get spread(): number {
    return Math.sqrt(this.#variance);
  }

  add(value: number): void {
    this.#count += 1;
    const weight = 1 / Math.min(this.#reach, Math.max(Math.min(SETTLED, this.#count), this.#count / this.#fade));
    const away = value - this.#mean;
    this.#mean += weight * away;
    this.#variance = Math.max(0, this.#variance + weight * (away * (value - this.#mean) - this.#variance));
  }

  /** Plain numbers for JSON; an endless reach is 0. */
  save(): number[] {
    return [Number.isFinite(this.#reach) ? this.#reach : 0, this.#fade, this.#count, this.#mean, this.#variance];
  }
}
