import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { ValueAddedBook, type BookedValueAdded } from '../scoring/store/value-added-book.ts';
import type { CommandContext } from './commands/context.ts';
import type { ValueAddedOptions } from './commands/value-added.ts';

const columns = ['month', 'nominal', 'priceIndex', 'status', 'source'] as const;

/**
 * Books value added from a CSV file, all rows or none, or prints the book. A running scoring service sees it at once.
 * @throws JoulegateError CONFIG_UNREADABLE, or QUERY_INVALID naming the line that does not fit.
 */
export async function valueAddedCommand(
  file: string | undefined,
  { data, by, json }: ValueAddedOptions,
  { cwd, stdout }: CommandContext,
): Promise<void> {
  const folder = join(resolve(cwd, data), 'scoring');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const book = new ValueAddedBook(join(folder, 'value-added.jsonl'));
  if (file === undefined) {
    const entries = await book.all();
    stdout.write(
      json === true ? `${JSON.stringify(entries)}\n` : `${entries.map(line).join('\n') || 'the book is empty'}\n`,
    );
    return;
  }
  const rows = await readRows(resolve(cwd, file), file);
  const booked = await book.book(rows, by, Date.now()).catch((error: unknown) => {
    // Row 1 of the entries stands in line 2 of the file.
    const place = /^entry (\d+): /.exec(describeError(error));
    if (place === null) throw error;
    const message = describeError(error).slice(place[0].length);
    throw new JoulegateError('QUERY_INVALID', `${file}:${Number(place[1]) + 1}: ${message}; nothing was booked`);
  });
  stdout.write(json === true ? `${JSON.stringify(booked)}\n` : `${booked.map(line).join('\n')}\n`);
}

const line = ({ month, nominal, priceIndex, status, source, by, at }: BookedValueAdded): string =>
  `${month}  ${nominal} ×10⁴ CNY, index ${priceIndex}, ${status}, ${source} (${by}, ${new Date(at).toISOString()})`;

async function readRows(path: string, name: string): Promise<object[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new JoulegateError('CONFIG_UNREADABLE', `${name} cannot be read: ${describeError(error)}`, { cause: error });
  }
  let rows: readonly Record<string, string>[];
  try {
    rows = parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw new JoulegateError('QUERY_INVALID', `${name}: ${describeError(error)}`, { cause: error });
  }
  const missing = columns.filter((column) => !Object.keys(rows[0] ?? {}).includes(column));
  if (rows.length === 0 || missing.length > 0) {
    throw new JoulegateError(
      'QUERY_INVALID',
      `${name}:1: ${rows.length === 0 ? 'the file has no rows' : `column ${missing.join(', ')} is missing`}; the first line must be ${columns.join(',')}`,
    );
  }
  return rows.map(({ month, nominal, priceIndex, status, source }) => ({
    month,
    nominal: numberOf(nominal),
    priceIndex: numberOf(priceIndex),
    status,
    source,
  }));
}

/** An empty cell is missing, not 0. */
const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : Number(text);
