import { fromNano, toNano } from './quantum.ts';

/**
 * Differences of a counter with a classification, never `max(0, delta)`: what cannot be explained is counted as
 * unresolved and is in no sum, a glitch loses nothing, a rollover or reset is told apart by what is plausible.
 */
export type CounterOptions = {
  /** The counter rolls over to 0 here. */
  readonly modulus: number | null;
  /** Largest plausible increase per ms, in the counter's unit; null = unknown. */
  readonly maxPerMs: number | null;
  /** A fall of at most this much is jitter of the meter, not a reset. */
  readonly jitter: number;
  /** A fall that lasts this long is no glitch. */
  readonly confirmMs: number;
};

export type CounterCause = 'normal' | 'rollover' | 'reset' | 'replaced';

export type CounterStep =
  /** The first value ever: an anchor, nothing can be said of what was before. */
  | { readonly kind: 'anchor' }
  /** Delta counted from `from` to `to` (epoch ms): `value` − `base` in decimal, to the ninth digit. */
  | {
      readonly kind: 'delta';
      readonly cause: CounterCause;
      readonly delta: number;
      /** Reading the delta starts at: the last one, less the modulus after a rollover, 0 after a reset. */
      readonly base: number;
      readonly value: number;
      readonly from: number;
      readonly to: number;
    }
  /** Held back: jitter, or a value that needs confirmation. */
  | { readonly kind: 'held' }
  /** Not later than what is known; the difference is already counted. */
  | { readonly kind: 'late' }
  /** A change that no rule explains: nothing is added between `from` and `to`, the series goes on from here. */
  | { readonly kind: 'unresolved'; readonly from: number; readonly to: number };

/** Plain state, so that it can be kept in a checkpoint. */
export type CounterState = {
  lastValue: number;
  lastAt: number;
  /** First and newest value of a run that contradicts lastValue, until it is confirmed or taken back. */
  pending: PendingRun | null;
  /** A reset somebody has entered, epoch ms: the next value from then on is counted from 0. */
  resetAt?: number | null;
};

export type PendingRun = {
  readonly firstValue: number;
  readonly firstAt: number;
  readonly value: number;
  readonly at: number;
  readonly count: number;
  readonly rising: boolean;
};

const ANCHOR: CounterStep = { kind: 'anchor' };
const HELD: CounterStep = { kind: 'held' };
const LATE: CounterStep = { kind: 'late' };
/** Head room over the rated maximum before a rise is implausible. */
const PLAUSIBLE_MARGIN = 1.25;
/** Rising values after a fall confirm a reset without waiting for confirmMs. */
const CONFIRM_SAMPLES = 3;

/** Smallest step of a counter that is a 32-bit float: 2 at 16 777 216, 64 at 1e9. Smaller increases get lost in it. */
export function float32Step(value: number): number {
  return value === 0 ? 2 ** -149 : 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(value))) - 23);
}

export function createCounterState(): CounterState {
  return { lastValue: Number.NaN, lastAt: Number.NaN, pending: null };
}

/** Takes one good, finite value (in the counter's unit, epoch ms) and says what it means. */
export function stepCounter(state: CounterState, value: number, at: number, options: CounterOptions): CounterStep {
  if (Number.isNaN(state.lastAt)) {
    state.lastValue = value;
    state.lastAt = at;
    return ANCHOR;
  }
  if (at <= state.lastAt || (state.pending !== null && at <= state.pending.at)) return LATE;
  if (state.resetAt != null && at >= state.resetAt) {
    state.resetAt = null;
    if (value < state.lastValue) return accept(state, 'reset', 0, value, at);
  }
  const rise = value - state.lastValue;
  if (rise >= 0 && isPlausible(rise, at - state.lastAt, options)) {
    return accept(state, 'normal', state.lastValue, value, at);
  }
  if (rise < 0 && -rise <= options.jitter) return HELD;
  if (rise < 0 && options.modulus !== null && !goesOnFallen(state, value)) {
    const wrapped = rise + options.modulus;
    if (wrapped >= 0 && isPlausibleWrap(wrapped, at - state.lastAt, options)) {
      return accept(state, 'rollover', state.lastValue - options.modulus, value, at);
    }
  }
  return hold(state, value, at, options);
}

