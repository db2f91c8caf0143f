import { appendFile, readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';

/** Value added of one month as accounting reports it. */
export const ValueAddedEntry = Type.Object(
  {
    month: Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', examples: ['2026-01'] }),
    nominal: Type.Number({ exclusiveMinimum: 0, description: 'Value added at current prices, 10⁴ yuan.' }),
    priceIndex: Type.Number({
      exclusiveMinimum: 0,
      description: 'Price index against the constant-price base year, 100 = base.',
    }),
    status: Type.Enum(['provisional', 'final']),
    source: Type.String({ minLength: 1, maxLength: 256, description: 'Report or ledger the figure is from.' }),
  },
  { additionalProperties: false },
);
export type ValueAddedEntry = Static<typeof ValueAddedEntry>;

/** An entry with who entered it and when (epoch ms). Nothing is ever taken out of the book. */
export type BookedValueAdded = ValueAddedEntry & { readonly by: string; readonly at: number };

const check = Compile(ValueAddedEntry);

/**
 * The audited book of value added: a file of JSON lines that only grows. The newest entry of a month holds; a final one is replaced
 * by a final one only.
 */
export class ValueAddedBook {
  readonly #file: string;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** Every entry that was ever made, oldest first. @throws JoulegateError STORE_FAILED naming the line that cannot be read. */
  async all(): Promise<readonly BookedValueAdded[]> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new JoulegateError('STORE_FAILED', `${this.#file} cannot be read: ${describeError(error)}`, {
        cause: error,
      });
    }
    return text.split('\n').flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as BookedValueAdded];
      } catch (error) {
        throw new JoulegateError(
          'STORE_FAILED',
          `${this.#file}:${index + 1} is no entry: ${describeError(error)}; restore the file from its backup`,
          { cause: error },
        );
      }
    });
  }

  /** What holds now, by month. */
  async current(): Promise<ReadonlyMap<string, BookedValueAdded>> {
    const months = new Map<string, BookedValueAdded>();
    for (const entry of await this.all()) months.set(entry.month, entry);
    return months;
  }

  /**
   * Books entries, all or none.
   * @throws JoulegateError QUERY_INVALID for an entry that does not fit, or a provisional one for a month that is final.
   */
  book(entries: readonly unknown[], by: string, at: number): Promise<readonly BookedValueAdded[]> {
    const mine = this.#writing.then(() => this.#book(entries, by, at));
    this.#writing = mine.catch(() => undefined);
    return mine;
  }

  async #book(entries: readonly unknown[], by: string, at: number): Promise<readonly BookedValueAdded[]> {
    const known = await this.current();
    const finals = new Set([...known.values()].filter(({ status }) => status === 'final').map(({ month }) => month));
    const booked = entries.map((entry, index) => {
      if (!check.Check(entry)) {
        const [first] = check.Errors(entry);
        throw new JoulegateError(
          'QUERY_INVALID',
          `entry ${index + 1}: ${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}; give month, nominal, priceIndex, status and source`,
        );
      }
      if (entry.status === 'provisional' && finals.has(entry.month)) {
        throw new JoulegateError(
          'QUERY_INVALID',
          `entry ${index + 1}: ${entry.month} is final already; correct it by another final entry`,
        );
      }
      if (entry.status === 'final') finals.add(entry.month);
      return { ...entry, by, at };
    });
    const text = booked.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await appendFile(this.#file, text, { mode: 0o600, flush: true });
    return booked;
  }
}
