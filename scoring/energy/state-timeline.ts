import type { MachineState } from '../../broker/contract/tag.ts';

/** Changes kept at most; more than any counter difference can span in practice. */
const MAX_CHANGES = 4096;

/** States of a machine over the time that a counter difference may still reach back. */
export class StateTimeline {
  #changes: (readonly [at: number, state: MachineState])[] = [];

  get state(): MachineState {
    return this.#changes.at(-1)?.[1] ?? 'unknown';
  }

  /** Since when the state holds, epoch ms; -Infinity before the first. */
  get since(): number {
    return this.#changes.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
  }

  get changes(): readonly (readonly [number, MachineState])[] {
    return this.#changes;
  }

  /** Changes come in order of event time; one that repeats the state or comes too late is no change. */
  set(state: MachineState, at: number): void {
    const last = this.#changes.at(-1);
    if (last !== undefined && (last[1] === state || at < last[0])) return;
    this.#changes.push([at, state]);
    if (this.#changes.length > MAX_CHANGES) this.#changes.shift();
  }

  /** Calls with each stretch of one state within [from, to). */
  each(from: number, to: number, visit: (start: number, end: number, state: MachineState) => void): void {
    for (let index = this.#changes.length - 1, end = to; index >= 0 && end > from; index -= 1) {
      const [at, state] = this.#changes[index] ?? [0, 'unknown'];
      if (at >= end) continue;
      visit(Math.max(from, at), end, state);
      end = at;
    }
  }

  /** Forgets what lies before the state that is in force at `at`. */
  forgetBefore(at: number): void {
    if (this.#changes.length < 2 || (this.#changes[1]?.[0] ?? at) > at) return;
    this.#changes.splice(
      0,
      this.#changes.findLastIndex((change) => change[0] <= at),
    );
  }

  restore(changes: readonly (readonly [number, MachineState])[]): void {
    this.#changes = [...changes];
  }
}