/** Whether a fall that was no rollover when it happened goes on: waiting makes it none. */
const goesOnFallen = ({ pending, lastValue }: CounterState, value: number): boolean =>
  pending !== null && pending.firstValue < lastValue && value >= pending.value;

function isPlausible(rise: number, elapsedMs: number, { maxPerMs }: CounterOptions): boolean {
  return maxPerMs === null || rise <= maxPerMs * elapsedMs * PLAUSIBLE_MARGIN + maxPerMs * 1000;
}

/** Without a rated maximum a wrap is believed up to a tenth of the modulus. */
function isPlausibleWrap(wrapped: number, elapsedMs: number, options: CounterOptions): boolean {
  return options.maxPerMs === null ? wrapped <= (options.modulus ?? 0) / 10 : isPlausible(wrapped, elapsedMs, options);
}

function accept(state: CounterState, cause: CounterCause, base: number, value: number, at: number): CounterStep {
  const from = state.lastAt;
  state.lastValue = value;
  state.lastAt = at;
  state.pending = null;
  return { kind: 'delta', cause, delta: fromNano(toNano(value) - toNano(base)), base, value, from, to: at };
}

/**
 * A meter change somebody has entered: the old meter is settled up to `oldLast`, the new one goes on from `newFirst`.
 * Counters that change in secret are found by `stepCounter`; entered events come before any guess.
 */
export function replaceMeter(
  state: CounterState,
  change: { readonly oldLast: number; readonly newFirst: number },
  at: number,
): CounterStep {
  if (Number.isNaN(state.lastAt)) {
    state.lastValue = change.newFirst;
    state.lastAt = at;
    return ANCHOR;
  }
  if (at <= state.lastAt) return LATE;
  const step = accept(state, 'replaced', state.lastValue, change.oldLast, at);
  state.lastValue = change.newFirst;
  return step;
}

/** A reset somebody has entered (or a ResetStatistics call): the next value from `at` on is counted from 0. */
export function enterReset(state: CounterState, at: number): void {
  state.resetAt = at;
}

function hold(state: CounterState, value: number, at: number, options: CounterOptions): CounterStep {
  const { pending } = state;
  if (pending === null || value < pending.value || !isPlausible(value - pending.value, at - pending.at, options)) {
    state.pending = { firstValue: value, firstAt: pending?.firstAt ?? at, value, at, count: 1, rising: false };
    return confirmedFor(state, at, options) ? resolve(state, value, at, options) : HELD;
  }
  const rising = value > pending.firstValue;
  const count = pending.count + 1;
  state.pending = { ...pending, rising, value, at, count };
  const settled = (count >= CONFIRM_SAMPLES && rising) || confirmedFor(state, at, options);
  return settled ? resolve(state, value, at, options) : HELD;
}

function confirmedFor(state: CounterState, at: number, options: CounterOptions): boolean {
  return state.pending !== null && at - state.pending.firstAt >= options.confirmMs;
}

/** A confirmed contradiction: a reset when the first value after it can have been counted from 0, otherwise unresolved. */
function resolve(state: CounterState, value: number, at: number, options: CounterOptions): CounterStep {
  const { pending, lastAt: from } = state;
  const first = pending?.firstValue ?? value;
  const sinceLast = (pending?.firstAt ?? at) - from;
  const fromZero = first >= 0 && value < state.lastValue && isPlausible(first, sinceLast, options);
  if (fromZero) return accept(state, 'reset', 0, value, at);
  state.lastValue = value;
  state.lastAt = at;
  state.pending = null;
  return { kind: 'unresolved', from, to: at };
}
