import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { readSeed } from './read-seed.ts';

const Period = Type.Object({ from: Type.String(), to: Type.String() });
const Name = Type.String({ minLength: 1 });

/** How the columns of a recorded file are read; files in seeds/records. */
export const RecordLayout = Type.Union([
  Type.Object(
    {
      id: Name,
      kind: Type.Literal('daily'),
      columns: Type.Object(
        {
          date: Type.Optional(Name),
          year: Type.Optional(Name),
          month: Type.Optional(Name),
          day: Type.Optional(Name),
          energyKwh: Name,
          output: Name,
        },
        { additionalProperties: false },
      ),
      outputFactor: Type.Number({ exclusiveMinimum: 0 }),
      outputUnit: Name,
      base: Type.Optional(Period),
      current: Type.Optional(Period),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      id: Name,
      kind: Type.Literal('machine-rows'),
      columns: Type.Object(
        { time: Name, equipment: Name, powerKw: Name, output: Name },
        { additionalProperties: false },
      ),
      rowMinutes: Type.Number({ exclusiveMinimum: 0 }),
      outputUnit: Name,
    },
    { additionalProperties: false },
  ),
]);
export type RecordLayout = Static<typeof RecordLayout>;

/** One row of a record. `day` is the ISO date (UTC for rows with a time). */
export type RecordRow = {
  readonly object: string;
  readonly day: string;
  readonly at: number;
  readonly energyKwh: number;
  readonly output: number;
};

export type EnergyRecord = {
  readonly layout: RecordLayout;
  readonly rows: readonly RecordRow[];
  /** Rows that could not be read, with line and reason; they are in no sum. */
  readonly refused: readonly string[];
};

const layoutCheck = Compile(RecordLayout);

/** Layouts that are shipped. @throws JoulegateError SEED_INVALID. */
export async function loadRecordLayouts(): Promise<RecordLayout[]> {
  const folder = new URL('./records/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(names.map((name) => readSeed(fileURLToPath(new URL(name, folder)), layoutCheck)));
}

/**
 * Reads a recorded CSV file by the layout whose columns it has.
 * @throws JoulegateError USAGE when the file cannot be read or no layout fits its header; the message names what is missing.
 */
export async function loadRecord(file: string): Promise<EnergyRecord> {
  let lines: Record<string, string>[];
  try {
    lines = parse(await readFile(file), { columns: true, skip_empty_lines: true, trim: true, bom: true });
  } catch (error) {
    throw new JoulegateError('USAGE', `${file} cannot be read as CSV with a header: ${describeError(error)}`, {
      cause: error,
    });
  }
  const header = Object.keys(lines[0] ?? {});
  const layouts = await loadRecordLayouts();
  const layout = layouts.find(({ columns }) => Object.values(columns).every((name) => header.includes(name)));
  if (layout === undefined) {
    const known = layouts.map(({ id, columns }) => `${id} (${Object.values(columns).join(', ')})`).join('; ');
    throw new JoulegateError(
      'USAGE',
      `${file} has the columns ${header.join(', ') || '(none)'}, which fit no known record; known: ${known}`,
    );
  }
  const rows: RecordRow[] = [];
  const refused: string[] = [];
  lines.forEach((cells, index) => {
    const row = readRow(layout, cells);
    if (typeof row === 'string') refused.push(`line ${index + 2}: ${row}`);
    else rows.push(row);
  });
  return { layout, rows, refused };
}

/** The row, or why it is none. */
function readRow(layout: RecordLayout, cells: Readonly<Record<string, string>>): RecordRow | string {
  const cell = (name: string | undefined): string => (name === undefined ? '' : (cells[name] ?? ''));
  const number = (name: string): number => (cell(name) === '' ? Number.NaN : Number(cell(name)));
  const text =
    layout.kind === 'machine-rows'
      ? cell(layout.columns.time).replace(' ', 'T')
      : layout.columns.date !== undefined
        ? `${cell(layout.columns.date)}T00:00:00Z`
        : `${cell(layout.columns.year).padStart(4, '0')}-${cell(layout.columns.month).padStart(2, '0')}-${cell(layout.columns.day).padStart(2, '0')}T00:00:00Z`;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return `"${text}" is no time`;
  const output = number(layout.columns.output) * (layout.kind === 'daily' ? layout.outputFactor : 1);
  const energyKwh =
    layout.kind === 'daily'
      ? number(layout.columns.energyKwh)
      : (number(layout.columns.powerKw) * layout.rowMinutes) / 60;
  if (!Number.isFinite(energyKwh) || energyKwh < 0) return 'energy is missing or no amount';
  if (!Number.isFinite(output) || output < 0) return 'output is missing or no amount';
  const object = layout.kind === 'machine-rows' ? `asset-${cell(layout.columns.equipment)}` : 'plant';
  return { object, day: new Date(at).toISOString().slice(0, 10), at, energyKwh, output };
}
