import { stepCounter, type CounterOptions, type CounterState, type PendingRun } from './counter.ts';

/** Samples kept per counter for values that come late: about four hours of minutes. */
const CAPACITY = 256;

/** The newest samples of a counter with the state before each, so that a late one can be put in its place. */
export class CounterHistory {
  readonly #at = new Float64Array(CAPACITY);
  readonly #value = new Float64Array(CAPACITY);
  readonly #lastAt = new Float64Array(CAPACITY);
  readonly #lastValue = new Float64Array(CAPACITY);
  readonly #pending: (PendingRun | null)[] = Array.from({ length: CAPACITY }, () => null);
  /** Slot of the oldest sample. */
  #head = 0;
  #size = 0;

  /** Event time of the oldest sample; Infinity without one. */
  get oldestAt(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#at[this.#head] ?? 0);
  }

  /** Keeps a sample and the state it comes upon; the oldest is forgotten when there is no room. */
  push(value: number, at: number, before: CounterState): void {
    const slot = (this.#head + this.#size) % CAPACITY;
    if (this.#size === CAPACITY) this.#head = (this.#head + 1) % CAPACITY;
    else this.#size += 1;
    this.#at[slot] = at;
    this.#value[slot] = value;
    this.#lastAt[slot] = before.lastAt;
    this.#lastValue[slot] = before.lastValue;
    this.#pending[slot] = before.pending;
  }

  /** Place of the first sample at or after `at`; null when that is before the oldest, where the state is not known. */
  placeOf(at: number): number | null {
    if (this.#size === 0 || at <= this.oldestAt) return at === this.oldestAt ? 0 : null;
    let place = this.#size;
    while (place > 0 && this.atOf(place - 1) >= at) place -= 1;
    return place;
  }

  atOf(place: number): number {
    return this.#at[(this.#head + place) % CAPACITY] ?? Number.NaN;
  }

  valueOf(place: number): number {
    return this.#value[(this.#head + place) % CAPACITY] ?? Number.NaN;
  }

  /** Takes the samples from a place on out of the history and puts the state before them back. */
  cut(place: number, state: CounterState): (readonly [value: number, at: number])[] {
    const slot = (this.#head + place) % CAPACITY;
    state.lastAt = this.#lastAt[slot] ?? Number.NaN;
    state.lastValue = this.#lastValue[slot] ?? Number.NaN;
    state.pending = this.#pending[slot] ?? null;
    const tail: (readonly [number, number])[] = [];
    for (let i = place; i < this.#size; i += 1) tail.push([this.valueOf(i), this.atOf(i)]);
    this.#size = place;
    return tail;
  }

  clear(): void {
    this.#size = 0;
  }
}

type Reading = readonly [value: number, at: number];

/** How many of the samples after a late one are read in another way because of it; from then on both readings agree. */
export function changedBy(
  late: Reading,
  tail: readonly Reading[],
  before: CounterState,
  options: CounterOptions,
): number {
  const without: CounterState = { ...before };
  const withLate: CounterState = { ...before };
  stepCounter(withLate, ...late, options);
  for (const [index, reading] of tail.entries()) {
    stepCounter(without, ...reading, options);
    stepCounter(withLate, ...reading, options);
    const settled = without.pending === null && withLate.pending === null;
    if (settled && without.lastAt === withLate.lastAt && without.lastValue === withLate.lastValue) return index + 1;
  }
  return tail.length;
}
