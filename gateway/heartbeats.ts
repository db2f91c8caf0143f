import type { PlainValue } from './tags/plain-value.ts';
import type { TagMap } from './tags/tag-map.ts';
import type { ValueBatch } from './tags/value-batch.ts';

type Last = {
  readonly kind: number;
  readonly number: number;
  readonly other: PlainValue | undefined;
  readonly time: number;
  readonly status: number;
  /** Our clock, epoch ms. */
  saidAt: number;
};

/**
 * The last value of tags that are to be repeated when they are quiet. What is repeated keeps its source timestamp and is marked, so
 * that nothing downstream takes it for news.
 */
export class Heartbeats {
  readonly #intervals = new Map<number, number>();
  readonly #last = new Map<number, Last>();

  constructor(map: TagMap) {
    this.remap(map);
  }

  remap(map: TagMap): void {
    this.#intervals.clear();
    for (const tags of map.sampled.values())
      for (const { handle, heartbeatMs } of tags) if (heartbeatMs > 0) this.#intervals.set(handle, heartbeatMs);
    for (const handle of this.#last.keys()) if (!this.#intervals.has(handle)) this.#last.delete(handle);
  }

  /** Takes note of values that came. `now`: our clock, epoch ms. */
  note({ handles, kinds, numbers, times, statuses, others, origin }: ValueBatch, now: number): void {
    if (this.#intervals.size === 0 || origin !== undefined) return;
    for (let row = 0; row < handles.length; row += 1) {
      const handle = handles[row] ?? 0;
      if (!this.#intervals.has(handle)) continue;
      this.#last.set(handle, {
        kind: kinds[row] ?? 0,
        number: numbers[row] ?? Number.NaN,
        other: others.get(row),
        time: times[row] ?? 0,
        status: statuses[row] ?? 0,
        saidAt: now,
      });
    }
  }

  /** What is due at `now`, of tags whose connection is up; null when nothing is. */
  due(now: number, isUp: (handle: number) => boolean): ValueBatch | null {
    const due: (readonly [number, Last])[] = [];
    for (const [handle, last] of this.#last) {
      if (now - last.saidAt < (this.#intervals.get(handle) ?? Number.POSITIVE_INFINITY) || !isUp(handle)) continue;
      last.saidAt = now;
      due.push([handle, last]);
    }
    if (due.length === 0) return null;
    return {
      handles: Int32Array.from(due, ([handle]) => handle),
      kinds: Uint8Array.from(due, ([, { kind }]) => kind),
      numbers: Float64Array.from(due, ([, { number }]) => number),
      times: Float64Array.from(due, ([, { time }]) => time),
      statuses: Uint32Array.from(due, ([, { status }]) => status),
      others: new Map(due.flatMap(([, { other }], row) => (other === undefined ? [] : [[row, other] as const]))),
      origin: 'heartbeat',
    };
  }
}
