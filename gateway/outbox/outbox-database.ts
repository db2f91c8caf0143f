import type { StatementSync } from 'node:sqlite';
import { recordChecksum, writerChecksum } from './checksum.ts';
import { LogFile } from './log-file.ts';
import { RECORD_BYTES, SENT_NAMES } from './outbox-file.ts';
import type { Appended, Backlog, OutboxMessage, OutboxRecord, OutboxState } from './outbox.ts';

export type OutboxLimits = {
  readonly maxBytes: number;
  /** Records older than this are dropped; absent: age is no reason. */
  readonly maxAgeMs?: number;
  readonly requiredConsumers: readonly string[];
};

type WriterRow = { readonly path: string; sequence: number };

const COLUMNS = 'id, writer, first, last, topic, payload, crc';
/** Old records are looked for this often. */
const AGE_CHECK_MS = 1000;

/** The log as a SQLite file: one commit per append, on disk when it returns. Runs in the outbox's worker thread. */
export class OutboxDatabase {
  readonly #file: LogFile;
  readonly #limits: OutboxLimits;
  readonly #now: () => number;
  readonly #writers = new Map<number, WriterRow>();
  /** Last sequence number per writer the broker may have seen before this run. */
  readonly #sentBefore = new Map<number, number>();
  #bytes = 0;
  #depth = 0;
  #agedAt = Number.NEGATIVE_INFINITY;

  /** @throws Error of SQLite when the file can neither be opened nor repaired. */
  constructor(file: string, limits: OutboxLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#file = new LogFile(file, () => this.#load());
    try {
      this.#load();
    } catch {
      // Sound as a tree, yet not what we wrote: a changed name in the schema, a count that leads nowhere.
      this.#file.repair();
    }
    this.#file.loadBallast(now());
  }

