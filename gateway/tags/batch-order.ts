/** What the ordering needs of a batch of values; entry i belongs to tag `handles[i]`. */
export type TimedBatch = {
  readonly handles: Int32Array;
  /** Source timestamps, epoch ms. */
  readonly times: Float64Array;
};

/** Rows of one DataSetWriter in the order in which they go into its messages. */
export type WriterRows = {
  /** Index of the writer. */
  readonly writer: number;
  /** Row numbers of the batch. Valid until the next call. */
  readonly rows: Int32Array;
};

/** Rows of a batch that are no further apart are put side by side by their turn, not by their instant. */
const SAME_BURST_MS = 5000;

/**
 * Puts the values of a batch in the order of messages: by writer, and within it so that few messages result. Values of one tag
 * always keep their order. Within a short burst the n-th values of all tags stand together; over a longer span (a backlog,
 * a replay) all values stand in order of their source timestamps, because a reader must see the states before the counters
 * that depend on them.
 */
export class BatchOrder {
  readonly #writerOf: Int32Array;
  readonly #writers: number;
  readonly #starts: Int32Array;
  readonly #turn: Int32Array;
  #rows = new Int32Array(1024);
  #sorted = new Int32Array(1024);
  #turns = new Int32Array(1024);

  /** `writerOf`: writer index by handle, −1 for none. */
  constructor(writerOf: Int32Array, writers: number) {
    this.#writerOf = writerOf;
    this.#writers = writers;
    this.#starts = new Int32Array(writers + 1);
    this.#turn = new Int32Array(writerOf.length);
  }

  /** Values of unknown handles are left out. */
  order(batch: TimedBatch): WriterRows[] {
    const { handles } = batch;
    if (this.#rows.length < handles.length) {
      this.#rows = new Int32Array(handles.length * 2);
      this.#sorted = new Int32Array(handles.length * 2);
      this.#turns = new Int32Array(handles.length * 2);
    }
    const starts = this.#starts.fill(0);
    for (const handle of handles) {
      const writer = this.#writerOf[handle] ?? -1;
      if (writer >= 0) starts[writer + 1] = (starts[writer + 1] ?? 0) + 1;
    }
    for (let writer = 0; writer < this.#writers; writer += 1)
      starts[writer + 1] = (starts[writer + 1] ?? 0) + (starts[writer] ?? 0);
    const next = starts.slice();
    for (let row = 0; row < handles.length; row += 1) {
      const writer = this.#writerOf[handles[row] ?? 0] ?? -1;
      if (writer < 0) continue;
      const place = next[writer] ?? 0;
      this.#rows[place] = row;
      next[writer] = place + 1;
    }
    const groups: WriterRows[] = [];
    for (let writer = 0; writer < this.#writers; writer += 1) {
      const begin = starts[writer] ?? 0;
      const end = starts[writer + 1] ?? 0;
      if (end > begin) groups.push({ writer, rows: this.#orderWriter(batch, begin, end) });
    }
    return groups;
  }

  #orderWriter({ handles, times }: TimedBatch, begin: number, end: number): Int32Array {
    const rows = this.#rows.subarray(begin, end);
    let isOrdered = true;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const row of rows) {
      const time = times[row] ?? 0;
      if (time < most) isOrdered = false;
      else most = time;
      if (time < least) least = time;
    }
    if (isOrdered) return rows;
    if (!(most - least <= SAME_BURST_MS)) return rows.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
    return this.#byTurn(handles, rows, begin);
  }

  #byTurn(handles: Int32Array, rows: Int32Array, begin: number): Int32Array {
    const turn = this.#turn;
    const turns = this.#turns.subarray(begin, begin + rows.length);
    let last = 0;
    rows.forEach((row, index) => {
      const handle = handles[row] ?? 0;
      const mine = turn[handle] ?? 0;
      turns[index] = mine;
      turn[handle] = mine + 1;
      if (mine > last) last = mine;
    });
    const places = new Int32Array(last + 2);
    for (const mine of turns) places[mine + 1] = (places[mine + 1] ?? 0) + 1;
    for (let index = 0; index <= last; index += 1) places[index + 1] = (places[index + 1] ?? 0) + (places[index] ?? 0);
    const sorted = this.#sorted.subarray(begin, begin + rows.length);
    rows.forEach((row, index) => {
      const mine = turns[index] ?? 0;
      const place = places[mine] ?? 0;
      sorted[place] = row;
      places[mine] = place + 1;
      turn[handles[row] ?? 0] = 0;
    });
    return sorted;
  }
}
