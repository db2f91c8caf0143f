import type { ColumnCollector } from './value-columns.ts';

/**
 * Remembers the newest source timestamp of every tag. A server sends the current value of each item once more after a transfer or
 * when items are made anew; such a value that has been seen is taken out, so that no (tag, source timestamp) comes twice.
 */
export class LastSeen {
  #times = new Float64Array(1024).fill(Number.NaN);
  #statuses = new Uint32Array(1024);
  #fresh = new Uint8Array(1024);
  #freshCount = 0;

  /** The next value of these tags may be one that has been seen. */
  expectRepeat(handles: Iterable<number>): void {
    for (const handle of handles) {
      if (handle >= this.#times.length) this.#grow(handle);
      if (this.#fresh[handle] !== 0) continue;
      this.#fresh[handle] = 1;
      this.#freshCount += 1;
    }
  }

  /** The next value of these tags is the one that is there when their item is made, and is not wanted. */
  expectFirst(handles: Iterable<number>): void {
    for (const handle of handles) {
      this.expectRepeat([handle]);
      this.#fresh[handle] = 2;
    }
  }

  /** Newest source timestamp of a tag, epoch ms; NaN before the first. */
  timeOf(handle: number): number {
    return this.#times[handle] ?? Number.NaN;
  }

  /** Takes note of what was collected, and takes repeats out of it. */
  note(collected: ColumnCollector): void {
    const { handles, times, statuses, length } = collected;
    let repeats: number[] | null = null;
    for (let row = 0; row < length; row += 1) {
      const handle = handles[row] ?? 0;
      if (handle >= this.#times.length) this.#grow(handle);
      const time = times[row] ?? Number.NaN;
      const fresh = this.#freshCount > 0 ? this.#fresh[handle] : 0;
      if (fresh !== 0) {
        this.#fresh[handle] = 0;
        this.#freshCount -= 1;
        const isRepeat = time === this.#times[handle] && statuses[row] === this.#statuses[handle];
        if (isRepeat || fresh === 2) (repeats ??= []).push(row);
      }
      this.#times[handle] = time;
      this.#statuses[handle] = statuses[row] ?? 0;
    }
    if (repeats !== null) collected.remove(repeats);
  }

  #grow(handle: number): void {
    const size = Math.max(handle + 1, this.#times.length * 2);
    const times = new Float64Array(size).fill(Number.NaN);
    times.set(this.#times);
    const statuses = new Uint32Array(size);
    statuses.set(this.#statuses);
    const fresh = new Uint8Array(size);
    fresh.set(this.#fresh);
    this.#times = times;
    this.#statuses = statuses;
    this.#fresh = fresh;
  }
}
