import type { DaySpan } from './local-day.ts';
import { wholePart } from './quantum.ts';
import {
  addRow,
  createRecord,
  sumIndex,
  sumNames,
  toRow,
  type SumName,
  type TreeObject,
  type WindowRecord,
} from './window-record.ts';
import { windowLengthMs, windowSizes, type EnergyWindow, type WindowSize } from './window.ts';

/** What is added to one minute of a chain of objects, until it is rolled up into all their windows. */
export type WindowCursor = {
  readonly objects: readonly TreeObject[];
  minute: number;
  readonly pending: Float64Array;
  dirty: boolean;
  records: WindowRecord[];
};

type ObjectWindows = Readonly<Record<WindowSize, Map<number, WindowRecord>>>;

const MINUTE = 60_000;
/** Finished windows stay in memory this long, so that usual lateness needs no look into the store. */
const KEEP_MS = 2 * 3_600_000;
const SPARE = 100_000;

/**
 * Windows in the making, for every object and length at once: what is added to a machine's minute is added to its
 * quarter, hour and day and to the same windows of its line, area and site, so that children always add up to parents.
 * Energies and pieces are whole numbers of 10⁻⁹ (see quantum.ts), times are ms.
 */
export class WindowBook {
  readonly #objects = new Map<string, ObjectWindows>();
  readonly #cursors = new Set<WindowCursor>();
  readonly #changed = new Set<WindowRecord>();
  readonly #dayOf: (at: number) => DaySpan;
  /** Windows that start before this may already be in the store. */
  readonly #storedBefore: Record<WindowSize, number>;
  /** Windows that are not final yet, and those that are, by their end. */
  readonly #unfinished = new Map<number, WindowRecord[]>();
  readonly #finished = new Map<number, WindowRecord[]>();
  /** Sums of forgotten windows, to be used again. */
  readonly #spare: Float64Array<ArrayBuffer>[] = [];

  constructor(dayOf: (at: number) => DaySpan, storedUntil = Number.NEGATIVE_INFINITY) {
    this.#dayOf = dayOf;
    this.#storedBefore = { '1m': storedUntil, '15m': storedUntil, '1h': storedUntil, '1d': storedUntil };
  }

  cursor(objects: readonly TreeObject[]): WindowCursor {
    const cursor: WindowCursor = {
      objects,
      minute: Number.NaN,
      pending: new Float64Array(sumNames.length),
      dirty: false,
      records: [],
    };
    this.#cursors.add(cursor);
    return cursor;
  }

  /** Adds to all windows that hold the instant `at`; a negative amount takes back what was added. */
  add(cursor: WindowCursor, at: number, name: SumName, amount: number): void {
    if (amount === 0) return;
    const minute = at - (at % MINUTE);
    if (cursor.minute !== minute) {
      this.#rollUp(cursor);
      cursor.minute = minute;
    }
    const index = sumIndex[name];
    cursor.pending[index] = (cursor.pending[index] ?? 0) + amount;
    cursor.dirty = true;
  }

  /** Spreads a whole amount evenly over [from, to), split at the minutes' edges; the parts add up to it exactly. */
  spread(cursor: WindowCursor, from: number, to: number, name: SumName, amount: number): void {
    if (amount === 0) return;
    let at = from;
    let given = 0;
    for (let edge = nextMinute(from); edge < to; edge += MINUTE) {
      const until = wholePart(amount, edge - from, to - from);
      this.add(cursor, at, name, until - given);
      given = until;
      at = edge;
    }
    this.add(cursor, at, name, amount - given);
  }

  /** Adds the time [from, to), `times` over, to the windows it lies in. */
  addTime(cursor: WindowCursor, from: number, to: number, name: SumName, times = 1): void {
    let at = from;
    while (at < to) {
      const edge = Math.min(nextMinute(at), to);
      this.add(cursor, at, name, (edge - at) * times);
      at = edge;
    }
  }

  noteGap(cursor: WindowCursor, from: number, to: number): void {
    const gap = to - from;
    this.#rollUp(cursor);
    for (let at = from; at < to; at = nextMinute(at)) {
      cursor.minute = at - (at % MINUTE);
      for (const record of this.#records(cursor)) {
        if (record.worstGapMs >= gap) continue;
        record.worstGapMs = gap;
        if (!record.changed) this.#mark(record);
      }
    }
  }

  /** Puts rows of the store back, so that they go on growing. */
  restore(rows: readonly EnergyWindow[]): void {
    for (const row of rows) {
      const record = this.#create({ path: row.path, level: row.level }, row.window, row);
      record.loaded = true;
      addRow(record, row);
    }
  }

