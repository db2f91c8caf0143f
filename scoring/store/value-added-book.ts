import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { JoulegateError } from '../../broker/contract/error.ts';
import { LineBook } from './line-book.ts';

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
  readonly #lines: LineBook<BookedValueAdded>;

  constructor(file: string) {
    this.#lines = new LineBook(file);
  }

  /** Every entry that was ever made, oldest first. @throws JoulegateError STORE_FAILED naming the line that cannot be read. */
  all(): Promise<readonly BookedValueAdded[]> {
    return this.#lines.all();
  }

  /** What holds now, by month. */
  async current(): Promise<ReadonlyMap<string, BookedValueAdded>> {
    return newest(await this.all());
  }

  /**
   * Books entries, all or none.
   * @throws JoulegateError QUERY_INVALID for an entry that does not fit, or a provisional one for a month that is final.
   */
  book(entries: readonly unknown[], by: string, at: number): Promise<readonly BookedValueAdded[]> {
    return this.#lines.append((known) => checked(entries, newest(known)).map((entry) => ({ ...entry, by, at })));
  }
}

const newest = (entries: readonly BookedValueAdded[]): ReadonlyMap<string, BookedValueAdded> =>
  new Map(entries.map((entry) => [entry.month, entry]));

function checked(entries: readonly unknown[], known: ReadonlyMap<string, BookedValueAdded>): ValueAddedEntry[] {
  const finals = new Set([...known.values()].filter(({ status }) => status === 'final').map(({ month }) => month));
  return entries.map((entry, index) => {
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
    return entry;
  });
}
