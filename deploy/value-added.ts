import { mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { ValueAddedBook } from '../scoring/store/value-added-book.ts';
import type { CommandContext } from './commands/context.ts';
import type { ValueAddedOptions } from './commands/value-added.ts';
import { openDataDir } from './data-dir.ts';

const columns = ['month', 'nominal', 'priceIndex', 'status', 'source'] as const;
type Row = Readonly<Record<string, string>>;

/**
 * Books the rows of a CSV file, all or none, into the book a running scoring service reads as well.
 * @throws JoulegateError USAGE for a file that cannot be read or lacks a column; QUERY_INVALID naming the entry that does not fit.
 */
export async function valueAddedCommand(
  file: string,
  options: ValueAddedOptions,
  context: CommandContext,
): Promise<void> {
  const rows = await readRows(resolve(context.cwd, file));
  const data = await openDataDir(resolve(context.cwd, options.data));
  const bookFile = data.at('scoring', 'value-added.jsonl');
  await mkdir(dirname(bookFile), { recursive: true, mode: 0o700 });
  let booked;
  try {
    booked = await new ValueAddedBook(bookFile).book(rows.map(entryOf), options.by, context.now());
  } catch (error) {
    if (!(error instanceof JoulegateError)) throw error;
    throw new JoulegateError(error.code, `${file}, counted without the header: ${error.message}; nothing was booked`, {
      cause: error,
    });
  }
  context.stdout.write(
    options.json === true
      ? `${JSON.stringify({ items: booked })}\n`
      : `booked ${booked.length} months in ${bookFile}\n${booked
          .map(({ month, nominal, priceIndex, status }) => `  ${month}  ${nominal}  index ${priceIndex}  ${status}\n`)
          .join('')}`,
  );
}

async function readRows(file: string): Promise<readonly Row[]> {
  let rows: Row[];
  try {
    rows = parse(await readFile(file), { columns: true, skip_empty_lines: true, trim: true, bom: true });
  } catch (error) {
    throw new JoulegateError('USAGE', `${file} cannot be read as CSV with a header: ${describeError(error)}`, {
      cause: error,
    });
  }
  const [first] = rows;
  if (first === undefined)
    throw new JoulegateError('USAGE', `${file} has no rows; give the columns ${columns.join(', ')}`);
  const missing = columns.filter((name) => !Object.hasOwn(first, name));
  if (missing.length > 0) {
    throw new JoulegateError('USAGE', `${file} lacks the columns ${missing.join(', ')}; give ${columns.join(', ')}`);
  }
  return rows;
}

/** Blank and wrong cells stay what they are, so that the book refuses them instead of taking 0. */
function entryOf({ month, nominal = '', priceIndex = '', status, source }: Row): unknown {
  const amount = (text: string): number | string => (text === '' || Number.isNaN(Number(text)) ? text : Number(text));
  return { month, nominal: amount(nominal), priceIndex: amount(priceIndex), status, source };
}
