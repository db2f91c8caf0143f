import { renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';

/** Lines that were put in together, as one text. */
export type QueuedBlock = { readonly id: number; readonly text: string; readonly count: number };

const WORTH_SHRINKING_PAGES = 256;
/** SQLite's result codes CORRUPT and NOTADB. */
const DAMAGED = new Set([11, 26]);

/** Durable, bounded queue of line protocol in a SQLite file of its own. */
export class LineQueue {
  readonly #database: DatabaseSync;
  readonly #maxBytes: number;
  #bytes = 0;
  #length = 0;

  private constructor(database: DatabaseSync, maxBytes: number) {
    this.#database = database;
    this.#maxBytes = maxBytes;
  }

  /**
   * A damaged file is moved aside and told to `onDamaged`; an empty queue takes its place.
   * @throws JoulegateError STORE_FAILED.
   */
  static open(
    file: string,
    { maxBytes, onDamaged }: { readonly maxBytes: number; readonly onDamaged: (aside: string, reason: string) => void },
  ): LineQueue {
    try {
      return LineQueue.#open(file, maxBytes);
    } catch (error) {
      if (!(error instanceof Error && 'errcode' in error && DAMAGED.has(Number(error.errcode) % 256))) {
        throw new JoulegateError(
          'STORE_FAILED',
          `queue ${file} cannot be opened: ${describeError(error)}; check permissions and disk space`,
          { cause: error },
        );
      }
      const aside = `${file}.damaged`;
      for (const part of ['', '-wal', '-shm']) {
        try {
          renameSync(`${file}${part}`, `${aside}${part}`);
        } catch {
          // Not every part exists.
        }
      }
      onDamaged(aside, describeError(error));
      return LineQueue.#open(file, maxBytes);
    }
  }

  static #open(file: string, maxBytes: number): LineQueue {
    const database = new DatabaseSync(file, { timeout: 5000 });
    try {
      database.exec(`PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
        CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY AUTOINCREMENT, count INTEGER NOT NULL, bytes INTEGER NOT NULL, lines TEXT NOT NULL)`);
      const queue = new LineQueue(database, maxBytes);
      queue.#measure();
      return queue;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Lines that wait. */
  get length(): number {
    return this.#length;
  }

  /** All blocks are on disk when it returns, or none. @returns how many of the oldest lines had to go for them. */
  push(blocks: readonly (readonly string[])[]): number {
    let dropped = 0;
    this.#transaction(() => {
      const insert = this.#database.prepare('INSERT INTO block (count, bytes, lines) VALUES (?, ?, ?)');
      for (const lines of blocks) {
        const text = lines.join('\n');
        const bytes = Buffer.byteLength(text);
        insert.run(lines.length, bytes, text);
        this.#bytes += bytes;
        this.#length += lines.length;
      }
      dropped = this.#dropExcess();
    });
    return dropped;
  }

  /** Oldest blocks after block `after`, until they have at least `enough` lines. */
  peek(enough: number, after = 0): QueuedBlock[] {
    const blocks: QueuedBlock[] = [];
    let count = 0;
    const rows = this.#database.prepare('SELECT id, lines, count FROM block WHERE id > ? ORDER BY id').iterate(after);
    for (const row of rows) {
      const block = { id: Number(row['id']), text: String(row['lines']), count: Number(row['count']) };
      blocks.push(block);
      count += block.count;
      if (count >= enough) break;
    }
    return blocks;
  }

  /** Removes all blocks up to this one. The file gives room back once it is empty. */
  removeTo(id: number): void {
    this.#transaction(() => this.#removeTo(id));
    // Another process may have put lines in.
    if (this.#length <= 0) this.#measure();
    if (this.#length > 0) return;
    const free = Number(this.#database.prepare('PRAGMA freelist_count').get()?.['freelist_count'] ?? 0);
    if (free > WORTH_SHRINKING_PAGES) this.#database.exec('PRAGMA incremental_vacuum');
  }

  close(): void {
    this.#database.close();
  }

  #dropExcess(): number {
    let excess = this.#bytes - this.#maxBytes;
    if (excess <= 0) return 0;
    let last = 0;
    let lines = 0;
    for (const row of this.#database.prepare('SELECT id, count, bytes FROM block ORDER BY id').iterate()) {
      if (excess <= 0) break;
      excess -= Number(row['bytes']);
      lines += Number(row['count']);
      last = Number(row['id']);
    }
    this.#removeTo(last);
    return lines;
  }

  #removeTo(id: number): void {
    const removed = this.#sums('<=', id);
    this.#database.prepare('DELETE FROM block WHERE id <= ?').run(id);
    this.#bytes -= removed.bytes;
    this.#length -= removed.count;
  }

  #measure(): void {
    const all = this.#sums('>', 0);
    this.#bytes = all.bytes;
    this.#length = all.count;
  }

  #sums(side: '<=' | '>', id: number): { bytes: number; count: number } {
    const row = this.#database
      .prepare(
        `SELECT COALESCE(SUM(bytes), 0) AS bytes, COALESCE(SUM(count), 0) AS count FROM block WHERE id ${side} ?`,
      )
      .get(id);
    return { bytes: Number(row?.['bytes'] ?? 0), count: Number(row?.['count'] ?? 0) };
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#measure();
      throw error;
    }
  }
}
