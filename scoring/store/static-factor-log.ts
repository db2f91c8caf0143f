import { LineBook } from './line-book.ts';
import type { LoggedStaticFactor, StaticFactorEntry } from './static-factor.ts';

/** The static-factor log: what changed, from which day, said by whom and when. Nothing is ever taken out of it. */
export class StaticFactorLog {
  readonly #lines: LineBook<LoggedStaticFactor>;

  constructor(file: string) {
    this.#lines = new LineBook(file);
  }

  /** Every entry, in the order they were made. @throws JoulegateError STORE_FAILED naming the line that cannot be read. */
  all(): Promise<readonly LoggedStaticFactor[]> {
    return this.#lines.all();
  }

  /** Adds entries that fit the schema. @throws JoulegateError STORE_FAILED. */
  log(entries: readonly StaticFactorEntry[], by: string, at: number): Promise<readonly LoggedStaticFactor[]> {
    return this.#lines.append(() => entries.map((entry) => ({ ...entry, by, at })));
  }
}