  /** Changed windows the store may know already: their rows have to be merged in first. */
  unloaded(): { readonly path: string; readonly window: WindowSize; readonly start: number }[] {
    this.#rollUpAll();
    return [...this.#changed]
      .filter((record) => !record.loaded)
      .map((record) => ({ path: record.object.path, window: record.window, start: record.start }));
  }

  /** Adds the stored row to an unloaded window (null: the store has none). */
  merge(path: string, window: WindowSize, start: number, row: EnergyWindow | null): void {
    const record = this.#objects.get(path)?.[window].get(start);
    if (record === undefined || record.loaded) return;
    record.loaded = true;
    if (row !== null) addRow(record, row);
  }

  /**
   * Hands out every changed window as a row, and those that `finalBefore` has just passed. Rows stay marked until
   * `written` is called, so that a failed write loses nothing.
   */
  takeChanged(finalBefore: number): EnergyWindow[] {
    this.#rollUpAll();
    const rows: EnergyWindow[] = [];
    for (const record of this.#changed) {
      const final = record.end <= finalBefore;
      if (record.wasFinal && record.changed) record.revision += 1;
      record.changed = false;
      rows.push(toRow(record, final));
      if (final) record.wasFinal = true;
    }
    for (const [end, records] of this.#unfinished) {
      if (end > finalBefore) continue;
      for (const record of records) {
        if (record.wasFinal) continue;
        record.wasFinal = true;
        rows.push(toRow(record, true));
      }
      this.#unfinished.delete(end);
      append(this.#finished, end, records);
    }
    this.#changed.clear();
    return rows;
  }

  /** Puts rows back that could not be written. */
  retake(rows: readonly EnergyWindow[]): void {
    for (const row of rows) {
      const record = this.#objects.get(row.path)?.[row.window].get(row.start);
      if (record !== undefined) this.#changed.add(record);
    }
  }

  /** Forgets finished windows that are older than the usual lateness. */
  evict(watermark: number): void {
    for (const [end, records] of this.#finished) {
      if (end > watermark - KEEP_MS) continue;
      this.#finished.delete(end);
      const changed: WindowRecord[] = [];
      for (const record of records) {
        if (this.#changed.has(record)) changed.push(record);
        else this.#forget(record);
      }
      if (changed.length > 0) this.#finished.set(end, changed);
    }
  }

  #forget(record: WindowRecord): void {
    const { object, window, start, end, sums } = record;
    this.#objects.get(object.path)?.[window].delete(start);
    record.gone = true;
    this.#storedBefore[window] = Math.max(this.#storedBefore[window], end);
    if (this.#spare.length < SPARE) this.#spare.push(sums.fill(0));
  }

  /** The window of one object that holds `at`, when it is in memory. */
  peek(path: string, window: WindowSize, at: number): EnergyWindow | null {
    this.#rollUpAll();
    const record = this.#objects.get(path)?.[window].get(this.#span(window, at).start);
    return record === undefined ? null : toRow(record, record.wasFinal);
  }

  #rollUpAll(): void {
    for (const cursor of this.#cursors) this.#rollUp(cursor);
  }

  #rollUp(cursor: WindowCursor): void {
    if (!cursor.dirty) return;
    const { pending } = cursor;
    const records = this.#records(cursor);
    // Most minutes touch a few of the sums only.
    for (let index = 0; index < pending.length; index += 1) {
      const amount = pending[index] ?? 0;
      if (amount === 0) continue;
      for (const { sums } of records) sums[index] = (sums[index] ?? 0) + amount;
      pending[index] = 0;
    }
    for (const record of records) if (!record.changed) this.#mark(record);
    cursor.dirty = false;
  }

  /** Records of the cursor's minute; those that still hold it are kept. */
  #records(cursor: WindowCursor): readonly WindowRecord[] {
    const { minute, records, objects } = cursor;
    let slot = 0;
    for (const object of objects) {
      let windows: ObjectWindows | null = null;
      for (const window of windowSizes) {
        const known = records[slot];
        if (known === undefined || known.gone || minute < known.start || minute >= known.end) {
          windows ??= this.#windowsOf(object.path);
          const span = this.#span(window, minute);
          records[slot] = windows[window].get(span.start) ?? this.#create(object, window, span);
        }
        slot += 1;
      }
    }
    return records;
  }

  #windowsOf(path: string): ObjectWindows {
    let windows = this.#objects.get(path);
    if (windows === undefined) {
      windows = { '1m': new Map(), '15m': new Map(), '1h': new Map(), '1d': new Map() };
      this.#objects.set(path, windows);
    }
    return windows;
  }

  #span(window: WindowSize, at: number): DaySpan {
    if (window === '1d') return this.#dayOf(at);
    const length = windowLengthMs[window];
    const start = at - (at % length);
    return { start, end: start + length };
  }

  #create(object: TreeObject, window: WindowSize, span: DaySpan): WindowRecord {
    const record = createRecord(object, window, span, this.#spare.pop());
    record.loaded = span.start >= this.#storedBefore[window];
    this.#windowsOf(object.path)[window].set(span.start, record);
    const sameEnd = this.#unfinished.get(span.end);
    if (sameEnd === undefined) this.#unfinished.set(span.end, [record]);
    else sameEnd.push(record);
    return record;
  }

  #mark(record: WindowRecord): void {
    record.changed = true;
    this.#changed.add(record);
  }
}

function append(lists: Map<number, WindowRecord[]>, end: number, records: WindowRecord[]): void {
  const list = lists.get(end);
  if (list === undefined) lists.set(end, records);
  else for (const record of records) list.push(record);
}

const nextMinute = (at: number): number => at - (at % MINUTE) + MINUTE;
