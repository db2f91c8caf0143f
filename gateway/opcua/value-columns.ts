import type { PlainValue } from '../tags/plain-value.ts';
import { valueKind, type ValueBatch } from '../tags/value-batch.ts';

/** Collects data values as columns without an object per value. */
export class ColumnCollector {
  handles = new Int32Array(1024);
  kinds = new Uint8Array(1024);
  numbers = new Float64Array(1024);
  times = new Float64Array(1024);
  statuses = new Uint32Array(1024);
  #others = new Map<number, PlainValue>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Makes room for one more row. @returns its index; the caller writes every column of it. */
  next(): number {
    const at = this.#length;
    if (at === this.handles.length) this.#grow();
    this.#length = at + 1;
    return at;
  }

  /** Keeps a value that is no number for row `at`. */
  setOther(at: number, value: PlainValue): void {
    this.kinds[at] = valueKind.other;
    this.numbers[at] = Number.NaN;
    this.#others.set(at, value);
  }

  /** Takes rows out; `rows` in ascending order. */
  remove(rows: readonly number[]): void {
    const gone = new Set(rows);
    const others = new Map<number, PlainValue>();
    let to = 0;
    for (let from = 0; from < this.#length; from += 1) {
      if (gone.has(from)) continue;
      this.handles[to] = this.handles[from] ?? 0;
      this.kinds[to] = this.kinds[from] ?? 0;
      this.numbers[to] = this.numbers[from] ?? Number.NaN;
      this.times[to] = this.times[from] ?? 0;
      this.statuses[to] = this.statuses[from] ?? 0;
      if (this.#others.has(from)) others.set(to, this.#others.get(from) ?? null);
      to += 1;
    }
    this.#others = others;
    this.#length = to;
  }

  /** Hands out what was collected and starts anew. */
  take(): ValueBatch {
    const length = this.#length;
    const batch: ValueBatch = {
      handles: this.handles.slice(0, length),
      kinds: this.kinds.slice(0, length),
      numbers: this.numbers.slice(0, length),
      times: this.times.slice(0, length),
      statuses: this.statuses.slice(0, length),
      others: this.#others,
    };
    this.#others = new Map();
    this.#length = 0;
    return batch;
  }

  #grow(): void {
    const size = this.handles.length * 2;
    const grown = <Column extends { set(other: Column): void }>(next: Column, old: Column): Column => {
      next.set(old);
      return next;
    };
    this.handles = grown(new Int32Array(size), this.handles);
    this.kinds = grown(new Uint8Array(size), this.kinds);
    this.numbers = grown(new Float64Array(size), this.numbers);
    this.times = grown(new Float64Array(size), this.times);
    this.statuses = grown(new Uint32Array(size), this.statuses);
  }
}