  writerId(path: string): number {
    return this.#file.withRepair(() => {
      const known = this.#sql('SELECT id FROM writer WHERE path = ?').get(path)?.['id'];
      if (typeof known === 'number') return known;
      const id = Number(this.#sql('INSERT INTO writer (path, sequence) VALUES (?, 0)').run(path).lastInsertRowid);
      this.#sql('UPDATE writer SET crc = ? WHERE id = ?').run(writerChecksum(id, path, 0), id);
      this.#writers.set(id, { path, sequence: 0 });
      return id;
    });
  }

  append(messages: readonly OutboxMessage[], notes?: ReadonlyMap<number, string>): Appended {
    return this.#file.withRepair(() => {
      let dropped = 0;
      let lastId = 0;
      const last = new Map<number, number>();
      this.#file.transaction(() => {
        for (const message of messages) {
          lastId = this.#insert(message);
          last.set(message.writerId, Math.max(message.lastSequence, last.get(message.writerId) ?? 0));
        }
        for (const [id, sequence] of last) this.#advance(id, sequence);
        for (const [writer, text] of notes ?? [])
          this.#sql('INSERT OR REPLACE INTO note VALUES (?, ?)').run(writer, text);
        dropped = this.#dropAged() + this.#dropOldest();
      }, this.#sumsOfNow());
      for (const [id, sequence] of last) {
        const writer = this.#writers.get(id);
        if (writer !== undefined) writer.sequence = Math.max(writer.sequence, sequence);
      }
      this.#file.loadBallast(this.#now());
      return { lastId, dropped };
    });
  }

  read(afterId: number, limit: number): OutboxRecord[] {
    return this.#readSound(() =>
      this.#sql(`SELECT ${COLUMNS} FROM record WHERE id > ? ORDER BY id LIMIT ?`).all(afterId, limit),
    );
  }

  readWriter(writer: number, afterSequence: number, limit: number): OutboxRecord[] {
    return this.#readSound(() =>
      this.#sql(`SELECT ${COLUMNS} FROM record WHERE writer = ? AND last > ? ORDER BY last LIMIT ?`).all(
        writer,
        afterSequence,
        limit,
      ),
    );
  }

  backlog(afterId: number): Backlog[] {
    return this.#file.withRepair(() =>
      this.#sql(
        'SELECT writer, COUNT(*) AS count, MIN(first) AS first, MAX(id) AS last FROM record WHERE id > ? GROUP BY writer',
      )
        .all(afterId)
        .map((row) => ({
          writerId: Number(row['writer']),
          count: Number(row['count']),
          firstSequence: Number(row['first']),
          lastId: Number(row['last']),
        })),
    );
  }

  markSent(id: number): void {
    this.#trimming(() => {
      for (const name of SENT_NAMES)
        this.#sql('INSERT INTO position VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET id = MAX(id, excluded.id)').run(
          name,
          id,
        );
      if (this.#limits.requiredConsumers.length === 0) this.#delete('id <= ?', id);
    });
  }

  /** `handed`: last sequence number per writer that was handed out for sending in this run. */
  commit(consumer: string, writers: Readonly<Record<string, number>>, handed: ReadonlyMap<number, number>): void {
    if (!this.#limits.requiredConsumers.includes(consumer)) return;
    this.#trimming(() => {
      const set = this.#sql(`INSERT INTO committed VALUES (?, ?, ?)
        ON CONFLICT(consumer, writer) DO UPDATE SET sequence = MAX(sequence, excluded.sequence)`);
      const least =
        this.#sql(`SELECT MIN(COALESCE((SELECT sequence FROM committed c WHERE c.consumer = r.value AND c.writer = ?), 0)) AS least
        FROM json_each(?) r`);
      const required = JSON.stringify(this.#limits.requiredConsumers);
      for (const [name, sequence] of Object.entries(writers)) {
        const writer = Number(name);
        const sent = Math.max(handed.get(writer) ?? 0, this.#sentBefore.get(writer) ?? 0);
        const believed = Math.min(sequence, sent);
        if (believed <= 0 || !this.#writers.has(writer)) continue;
        set.run(consumer, writer, believed);
        const safe = Number(least.get(writer, required)?.['least'] ?? 0);
        if (safe > 0) this.#delete('writer = ? AND last <= ?', writer, safe);
      }
    });
  }

  positionBefore(writers: Readonly<Record<string, number>>): number {
    return this.#file.withRepair(() => {
      let position = this.sentId();
      for (const writer of this.#writers.keys()) {
        const first = this.#sql('SELECT id FROM record WHERE writer = ? AND last > ? ORDER BY last LIMIT 1').get(
          writer,
          writers[String(writer)] ?? 0,
        )?.['id'];
        if (typeof first === 'number') position = Math.min(position, first - 1);
      }
      return position;
    });
  }

  sentId(): number {
    return Number(this.#sql("SELECT MIN(id) AS id FROM position WHERE name LIKE 'sent%'").get()?.['id'] ?? 0);
  }

  state(): OutboxState {
    return this.#file.withRepair(() => {
      const notes = new Map(
        this.#sql('SELECT writer, text FROM note')
          .all()
          .map((row) => [Number(row['writer']), String(row['text'])]),
      );
      const sequences = new Map([...this.#writers].map(([id, { sequence }]) => [id, sequence]));
      const oldest = this.#sql('SELECT at FROM record ORDER BY id LIMIT 1').get()?.['at'];
      const age = typeof oldest === 'number' ? Math.max(0, this.#now() - oldest) : 0;
      return {
        notes,
        sequences,
        sentId: this.sentId(),
        depth: this.#depth,
        bytes: this.#bytes,
        fill: Math.max(this.#bytes / this.#limits.maxBytes, age / (this.#limits.maxAgeMs ?? Number.POSITIVE_INFINITY)),
        damaged: this.#file.damaged,
      };
    });
  }

  close(): void {
    this.#file.close();
  }

  /** What is kept in memory of the file. */
  #load(): void {
    const sums = this.#sql('SELECT COUNT(*) AS depth, COALESCE(SUM(bytes), 0) AS bytes FROM record').get();
    this.#depth = Number(sums?.['depth'] ?? 0);
    this.#bytes = Number(sums?.['bytes'] ?? 0);
    this.#writers.clear();
    for (const row of this.#sql('SELECT id, path, sequence, crc FROM writer').all()) {
      const [id, path] = [Number(row['id']), String(row['path'])];
      const stored = Number(row['sequence']);
      const sound = row['crc'] === null || writerChecksum(id, path, stored) === Number(row['crc']);
      if (!sound) this.#file.damaged += 1;
      this.#writers.set(id, { path, sequence: Math.max(sound ? stored : 0, this.#highestKnown(id)) });
    }
    this.#sentBefore.clear();
    for (const row of this.#sql('SELECT writer, MAX(last) AS last FROM record WHERE id <= ? GROUP BY writer').all(
      this.sentId(),
    ))
      this.#sentBefore.set(Number(row['writer']), Number(row['last']));
  }

  #highestKnown(writer: number): number {
    const record = this.#sql('SELECT MAX(last) AS last FROM record WHERE writer = ?').get(writer)?.['last'];
    const committed = this.#sql('SELECT MAX(sequence) AS last FROM committed WHERE writer = ?').get(writer)?.['last'];
    return Math.max(Number(record ?? 0), Number(committed ?? 0));
  }

  #insert(message: OutboxMessage): number {
    const { writerId, firstSequence, lastSequence, topic, payload } = message;
    const bytes = payload.byteLength + RECORD_BYTES;
    const { lastInsertRowid } = this.#sql(
      'INSERT INTO record (writer, first, last, topic, payload, bytes, crc, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(writerId, firstSequence, lastSequence, topic, payload, bytes, recordChecksum(message), this.#now());
    this.#bytes += bytes;
    this.#depth += 1;
    return Number(lastInsertRowid);
  }

  #advance(id: number, sequence: number): void {
    const writer = this.#writers.get(id);
    if (writer === undefined || sequence <= writer.sequence) return;
    this.#sql('UPDATE writer SET sequence = ?, crc = ? WHERE id = ?').run(
      sequence,
      writerChecksum(id, writer.path, sequence),
      id,
    );
  }

  /** Records whose checksum does not hold are taken out and counted; the others go on. */
  #readSound(query: () => Record<string, unknown>[]): OutboxRecord[] {
    return this.#file.withRepair(() => {
      for (;;) {
        const rows = query();
        const records: OutboxRecord[] = [];
        const broken: number[] = [];
        for (const row of rows) {
          const record = asRecord(row);
          if (row['crc'] === null || recordChecksum(record) === Number(row['crc'])) records.push(record);
          else broken.push(record.id);
        }
        if (broken.length > 0) {
          this.#file.damaged += broken.length;
          this.#trimming(() => {
            for (const id of broken) this.#delete('id = ?', id);
          });
        }
        if (records.length > 0 || rows.length === 0) return records;
      }
    });
  }

  #dropAged(): number {
    const { maxAgeMs } = this.#limits;
    const now = this.#now();
    if (maxAgeMs === undefined || now - this.#agedAt < AGE_CHECK_MS) return 0;
    this.#agedAt = now;
    const before = now - maxAgeMs;
    const young = this.#sql('SELECT id FROM record WHERE at >= ? ORDER BY id LIMIT 1').get(before)?.['id'];
    return typeof young === 'number' ? this.#delete('id < ?', young) : 0;
  }

  /** Makes room down to nine tenths, so that not every append has to. */
  #dropOldest(): number {
    if (this.#bytes <= this.#limits.maxBytes) return 0;
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
    const sums = this.#sql(`SELECT COUNT(*) AS depth, COALESCE(SUM(bytes), 0) AS bytes FROM record WHERE ${where}`).get(
      ...values,
    );
    const gone = Number(sums?.['depth'] ?? 0);
    if (gone === 0) return 0;
    this.#bytes -= Number(sums?.['bytes'] ?? 0);
    this.#depth -= gone;
    return Number(this.#sql(`DELETE FROM record WHERE ${where}`).run(...values).changes);
  }

  #sql(text: string): StatementSync {
    return this.#file.sql(text);
  }

  /** Gives back the sums of now, for when the file takes nothing of what follows. */
  #sumsOfNow(): () => void {
    const [bytes, depth] = [this.#bytes, this.#depth];
    return () => {
      this.#bytes = bytes;
      this.#depth = depth;
    };
  }

  #trimming(work: () => void): void {
    this.#file.trim(work, this.#sumsOfNow());
  }
}

function asRecord(row: Record<string, unknown>): OutboxRecord {
  return {
    id: Number(row['id']),
    writerId: Number(row['writer']),
    firstSequence: Number(row['first']),
    lastSequence: Number(row['last']),
    topic: String(row['topic']),
    payload: bytesOf(row['payload']),
  };
}

/** A file of an earlier version holds text. */
function bytesOf(payload: unknown): Uint8Array {
  return payload instanceof Uint8Array ? payload : Buffer.from(String(payload), 'utf8');
}
