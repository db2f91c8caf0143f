import { open, rename, rm } from 'node:fs/promises';
import { fileWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { Cell, ColumnType, ExportTable } from './table.ts';

export const exportFormats = ['csv', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Rows of a row group of Parquet. */
const GROUP_ROWS = 50_000;

/**
 * Writes a table to a file, which appears whole or not at all. CSV by RFC 4180 in UTF-8, instants in ISO 8601, unknown
 * figures empty. @returns how many rows. @throws JoulegateError STORE_FAILED.
 */
export async function writeTable(table: ExportTable, file: string, format: ExportFormat): Promise<number> {
  const draft = `${file}.part`;
  try {
    const rows = format === 'csv' ? await writeCsv(table, draft) : await writeParquet(table, draft);
    await rename(draft, file);
    return rows;
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof JoulegateError) throw error;
    throw new JoulegateError(
      'STORE_FAILED',
      `${file} cannot be written: ${describeError(error)}; free disk space and check permissions`,
      { cause: error },
    );
  }
}

async function writeCsv({ columns, pieces }: ExportTable, file: string): Promise<number> {
  const handle = await open(file, 'w', 0o600);
  let rows = 0;
  try {
    await handle.write(`${columns.map(({ name }) => name).join(',')}\r\n`);
    for await (const piece of pieces()) {
      await handle.write(piece.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join(''));
      rows += piece.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return rows;
}

/** A text that a spreadsheet would calculate gets an apostrophe in front. */
export function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== 'string') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const parquetTypes = {
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  integer: { type: 'INT32' },
  boolean: { type: 'BOOLEAN' },
} as const satisfies Record<ColumnType, Omit<SchemaElement, 'name'>>;

async function writeParquet({ columns, pieces }: ExportTable, file: string): Promise<number> {
  const writer = fileWriter(file);
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...parquetTypes[type] })),
  ];
  const parquet = new ParquetWriter({ writer, schema, createdBy: 'joulegate' });
  let waiting: (readonly Cell[])[] = [];
  let rows = 0;
  const put = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const columnData = columns.map(({ name }, at) => ({ name, data: waiting.map((cells) => cells[at] ?? null) }));
    await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    rows += waiting.length;
    waiting = [];
  };
  for await (const piece of pieces()) {
    for (const cells of piece) {
      waiting.push(cells);
      if (waiting.length === GROUP_ROWS) await put();
    }
  }
  await put();
  await parquet.finish();
  return rows;
}
