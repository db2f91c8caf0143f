import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { DateTime } from 'luxon';
import { durationMs } from '../../broker/contract/duration.ts';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { ReplayMap, ReplayTag } from './replay-map.ts';

/** One value to be served: machine and tag by their index in the map. A null value is Bad. */
export type ReplayEvent = {
  readonly at: number;
  readonly machine: number;
  readonly tag: number;
  readonly value: number | string | null;
};

export type ReplayTotals = { readonly rows: number; energyKwh: number; output: number };

export type ReplayRecord = {
  /** In order of time. */
  readonly events: readonly ReplayEvent[];
  readonly rows: number;
  /** Rows of machines that are not in the map. */
  readonly foreignRows: number;
  /** Cells that could not be used, with the line of the file. */
  readonly badCells: readonly { readonly line: number; readonly column: string; readonly text: string }[];
  /** Sums of what is accumulated, straight from the cells, by equipment path. */
  readonly totals: ReadonlyMap<string, { energyKwh: number; output: number }>;
};

type Row = { readonly at: number; readonly line: number; readonly cells: Readonly<Record<string, string>> };
const BAD_CELLS_KEPT = 1000;

/**
 * Reads a recorded file into the values a server has to show. A row holds from its timestamp for the map's interval, or until the
 * next row of the same machine; a counter has its old value at the start of a row and the higher one at its end, so
 * that what a row used lies within the row and the totals are the exact sums of the rows.
 * @throws JoulegateError CONFIG_UNREADABLE, or CONFIG_INVALID for a column that is not there or a time that is none.
 */
export async function readReplayRecord(file: string, map: ReplayMap): Promise<ReplayRecord> {
  const ids = Object.keys(map.equipment.machines);
  const rowsOf: Row[][] = ids.map(() => []);
  let rows = 0;
  let foreignRows = 0;
  const parser = createReadStream(file).pipe(
    parse({ columns: true, info: true, bom: true, trim: true, skip_empty_lines: true }),
  );
  try {
    for await (const item of parser) {
      const { record, info } = item as { record: Record<string, string>; info: { lines: number } };
      if (rows + foreignRows === 0) checkColumns(file, map, record);
      const machine = ids.indexOf(record[map.equipment.column] ?? '');
      if (machine === -1) {
        foreignRows += 1;
        continue;
      }
      rows += 1;
      rowsOf[machine]?.push({ at: instant(file, map, record, info.lines), line: info.lines, cells: record });
    }
  } catch (error) {
    if (error instanceof JoulegateError) throw error;
    throw new JoulegateError('CONFIG_UNREADABLE', `recorded file ${file} cannot be read: ${describeError(error)}`, {
      cause: error,
    });
  }
  const badCells: { line: number; column: string; text: string }[] = [];
  const totals = new Map<string, { energyKwh: number; output: number }>();
  const events: ReplayEvent[] = [];
  rowsOf.forEach((list, machine) => {
    const total = { energyKwh: 0, output: 0 };
    totals.set(map.equipment.machines[ids[machine] ?? '']?.path ?? '', total);
    list.sort((a, b) => a.at - b.at);
    map.tags.forEach((tag, index) => {
      const add = (at: number, value: number | string | null): void =>
        void events.push({ at, machine, tag: index, value });
      const bad = (row: Row): void => {
        add(row.at, null);
        if (badCells.length < BAD_CELLS_KEPT)
          badCells.push({ line: row.line, column: tag.column, text: (row.cells[tag.column] ?? '').slice(0, 40) });
      };
      if (tag.accumulate === undefined) playCells(list, tag, add, bad);
      else {
        const sum = playCounter(list, { tag, intervalMs: durationMs(map.interval), add, bad });
        if (tag.role === 'energy-counter') total.energyKwh += sum;
        if (tag.role === 'output-counter') total.output += sum;
      }
    });
  });
  events.sort((a, b) => a.at - b.at);
  return { events, rows, foreignRows, badCells, totals };
}

type Add = (at: number, value: number | string | null) => void;

function playCells(rows: readonly Row[], tag: ReplayTag, add: Add, bad: (row: Row) => void): void {
  for (const row of rows) {
    const text = row.cells[tag.column] ?? '';
    const isText = tag.role === 'state' || tag.role === 'product' || tag.role === 'order';
    const value = isText ? wholeText(text) : number(text);
    if (value === null) bad(row);
    else add(row.at, value);
  }
}

function playCounter(
  rows: readonly Row[],
  {
    tag,
    intervalMs,
    add,
    bad,
  }: { readonly tag: ReplayTag; readonly intervalMs: number; readonly add: Add; readonly bad: (row: Row) => void },
): number {
  let counter = 0;
  let shownAt = Number.NEGATIVE_INFINITY;
  rows.forEach((row, index) => {
    const value = number(row.cells[tag.column] ?? '');
    if (value === null || value < 0) return bad(row);
    if (row.at > shownAt) add(row.at, counter);
    counter += tag.accumulate === 'mean-power' ? (value * intervalMs) / 3_600_000 : value;
    const end = Math.min(rows[index + 1]?.at ?? Number.POSITIVE_INFINITY, row.at + intervalMs);
    // Two rows of one instant: the counter takes the later value a moment after.
    shownAt = Math.max(end, row.at + 1);
    add(shownAt, counter);
  });
  return counter;
}

/** A finite number, or null for anything else, the empty cell included. */
function number(text: string): number | null {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : null;
}

/** Codes that a file keeps as 2.0 are the text 2. */
function wholeText(text: string): string | null {
  if (text === '') return null;
  const value = Number(text);
  return Number.isInteger(value) ? String(value) : text;
}

function instant(file: string, map: ReplayMap, record: Readonly<Record<string, string>>, line: number): number {
  const text = record[map.timestamp.column] ?? '';
  const time = DateTime.fromISO(text.replace(' ', 'T'), { zone: map.timestamp.zone });
  if (time.isValid) return time.toMillis();
  throw new JoulegateError(
    'CONFIG_INVALID',
    `${file}:${line} column ${map.timestamp.column}: "${text.slice(0, 40)}" is no ISO 8601 time; correct the row, or name the right column in the map`,
  );
}

function checkColumns(file: string, map: ReplayMap, record: Readonly<Record<string, string>>): void {
  for (const column of [map.timestamp.column, map.equipment.column, ...map.tags.map((tag) => tag.column)]) {
    if (record[column] !== undefined) continue;
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${file} has no column "${column}"; its columns are ${Object.keys(record).join(', ')}`,
    );
  }
}
