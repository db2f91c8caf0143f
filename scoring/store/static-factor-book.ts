import { Type, type Static } from 'typebox';
import { LineBook } from './line-book.ts';

/**
 * Something significant that does not change routinely (ISO 50006: static factor) has changed: a baseline from before it may no longer
 * hold.
 */
export const StaticFactor = Type.Object(
  {
    path: Type.String({ maxLength: 256, description: 'What it concerns: equipment path, empty = site.' }),
    day: Type.String({ format: 'date', description: 'First local day on which it holds.' }),
    kind: Type.Enum(['equipment', 'shifts', 'product-range', 'building', 'metering', 'other']),
    text: Type.String({ minLength: 1, maxLength: 1000 }),
    effect: Type.Enum(['none', 'adjust', 'rebaseline'], {
      description: 'none: noted only. adjust: a correction is to be made. rebaseline: the base period no longer holds.',
    }),
  },
  { additionalProperties: false },
);
export type StaticFactor = Static<typeof StaticFactor>;

/** A factor with who entered it and when (epoch ms). */
export type BookedStaticFactor = StaticFactor & { readonly by: string; readonly at: number };

/** The log of static factors. */
export class StaticFactorBook {
  readonly #book: LineBook<BookedStaticFactor>;

  constructor(file: string) {
    this.#book = new LineBook(file);
  }

  /** Every entry, oldest first. @throws JoulegateError STORE_FAILED */
  all(): Promise<readonly BookedStaticFactor[]> {
    return this.#book.all();
  }

  async book(factor: StaticFactor, by: string, at: number): Promise<BookedStaticFactor> {
    const entry = { ...factor, by, at };
    await this.#book.add(() => [entry]);
    return entry;
  }
}
