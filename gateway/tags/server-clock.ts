/** Clocks that are no further apart are taken to be the same. */
const TOLERANCE_MS = 10_000;

/**
 * Up to which instant the values of a server are known to be current. A plant whose source timestamps follow its server's
 * clock is current up to the newest publish time; one that runs on another clock (replay, wrong zone) only up to its
 * newest source timestamp.
 */
export class ServerClock {
  #publishedAt = Number.NaN;
  #heardAt = Number.NaN;
  #newestSource = Number.NEGATIVE_INFINITY;
  #smallestSkew = Number.POSITIVE_INFINITY;

  /** A notification: when the server sent it, and its newest source timestamp; `heardAt` is our clock. All epoch ms. */
  notification(publishedAt: number, newestSource: number, heardAt: number): void {
    this.#publishedAt = publishedAt;
    this.#heardAt = heardAt;
    this.#newestSource = Math.max(this.#newestSource, newestSource);
    const skew = publishedAt - newestSource;
    if (Math.abs(skew) < Math.abs(this.#smallestSkew)) this.#smallestSkew = skew;
  }

  /** The subscription said that nothing has changed. */
  alive(heardAt: number): void {
    if (Number.isNaN(this.#publishedAt)) return;
    this.#publishedAt += heardAt - this.#heardAt;
    this.#heardAt = heardAt;
  }

  /** Instant up to which values are known, or null before the first notification. */
  knownUntil(): number | null {
    if (Number.isNaN(this.#publishedAt)) return null;
    return Math.abs(this.#smallestSkew) <= TOLERANCE_MS ? this.#publishedAt : this.#newestSource;
  }
}
