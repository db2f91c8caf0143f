/** What to do with a DataSetMessage of a writer. */
export type SequenceVerdict =
  /** Next in line. */
  | { readonly kind: 'accept' }
  /** Seen before. */
  | { readonly kind: 'duplicate' }
  /** Something before it is missing: drop it and ask for a resend from `after`. */
  | { readonly kind: 'gap'; readonly after: number }
  /** The missing part did not come in time: `lost` messages are given up and this one is taken. */
  | { readonly kind: 'accept-after-loss'; readonly lost: number };

type WriterState = { last: number; gapSince: number; lowest: number };

/**
 * De-duplication and proof of completeness per DataSetWriter: go back to the first missing number, and give it up only
 * after the resend had its time. `last` is what may be committed once the store holds it.
 */
export class SequenceGuard {
  readonly #writers = new Map<string, WriterState>();
  readonly #patienceMs: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Sets what an earlier run has committed. */
  restore(writer: string, last: number): void {
    this.#writers.set(writer, { last, gapSince: Number.NaN, lowest: Number.POSITIVE_INFINITY });
  }

  last(writer: string): number {
    return this.#writers.get(writer)?.last ?? 0;
  }

  /** `now` is any clock in ms that moves forward. Sequence numbers start at 1. */
  check(writer: string, sequence: number, now: number): SequenceVerdict {
    let state = this.#writers.get(writer);
    if (state === undefined) {
      state = { last: 0, gapSince: Number.NaN, lowest: Number.POSITIVE_INFINITY };
      this.#writers.set(writer, state);
    }
    if (sequence <= state.last) return { kind: 'duplicate' };
    if (sequence === state.last + 1) {
      state.last = sequence;
      state.gapSince = Number.NaN;
      state.lowest = Number.POSITIVE_INFINITY;
      return { kind: 'accept' };
    }
    if (Number.isNaN(state.gapSince)) state.gapSince = now;
    state.lowest = Math.min(state.lowest, sequence);
    // Only the lowest number seen since the gap opened may close it, so that a resend still under way loses nothing.
    if (now - state.gapSince < this.#patienceMs || sequence > state.lowest) return { kind: 'gap', after: state.last };
    const lost = sequence - state.last - 1;
    state.last = sequence;
    state.gapSince = Number.NaN;
    state.lowest = Number.POSITIVE_INFINITY;
    return { kind: 'accept-after-loss', lost };
  }
}
