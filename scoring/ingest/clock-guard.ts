/**
 * Refuses source timestamps of single machines that run far ahead of the plant: a clock that was stamped in the wrong zone
 * would otherwise fill windows of the future. When most machines jump together (after an outage), time has really passed.
 */
export class ClockGuard {
  readonly #toleranceMs: number;
  readonly #clocks: number[] = [];
  readonly #ahead = new Set<number>();
  #plant = Number.NEGATIVE_INFINITY;
  /** Where a jump that most machines made has led. */
  #jumpedTo = Number.NEGATIVE_INFINITY;

  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs;
  }

  /** Adds a machine and gives its number. */
  add(clock = Number.NaN): number {
    this.#clocks.push(clock);
    return this.#clocks.length - 1;
  }

  /** Event time the plant as a whole has reached: the median of its machines' clocks. */
  get plantClock(): number {
    const known = this.#clocks.filter((clock) => !Number.isNaN(clock)).sort((a, b) => a - b);
    this.#plant = Math.max(known[Math.floor(known.length / 2)] ?? Number.NEGATIVE_INFINITY, this.#jumpedTo);
    return this.#plant;
  }

  /** false: the instant is out of line with the plant and must not be used. */
  admit(machine: number, at: number): boolean {
    const clock = this.#clocks[machine] ?? Number.NaN;
    if (at <= this.#plant + this.#toleranceMs || Number.isNaN(clock)) return this.#take(machine, at, clock);
    if (at <= this.plantClock + this.#toleranceMs) return this.#take(machine, at, clock);
    this.#ahead.add(machine);
    const active = this.#clocks.filter((other) => !Number.isNaN(other)).length;
    if (this.#ahead.size * 2 < active) return false;
    this.#ahead.clear();
    this.#jumpedTo = at;
    return this.#take(machine, at, clock);
  }

  #take(machine: number, at: number, clock: number): true {
    this.#ahead.delete(machine);
    if (!(at <= clock)) this.#clocks[machine] = at;
    return true;
  }
}
