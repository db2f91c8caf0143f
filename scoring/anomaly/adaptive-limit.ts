import { tailLevel } from './tail.ts';

/** Values before the first limit, and those it is taken from the tail of. */
const FIRST = 100;
const BURN_IN = 1000;
const RENEWED = 50;
/** Share of the mean time between two runs in which exceedances belong together, and after which a lasting run counts again. */
const RUN_GAP = 0.05;
const RUN_LENGTH = 0.5;
/** One run too many raises the limit by this part. */
const STEP = 0.1;

/**
 * Limit of a stream whose level drifts. It starts as the level peaks over threshold give for the first values (Siffer et al.,
 * SPOT, KDD 2017) and then keeps the number of runs above it at the stated rate: every run raises it, every quiet value
 * lowers it a little (quantile tracking: Gibbs & Candès, NeurIPS 2021). It counts runs, so the size of a fault moves nothing.
 */
export class AdaptiveLimit {
  readonly #rate: number;
  readonly #least: number;
  #values: number[] = [];
  #seen = 0;
  #last = Number.NEGATIVE_INFINITY;
  #counted = Number.NEGATIVE_INFINITY;
  #limit = Number.POSITIVE_INFINITY;

  /** `rate`: runs above the limit per value; `least`: the limit never falls below. */
  constructor(rate: number, least: number) {
    this.#rate = rate;
    this.#least = least;
  }

  /** Infinity until 100 values are in. */
  get limit(): number {
    return this.#limit;
  }

  /** Takes the next value; anything but a finite number is passed over. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#seen += 1;
    if (this.#seen <= BURN_IN) {
      this.#values.push(value);
      if (this.#seen >= FIRST && this.#seen % RENEWED === 0) {
        this.#limit = Math.max(this.#least, tailLevel(this.#values, this.#rate));
      }
      if (this.#seen === BURN_IN) this.#values = [];
      return;
    }
    const above = value > this.#limit;
    const run =
      above && (this.#seen - this.#last > RUN_GAP / this.#rate || this.#seen - this.#counted > RUN_LENGTH / this.#rate);
    if (above) this.#last = this.#seen;
    if (run) this.#counted = this.#seen;
    this.#limit = Math.max(this.#least, this.#limit * Math.exp(STEP * (Number(run) - this.#rate)));
  }

  /** Plain numbers for JSON. */
  save(): readonly number[] {
    return [
      this.#seen,
      Number.isFinite(this.#last) ? this.#last : -1,
      Number.isFinite(this.#counted) ? this.#counted : -1,
      Number.isFinite(this.#limit) ? this.#limit : 0,
      ...this.#values,
    ];
  }

  /** Goes on from what `save` gave. */
  load([seen = 0, last = -1, counted = -1, limit = 0, ...values]: readonly number[]): void {
    this.#seen = seen;
    this.#last = last < 0 ? Number.NEGATIVE_INFINITY : last;
    this.#counted = counted < 0 ? Number.NEGATIVE_INFINITY : counted;
    this.#limit = limit > 0 ? limit : Number.POSITIVE_INFINITY;
    this.#values = values;
  }
}
