import { appendFile, readFile } from 'node:fs/promises';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';

/** A file of JSON lines that only grows; entries are written one batch after the other, all of a batch or none. */
export class LineBook<Entry> {
  readonly #file: string;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** Every entry that was ever made, oldest first. @throws JoulegateError STORE_FAILED naming the line that cannot be read. */
  async all(): Promise<readonly Entry[]> {
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
        return [JSON.parse(line) as Entry];
      } catch (error) {
        throw new JoulegateError(
          'STORE_FAILED',
          `${this.#file}:${index + 1} is no entry: ${describeError(error)}; restore the file from its backup`,
          { cause: error },
        );
      }
    });
  }

  /** Adds what `make` gives for what the book holds by then; nothing when it throws. */
  append(make: (known: readonly Entry[]) => readonly Entry[]): Promise<readonly Entry[]> {
    const mine = this.#writing.then(async () => {
      const entries = make(await this.all());
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      await appendFile(this.#file, text, { mode: 0o600, flush: true });
      return entries;
    });
    this.#writing = mine.catch(() => undefined);
    return mine;
  }
}
