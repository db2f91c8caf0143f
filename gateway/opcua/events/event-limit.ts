/** A bucket of events: a storm of them costs a count, not the uplink. */
export class EventLimit {
  readonly #perSecond: number;
  #left: number;
  #filledAt: number;
  #suppressed = 0;

  /** Lets `perSecond` events through in the long run and ten seconds' worth at once. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond * 10;
    this.#filledAt = now;
  }

  /** Whether one more may pass at `now`, epoch ms; counts it when it may not. */
  admits(now: number): boolean {
    const most = this.#perSecond * 10;
    this.#left = Math.min(most, this.#left + (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#left < 1) {
      this.#suppressed += 1;
      return false;
    }
    this.#left -= 1;
    return true;
  }

  /** @returns how many were kept back since the last call. */
  takeSuppressed(): number {
    const count = this.#suppressed;
    this.#suppressed = 0;
    return count;
  }
}
