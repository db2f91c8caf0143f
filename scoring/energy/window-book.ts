import type { DaySpan } from './local-day.ts';
import { windowLengthMs, windowSizes, type EnergyWindow, type EquipmentLevel, type WindowSize } from './window.ts';

/** The additive members of a window. */
export type WindowSums = {
  energyKwh: number;
  idleKwh: number;
  estimatedKwh: number;
  output: number;
  scrap: number;
  runMs: number;
  idleMs: number;
  offMs: number;
  otherMs: number;
  coveredMs: number;
  expectedMs: number;
  unresolved: number;
};
export type SumName = keyof WindowSums;

type WindowRecord = WindowSums & {
  readonly object: TreeObject;
  readonly window: WindowSize;
  readonly start: number;
  readonly end: number;
  worstGapMs: number;
  revision: number;
  /** false: the store may already hold this window; its row is added before the next write. */
  loaded: boolean;
  /** true: written as final once, so a further change is a revision. */
  wasFinal: boolean;
  changed: boolean;
};

/** An object of the tree whose windows are kept. */
export type TreeObject = { readonly path: string; readonly level: EquipmentLevel };

/** Cached records of one object chain for the minute that is being filled. */
export type WindowCursor = {
  readonly objects: readonly TreeObject[];
  minute: number;
  generation: number;
  records: WindowRecord[];
};

const SUM_NAMES: readonly SumName[] = [
  'energyKwh',
  'idleKwh',
  'estimatedKwh',
  'output',
  'scrap',
  'runMs',
  'idleMs',
  'offMs',
  'otherMs',
  'coveredMs',
  'expectedMs',
  'unresolved',
];
const MINUTE = 60_000;
/** Finished windows stay in memory this long, so that usual lateness needs no look into the store. */
const KEEP_MS = 2 * 3_600_000;

/**
 * Windows in the making, for every object and length at once: what is added to a machine's minute is added to its
 * quarter, hour and day and to the same windows of its line, area and site, so that children always add up to parents.
 */
export class WindowBook {
  readonly #records = new Map<string, WindowRecord>();
  readonly #changed = new Set<WindowRecord>();
  readonly #dayOf: (at: number) => DaySpan;
  /** Windows that start before this may already be in the store. */
  readonly #storedBefore: Record<WindowSize, number>;
  /** Raised when records leave memory, so that cursors do not write into forgotten ones. */
  #generation = 0;

  constructor(dayOf: (at: number) => DaySpan, storedUntil = Number.NEGATIVE_INFINITY) {
    this.#dayOf = dayOf;
    this.#storedBefore = { '1m': storedUntil, '15m': storedUntil, '1h': storedUntil, '1d': storedUntil };
  }

  cursor(objects: readonly TreeObject[]): WindowCursor {
    return { objects, minute: Number.NaN, generation: 0, records: [] };
  }

  /** Adds to all windows that hold the instant `at`. */
  add(cursor: WindowCursor, at: number, name: SumName, amount: number): void {
    if (amount === 0) return;
    for (const record of this.#at(cursor, at)) {
      record[name] += amount;
      if (!record.changed) this.#mark(record);
    }
  }

  /** Spreads an amount evenly over [from, to), split at the minutes' edges; the parts add up to the amount. */
  spread(cursor: WindowCursor, from: number, to: number, name: SumName, amount: number): void {
    if (amount === 0) return;
    let cursorAt = from;
    let left = amount;
    for (let edge = nextMinute(from); edge < to; edge += MINUTE) {
      const part = (amount * (edge - cursorAt)) / (to - from);
      this.add(cursor, cursorAt, name, part);
      left -= part;
      cursorAt = edge;
    }
    this.add(cursor, cursorAt, name, left);
  }

  /** Adds the time [from, to) in ms to the windows it lies in. */
  addTime(cursor: WindowCursor, from: number, to: number, name: SumName): void {
    let at = from;
    while (at < to) {
      const edge = Math.min(nextMinute(at), to);
      this.add(cursor, at, name, edge - at);
      at = edge;
    }
  }

  noteGap(cursor: WindowCursor, from: number, to: number): void {
    const gap = to - from;
    for (let at = from; at < to; at = nextMinute(at)) {
      for (const record of this.#at(cursor, at)) {
        if (record.worstGapMs >= gap) continue;
        record.worstGapMs = gap;
        if (!record.changed) this.#mark(record);
      }
    }
  }

  /** Puts rows of the store back, so that they go on growing. */
  restore(rows: readonly EnergyWindow[]): void {
    for (const row of rows) {
      const record = this.#create(row, row.window, row.start, row.end);
      record.loaded = true;
      copySums(row, record);
      record.worstGapMs = row.worstGapMs;
      record.revision = row.revision;
      record.wasFinal = row.state === 'final';
    }
  }

