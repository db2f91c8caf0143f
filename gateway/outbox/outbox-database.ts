import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Appended, OutboxMessage, OutboxRecord, OutboxState } from './outbox.ts';

export type OutboxLimits = { readonly maxBytes: number; readonly requiredConsumers: readonly string[] };

/** Room for a record beside its payload. */
const RECORD_BYTES = 200;

/** The log as a SQLite file: one commit per append, on disk when it returns. Runs in the outbox's worker thread. */
export class OutboxDatabase {
  readonly #database: DatabaseSync;
  readonly #limits: OutboxLimits;
  readonly #statements = new Map<string, StatementSync>();
  #bytes: number;

  constructor(file: string, limits: OutboxLimits) {
    this.#database = new DatabaseSync(file, { timeout: 5000 });
    this.#limits = limits;
    this.#database.exec(`PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
      CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY AUTOINCREMENT, writer INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, bytes INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS record_writer ON record (writer, last);
      CREATE TABLE IF NOT EXISTS writer (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS committed (consumer TEXT NOT NULL, writer INTEGER NOT NULL, sequence INTEGER NOT NULL,
        PRIMARY KEY (consumer, writer)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS note (writer INTEGER PRIMARY KEY, text TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS position (name TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;`);
    this.#bytes = Number(this.#sql('SELECT COALESCE(SUM(bytes), 0) AS bytes FROM record').get()?.['bytes'] ?? 0);
  }

  writerId(path: string): number {
    const known = this.#sql('SELECT id FROM writer WHERE path = ?').get(path)?.['id'];
    if (typeof known === 'number') return known;
    return Number(this.#sql('INSERT INTO writer (path, sequence) VALUES (?, 0)').run(path).lastInsertRowid);
  }

  append(messages: readonly OutboxMessage[], notes?: ReadonlyMap<number, string>): Appended {
    let dropped = 0;
    let lastId = 0;
    this.#transaction(() => {
      const insert = this.#sql(
        'INSERT INTO record (writer, first, last, topic, payload, bytes) VALUES (?, ?, ?, ?, ?, ?)',
      );
      const advance = this.#sql('UPDATE writer SET sequence = MAX(sequence, ?) WHERE id = ?');
      for (const message of messages) {
        const bytes = message.payload.byteLength + RECORD_BYTES;
        const { lastInsertRowid } = insert.run(
          message.writerId,
          message.firstSequence,
          message.lastSequence,
          message.topic,
          message.payload,
          bytes,
        );
        lastId = Number(lastInsertRowid);
        advance.run(message.lastSequence, message.writerId);
        this.#bytes += bytes;
      }
      for (const [writer, text] of notes ?? [])
        this.#sql('INSERT OR REPLACE INTO note VALUES (?, ?)').run(writer, text);
      if (this.#bytes > this.#limits.maxBytes) dropped = this.#dropOldest();
    });
    return { lastId, dropped };
  }

  read(afterId: number, limit: number): OutboxRecord[] {
    const rows = this.#sql(
      'SELECT id, writer, first, last, topic, payload FROM record WHERE id > ? ORDER BY id LIMIT ?',
    ).all(afterId, limit);
    return rows.map((row) => ({
      id: Number(row['id']),
      writerId: Number(row['writer']),
      firstSequence: Number(row['first']),
      lastSequence: Number(row['last']),
      topic: String(row['topic']),
      payload: bytesOf(row['payload']),
    }));
  }

  markSent(id: number): void {
    this.#transaction(() => {
      this.#sql(
        "INSERT INTO position VALUES ('sent', ?) ON CONFLICT(name) DO UPDATE SET id = MAX(id, excluded.id)",
      ).run(id);
      if (this.#limits.requiredConsumers.length === 0) this.#delete('id <= ?', id);
    });
  }

  commit(consumer: string, writers: Readonly<Record<string, number>>): void {
    if (!this.#limits.requiredConsumers.includes(consumer)) return;
    this.#transaction(() => {
      const set = this.#sql(`INSERT INTO committed SELECT ?, id, MIN(?, sequence) FROM writer WHERE id = ?
        ON CONFLICT(consumer, writer) DO UPDATE SET sequence = MAX(sequence, excluded.sequence)`);
      const least =
        this.#sql(`SELECT MIN(COALESCE((SELECT sequence FROM committed c WHERE c.consumer = r.value AND c.writer = ?), 0)) AS least
        FROM json_each(?) r`);
      const required = JSON.stringify(this.#limits.requiredConsumers);
      for (const [writer, sequence] of Object.entries(writers)) {
        set.run(consumer, sequence, Number(writer));
        const safe = Number(least.get(Number(writer), required)?.['least'] ?? 0);
        if (safe > 0) this.#delete('writer = ? AND last <= ?', Number(writer), safe);
      }
    });
  }

  positionBefore(writers: Readonly<Record<string, number>>): number {
    let position = this.sentId();
    for (const row of this.#sql('SELECT id FROM writer').all()) {
      const writer = Number(row['id']);
      const first = this.#sql('SELECT MIN(id) AS id FROM record WHERE writer = ? AND last > ?').get(
        writer,
        writers[String(writer)] ?? 0,
      )?.['id'];
      if (typeof first === 'number') position = Math.min(position, first - 1);
    }
    return position;
  }

  sentId(): number {
    return Number(this.#sql("SELECT id FROM position WHERE name = 'sent'").get()?.['id'] ?? 0);
  }

  state(): OutboxState {
    const sequences = new Map(
      this.#sql('SELECT id, sequence FROM writer')
        .all()
        .map((row) => [Number(row['id']), Number(row['sequence'])]),
    );
    const depth = Number(this.#sql('SELECT COUNT(*) AS depth FROM record').get()?.['depth'] ?? 0);
    const notes = new Map(
      this.#sql('SELECT writer, text FROM note')
        .all()
        .map((row) => [Number(row['writer']), String(row['text'])]),
    );
    return { notes, sequences, sentId: this.sentId(), depth, bytes: this.#bytes };
  }

  close(): void {
    this.#database.close();
  }

  /** Makes room down to nine tenths, so that not every append has to. */
  #dropOldest(): number {
    let dropped = 0;
    while (this.#bytes > this.#limits.maxBytes * 0.9) {
      const oldest = this.#sql('SELECT id FROM record ORDER BY id LIMIT 1 OFFSET 99').get()?.['id'];
      const gone = this.#delete('id <= ?', typeof oldest === 'number' ? oldest : Number.MAX_SAFE_INTEGER);
      dropped += gone;
      if (gone === 0) break;
    }
    return dropped;
  }

  #delete(where: string, ...values: number[]): number {
    const bytes = Number(
      this.#sql(`SELECT COALESCE(SUM(bytes), 0) AS bytes FROM record WHERE ${where}`).get(...values)?.['bytes'] ?? 0,
    );
    if (bytes === 0) return 0;
    this.#bytes -= bytes;
    return Number(this.#sql(`DELETE FROM record WHERE ${where}`).run(...values).changes);
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A file of an earlier version holds text. */
function bytesOf(payload: unknown): Uint8Array {
  return payload instanceof Uint8Array ? payload : Buffer.from(String(payload), 'utf8');
}
