import { DatabaseSync } from 'node:sqlite';

/** A block of lines in the queue. */
export type QueuedBlock = { readonly id: number; readonly lines: readonly string[] };

/** Durable, bounded queue of line-protocol blocks in a SQLite file of its own. */
export class LineQueue {
  readonly #database: DatabaseSync;
  readonly #maxBytes: number;
  #bytes: number;

  constructor(file: string, maxBytes: number) {
    this.#database = new DatabaseSync(file, { timeout: 5000 });
    this.#maxBytes = maxBytes;
    this.#database.exec(`PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
      CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY AUTOINCREMENT, lines TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL)`);
    this.#bytes = Number(
      this.#database.prepare('SELECT COALESCE(SUM(bytes), 0) AS bytes FROM block').get()?.['bytes'] ?? 0,
    );
  }

  /** Lines that wait. */
  get length(): number {
    return Number(this.#database.prepare('SELECT COALESCE(SUM(count), 0) AS count FROM block').get()?.['count'] ?? 0);
  }

  /** On disk when it returns. @returns how many old lines had to go for the new ones. */
  push(lines: readonly string[]): number {
    const text = lines.join('\n');
    const bytes = Buffer.byteLength(text);
    this.#database.prepare('INSERT INTO block (lines, count, bytes) VALUES (?, ?, ?)').run(text, lines.length, bytes);
    this.#bytes += bytes;
    let dropped = 0;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#database.prepare('SELECT id, count, bytes FROM block ORDER BY id LIMIT 1').get();
      if (oldest === undefined) break;
      this.remove(Number(oldest['id']));
      dropped += Number(oldest['count']);
    }
    return dropped;
  }

  /** Oldest blocks that together have at most `limit` lines; at least one when there is any. */
  peek(limit: number): QueuedBlock[] {
    const blocks: QueuedBlock[] = [];
    let count = 0;
    for (const row of this.#database.prepare('SELECT id, lines, count FROM block ORDER BY id LIMIT 50').all()) {
      count += Number(row['count']);
      if (blocks.length > 0 && count > limit) break;
      blocks.push({ id: Number(row['id']), lines: String(row['lines']).split('\n') });
    }
    return blocks;
  }

  remove(id: number): void {
    const row = this.#database.prepare('DELETE FROM block WHERE id = ? RETURNING bytes').get(id);
    this.#bytes -= Number(row?.['bytes'] ?? 0);
  }

  close(): void {
    this.#database.close();
  }
}