  /** Changed windows the store may know already: their rows have to be merged in first. */
  unloaded(): { readonly path: string; readonly window: WindowSize; readonly start: number }[] {
    return [...this.#changed]
      .filter((record) => !record.loaded)
      .map((record) => ({ path: record.object.path, window: record.window, start: record.start }));
  }

  /** Adds the stored row to an unloaded window (null: the store has none). */
  merge(path: string, window: WindowSize, start: number, row: EnergyWindow | null): void {
    const record = this.#records.get(recordKey(path, window, start));
    if (record === undefined || record.loaded) return;
    record.loaded = true;
    if (row === null) return;
    for (const name of SUM_NAMES) record[name] += row[name];
    record.worstGapMs = Math.max(record.worstGapMs, row.worstGapMs);
    record.revision = row.revision;
    record.wasFinal = row.state === 'final';
  }

  /**
   * Hands out every changed window as a row, and those that `finalBefore` has just passed. Rows stay marked until
   * `written` is called, so that a failed write loses nothing.
   */
  takeChanged(finalBefore: number): EnergyWindow[] {
    const rows: EnergyWindow[] = [];
    for (const record of this.#changed) {
      const final = record.end <= finalBefore;
      if (record.wasFinal && record.changed) record.revision += 1;
      record.changed = false;
      rows.push(toRow(record, final));
      if (final) record.wasFinal = true;
    }
    for (const record of this.#records.values()) {
      if (record.wasFinal || record.end > finalBefore || this.#changed.has(record)) continue;
      record.wasFinal = true;
      rows.push(toRow(record, true));
    }
    this.#changed.clear();
    return rows;
  }

  /** Puts rows back that could not be written. */
  retake(rows: readonly EnergyWindow[]): void {
    for (const row of rows) {
      const record = this.#records.get(recordKey(row.path, row.window, row.start));
      if (record !== undefined) this.#changed.add(record);
    }
  }

  /** Forgets finished windows that are older than the usual lateness. */
  evict(watermark: number): void {
    for (const [key, record] of this.#records) {
      if (!record.wasFinal || record.end > watermark - KEEP_MS || this.#changed.has(record)) continue;
      this.#records.delete(key);
      this.#generation += 1;
      this.#storedBefore[record.window] = Math.max(this.#storedBefore[record.window], record.end);
    }
  }

  /** The window of one object that holds `at`, when it is in memory. */
  peek(path: string, window: WindowSize, at: number): EnergyWindow | null {
    const record = this.#records.get(recordKey(path, window, this.#span(window, at).start));
    return record === undefined ? null : toRow(record, record.wasFinal);
  }

  #at(cursor: WindowCursor, at: number): WindowRecord[] {
    const minute = at - (at % MINUTE);
    if (cursor.minute === minute && cursor.generation === this.#generation) return cursor.records;
    cursor.minute = minute;
    cursor.generation = this.#generation;
    cursor.records = cursor.objects.flatMap((object) =>
      windowSizes.map((window) => {
        const { start, end } = this.#span(window, at);
        return this.#records.get(recordKey(object.path, window, start)) ?? this.#create(object, window, start, end);
      }),
    );
    return cursor.records;
  }

  #span(window: WindowSize, at: number): DaySpan {
    if (window === '1d') return this.#dayOf(at);
    const length = windowLengthMs[window];
    const start = at - (at % length);
    return { start, end: start + length };
  }

  #create({ path, level }: TreeObject, window: WindowSize, start: number, end: number): WindowRecord {
    const record: WindowRecord = {
      object: { path, level },
      window,
      start,
      end,
      energyKwh: 0,
      idleKwh: 0,
      estimatedKwh: 0,
      output: 0,
      scrap: 0,
      runMs: 0,
      idleMs: 0,
      offMs: 0,
      otherMs: 0,
      coveredMs: 0,
      expectedMs: 0,
      unresolved: 0,
      worstGapMs: 0,
      revision: 0,
      loaded: start >= this.#storedBefore[window],
      wasFinal: false,
      changed: false,
    };
    this.#records.set(recordKey(path, window, start), record);
    return record;
  }

  #mark(record: WindowRecord): void {
    record.changed = true;
    this.#changed.add(record);
  }
}

function copySums(from: WindowSums | EnergyWindow, to: WindowSums): void {
  for (const name of SUM_NAMES) to[name] = from[name];
}

function toRow(record: WindowRecord, final: boolean): EnergyWindow {
  return {
    path: record.object.path,
    level: record.object.level,
    window: record.window,
    start: record.start,
    end: record.end,
    state: final ? 'final' : 'open',
    revision: record.revision,
    energyKwh: record.energyKwh,
    idleKwh: record.idleKwh,
    estimatedKwh: record.estimatedKwh,
    output: record.output,
    scrap: record.scrap,
    runMs: record.runMs,
    idleMs: record.idleMs,
    offMs: record.offMs,
    otherMs: record.otherMs,
    coveredMs: record.coveredMs,
    expectedMs: record.expectedMs,
    worstGapMs: record.worstGapMs,
    unresolved: record.unresolved,
  };
}

const recordKey = (path: string, window: WindowSize, start: number): string => `${window}|${start}|${path}`;
const nextMinute = (at: number): number => at - (at % MINUTE) + MINUTE;
