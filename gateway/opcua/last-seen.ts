import type { WorkerTag } from './protocol.ts';
import { valueKind } from '../tags/value-batch.ts';
import type { ColumnCollector } from './value-columns.ts';

/** A span of source time in which values of a tag may be missing; both ends, epoch ms, have been seen. */
export type Gap = {
  readonly handle: number;
  readonly from: number;
  readonly to: number;
  /** How often it could not be filled, for a reason that may be over. */
  readonly tries?: number;
};

/** Data value info with the overflow bit (OPC 10000-4 7.39.1): the queue of the server dropped values before this one. */
const OVERFLOW = 0x480;

/** Gaps that wait to be filled; more are let be. */
const GAPS = 100_000;

/** What the next value of a tag may be. */
const awaits = { repeat: 1, first: 2, gap: 4 } as const;
/** One server of a redundant set may be this far behind another. */
const LAG_MS = 60_000;

/**
 * Remembers the newest source timestamp of every tag. A server sends the current value of each item once more after a transfer or
 * when items are made anew; such a value that has been seen is taken out, so that no (tag, source timestamp) comes twice.
 */
export class LastSeen {
  #times = new Float64Array(1024).fill(Number.NaN);
  #statuses = new Uint32Array(1024);
  #numbers = new Float64Array(1024).fill(Number.NaN);
  #awaited = new Uint8Array(1024);
  #awaitedCount = 0;
  #gaps: Gap[] = [];
  readonly #mayLag: boolean;
  readonly #onGaps: (gaps: readonly Gap[]) => void;

  /**
   * `mayLag`: after a gap the values may come from another server, which may be behind the one before. `onGaps` hears of new gaps
   * before the values that end them go on their way.
   */
  constructor(mayLag = false, onGaps: (gaps: readonly Gap[]) => void = () => undefined) {
    this.#mayLag = mayLag;
    this.#onGaps = onGaps;
  }

  /** Source timestamps, epoch ms, that an earlier life of the gateway has kept; older than what is known they count for nothing. */
  recall(times: Iterable<readonly [handle: number, at: number]>): void {
    for (const [handle, at] of times) {
      if (handle >= this.#times.length) this.#grow(handle);
      if (!((this.#times[handle] ?? Number.NaN) >= at)) this.#times[handle] = at;
    }
  }

  /** A tag of `now` that reads the node of a tag of the same name in `gone` goes on where that one ended. */
  inherit(gone: readonly WorkerTag[], now: readonly WorkerTag[]): void {
    if (gone.length === 0) return;
    const ended = new Map(gone.map((tag) => [keyOf(tag), tag.handle]));
    for (const tag of now) {
      const from = ended.get(keyOf(tag));
      if (from === undefined || !(this.timeOf(from) > Number.NEGATIVE_INFINITY)) continue;
      this.#expect([tag.handle], awaits.repeat | awaits.gap);
      this.#times[tag.handle] = this.timeOf(from);
      this.#statuses[tag.handle] = this.#statuses[from] ?? 0;
    }
  }

  /** The next value of these tags may be one that has been seen. */
  expectRepeat(handles: Iterable<number>): void {
    this.#expect(handles, awaits.repeat);
  }

  /** The next value of these tags may be one that has been seen, or the first after a time in which nothing was heard. */
  expectGap(handles: Iterable<number>): void {
    this.#expect(handles, awaits.repeat | awaits.gap);
  }

  /** The next value of these tags is the one that is there when their item is made, and is not wanted. */
  expectFirst(handles: Iterable<number>): void {
    this.#expect(handles, awaits.repeat | awaits.first);
  }

  /** Newest source timestamp of a tag, epoch ms; NaN before the first. */
  timeOf(handle: number): number {
    return this.#times[handle] ?? Number.NaN;
  }

  /** These gaps are still there. */
  returnGaps(gaps: readonly Gap[]): void {
    for (const gap of gaps) this.#addGap(gap);
  }

  /** @returns the gaps that have come to light since the last call. */
  takeGaps(): readonly Gap[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }

  /** Takes note of what was collected, and takes repeats out of it. `overflows`: of some of it the server dropped values. */
  note(collected: ColumnCollector, overflows = 0): void {
    const { handles, kinds, numbers, times, statuses, length } = collected;
    let unwanted: number[] | null = null;
    const known = this.#gaps.length;
    for (let row = 0; row < length; row += 1) {
      const handle = handles[row] ?? 0;
      if (handle >= this.#times.length) this.#grow(handle);
      const time = times[row] ?? Number.NaN;
      const awaited = this.#awaitedCount > 0 ? (this.#awaited[handle] ?? 0) : 0;
      if (awaited !== 0) {
        const before = this.#times[handle] ?? Number.NaN;
        if (this.#mayLag && (awaited & awaits.gap) !== 0 && time < before && before - time < LAG_MS) {
          (unwanted ??= []).push(row);
          continue;
        }
        this.#awaited[handle] = 0;
        this.#awaitedCount -= 1;
        // A status that is unknown, as after a restart of the gateway, is taken for the same.
        const isRepeat = time === before && (statuses[row] === this.#statuses[handle] || this.#statuses[handle] === 0);
        if (isRepeat || (awaited & awaits.first) !== 0) (unwanted ??= []).push(row);
        if ((awaited & awaits.gap) !== 0 && time > before) this.#addGap({ handle, from: before, to: time });
      } else if (
        // A value written while its item is made is sent by some servers as the change and once more as the first value.
        time === this.#times[handle] &&
        statuses[row] === this.#statuses[handle] &&
        (kinds[row] === valueKind.number || kinds[row] === valueKind.boolean) &&
        numbers[row] === this.#numbers[handle]
      ) {
        (unwanted ??= []).push(row);
      }
      if (overflows > 0 && ((statuses[row] ?? 0) & OVERFLOW) === OVERFLOW && time > (this.#times[handle] ?? Number.NaN))
        this.#addGap({ handle, from: this.#times[handle] ?? time, to: time });
      this.#times[handle] = time;
      this.#statuses[handle] = statuses[row] ?? 0;
      this.#numbers[handle] = numbers[row] ?? Number.NaN;
    }
    if (unwanted !== null) collected.remove(unwanted);
    if (this.#gaps.length > known) this.#onGaps(this.#gaps.slice(known));
  }

  #addGap(gap: Gap): void {
    if (this.#gaps.length < GAPS) this.#gaps.push(gap);
  }

  #expect(handles: Iterable<number>, what: number): void {
    for (const handle of handles) {
      if (handle >= this.#times.length) this.#grow(handle);
      if (this.#awaited[handle] === 0) this.#awaitedCount += 1;
      this.#awaited[handle] = (this.#awaited[handle] ?? 0) | what;
    }
  }

  #grow(handle: number): void {
    const size = Math.max(handle + 1, this.#times.length * 2);
    const times = new Float64Array(size).fill(Number.NaN);
    times.set(this.#times);
    const statuses = new Uint32Array(size);
    statuses.set(this.#statuses);
    const awaited = new Uint8Array(size);
    awaited.set(this.#awaited);
    this.#times = times;
    this.#statuses = statuses;
    const numbers = new Float64Array(size).fill(Number.NaN);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    this.#awaited = awaited;
  }
}

const keyOf = ({ equipment, name, nodeId }: WorkerTag): string => JSON.stringify([equipment, name, nodeId]);
