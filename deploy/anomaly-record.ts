import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import type { LabelledRecord } from '../scoring/anomaly/evaluation/record.ts';
import { readTimes } from './record-time.ts';

export type RecordOptions = {
  /** Name of the record in tables and file names. */
  readonly name: string;
  /** Column of the labels; null when the file has none. */
  readonly label: string | null;
  /** Column of true where a change begins or ends (SKAB). */
  readonly changepoint?: string;
  /** Column of the time; found by its name when not given. */
  readonly time?: string;
  /** Columns that are no sensors. */
  readonly without?: readonly string[];
};

export type AnomalyRecord = {
  readonly record: LabelledRecord;
  /** What was left out or taken as missing, one sentence each. */
  readonly notes: readonly string[];
};

/** Columns that would tell a detector the answer. */
const ANSWERS = /^(is_?)?(anomal(y|ies|ous)|change_?point|label|labels|attack|att_flag|event|fault|ground_?truth)$/i;
const TIMES = /^(timestamp|date_?time|date|time|ts|zeit|datum)$/i;
const NORMAL = /^(0+(\.0*)?|false|no|n|normal|ok)$/i;
const ANOMALOUS = /^([1-9]\d{0,2}(\.0*)?|true|yes|y|anomaly|anomalous|abnormal|a ?ttack|fault)$/i;
/** How public records write "nobody knows". */
const UNLABELLED = /^(|-1(\.0*)?|-999(\.0*)?|nan|na|n\/a|null|unknown)$/i;
const MISSING = /^(|nan|na|n\/a|null|none|-|inf|-inf|\?)$/i;

type Line = { readonly cells: readonly string[]; readonly line: number };

/**
 * Reads a CSV file (comma, semicolon, tab; header line) as a labelled record. A cell that is no number is missing and told
 * in the notes; a column without any number, of row numbers, or that tells the answer is no sensor.
 * @throws JoulegateError USAGE with file:line:column when the file is unreadable or empty, a named column is not there, no
 * sensor is left, or a label is none.
 */
export async function loadAnomalyRecord(file: string, options: RecordOptions): Promise<AnomalyRecord> {
  const [head, ...lines] = await readLines(file);
  if (head === undefined) throw usage(`${file}:1:1: the file is empty; a header line and rows are needed`);
  const header = head.cells;
  if (lines.length === 0) throw usage(`${file}:${head.line + 1}:1: no row after the header`);
  const column = (name: string): number => {
    const index = header.indexOf(name);
    if (index !== -1) return index;
    throw usage(`${file}:${head.line}:1: no column "${name}"; columns are: ${header.join(', ')}`);
  };
  const notes: string[] = [];
  const timeColumn = options.time === undefined ? header.findIndex((name) => TIMES.test(name)) : column(options.time);
  const labelColumn = options.label === null ? -1 : column(options.label);
  const without = new Set((options.without ?? []).map(column));
  const labelled =
    labelColumn === -1 ? null : readLabels(lines, { file, index: labelColumn, name: options.label ?? '' });
  if (labelled !== null && labelled.unknown > 0)
    notes.push(`${labelled.unknown} rows have no label and count as normal`);
  const sensors = header.flatMap((name, index) => {
    if (index === timeColumn || index === labelColumn || without.has(index)) return [];
    const why = ANSWERS.test(name) ? 'it tells the answer' : whyNoSensor(lines, index);
    if (why !== null) notes.push(`column ${index + 1} "${name}" is no sensor: ${why}`);
    return why === null ? [index] : [];
  });
  if (sensors.length === 0) throw usage(`${file}:${head.line}:1: no column is a sensor; ${notes.join('; ')}`);
  const unreadable: string[] = [];
  const rows = lines.map(({ cells, line }) =>
    Float64Array.from(sensors, (index) => {
      const value = numberOf(cells[index] ?? '');
      if (value === null) unreadable.push(`${file}:${line}:${index + 1}: "${cells[index]}" is no number`);
      return value ?? Number.NaN;
    }),
  );
  if (unreadable.length > 0) notes.push(`${unreadable.length} cells taken as missing, first ${unreadable[0]}`);
  const timestamps = lines.map(({ cells }, index) => (timeColumn === -1 ? String(index) : (cells[timeColumn] ?? '')));
  const times = timeColumn === -1 ? null : readTimes(timestamps);
  if (times === null) notes.push('no readable time: rows are taken as evenly spaced');
  return {
    notes,
    record: {
      name: options.name,
      sensors: sensors.map((index) => header[index] ?? ''),
      timestamps,
      times,
      rows,
      labels: labelled?.labels ?? rows.map(() => false),
      changepoints:
        options.changepoint === undefined
          ? rows.map(() => false)
          : readLabels(lines, { file, index: column(options.changepoint), name: options.changepoint }).labels,
    },
  };
}

async function readLines(file: string): Promise<Line[]> {
  try {
    const text = await readFile(file, 'utf8');
    const first = text.slice(0, text.search(/[\r\n]|$/));
    const delimiter = [',', ';', '\t', '|'].sort((a, b) => first.split(b).length - first.split(a).length)[0] ?? ',';
    const parsed: unknown[] = parse(text, {
      delimiter,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
      info: true,
    });
    return parsed.map((item) => {
      const { record, info } = item as { record: string[]; info: { lines: number } };
      return { cells: record, line: info.lines };
    });
  } catch (error) {
    throw new JoulegateError('USAGE', `${file} cannot be read as CSV with a header: ${describeError(error)}`, {
      cause: error,
    });
  }
}

function readLabels(
  lines: readonly Line[],
  { file, index, name }: { readonly file: string; readonly index: number; readonly name: string },
): { readonly labels: boolean[]; readonly unknown: number } {
  let unknown = 0;
  const labels = lines.map(({ cells, line }) => {
    const cell = cells[index] ?? '';
    if (NORMAL.test(cell)) return false;
    if (ANOMALOUS.test(cell)) return true;
    if (!UNLABELLED.test(cell)) {
      throw usage(
        `${file}:${line}:${index + 1}: column "${name}" holds "${cell}", which is no label (0 or 1, true or false, normal or anomaly); name the label column with --label`,
      );
    }
    unknown += 1;
    return false;
  });
  return { labels, unknown };
}

function whyNoSensor(lines: readonly Line[], index: number): string | null {
  const numbers = lines.map(({ cells }) => numberOf(cells[index] ?? ''));
  const readable = numbers.filter((value) => value !== null && Number.isFinite(value)).length;
  if (readable === 0) return 'it holds no number';
  if (readable < lines.length / 2 && numbers.filter((value) => value === null).length > readable)
    return 'it holds text';
  const counts = numbers.every((value, row) => value === (numbers[0] ?? Number.NaN) + row);
  return counts && lines.length > 2 ? 'it holds row numbers' : null;
}

/** NaN for a missing value, null for text. A decimal comma is read as a point. */
function numberOf(cell: string): number | null {
  if (MISSING.test(cell)) return Number.NaN;
  if (/^true$/i.test(cell)) return 1;
  if (/^false$/i.test(cell)) return 0;
  const value = Number(/^-?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell);
  return Number.isNaN(value) ? null : value;
}

const usage = (message: string): JoulegateError => new JoulegateError('USAGE', message);
