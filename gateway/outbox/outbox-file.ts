import { accessSync, constants, existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { recordChecksum, writerChecksum } from './checksum.ts';
import { PAGE_BYTES, salvage } from './salvage.ts';

/** Room for a record beside its payload. */
export const RECORD_BYTES = 200;

export type OpenedFile = {
  readonly database: DatabaseSync;
  /** null: the file was sound. Otherwise messages (by sequence numbers) that were in it and are gone. */
  readonly lost: number | null;
};

type Row = Record<string, unknown>;
/** Small tables of a damaged file, as far as SQLite can still read them. */
type Remains = { readonly committed: Row[]; readonly notes: Row[]; readonly sent: number | null };

/**
 * SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR_SHORT_READ, and SQLITE_ERROR: our statements never change, so one that no longer
 * fits the schema says that the schema has changed.
 */
const DAMAGE: readonly number[] = [11, 26, 522, 1];
/** SQLITE_FULL, and the I/O errors a quota or a file size limit looks like: WRITE, TRUNCATE, SHMSIZE. */
const FULL: readonly number[] = [13, 778, 1546, 4874];
/** SQLITE_BUSY, SQLITE_LOCKED: says nothing about the file. */
const OCCUPIED: readonly number[] = [5, 6];

export function isCorruption(error: unknown): boolean {
  // A number that no number of ours can be.
  if (error instanceof RangeError) return true;
  return hasCode(error, DAMAGE);
}

export function isFull(error: unknown): boolean {
  return hasCode(error, FULL);
}

function hasCode(error: unknown, codes: readonly number[]): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  return codes.includes(error.errcode) || codes.includes(error.errcode & 0xff);
}

/**
 * Opens the log, or makes it. A file whose structure is damaged is put aside as `<file>.damaged` and made anew from every
 * record that is still whole.
 */
export function openOutboxFile(file: string): OpenedFile {
  if (!existsSync(file) && existsSync(file + FRESH)) renameSync(file + FRESH, file);
  let damaged: DatabaseSync | null = null;
  try {
    damaged = openDatabase(file);
    const verdict = damaged.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (verdict === 'ok') return { database: damaged, lost: null };
    damaged.close();
  } catch (error) {
    if (damaged?.isOpen === true) damaged.close();
    // A changed byte in header or schema can look like anything; what cannot be read at all stays an error.
    if (isFull(error) || hasCode(error, OCCUPIED) || !isReadable(file)) throw error;
  }
  return rebuild(file);
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes the log anew from what is whole of a damaged one, which must be closed. */
export function rebuild(file: string): OpenedFile & { readonly lost: number } {
  const remains = readRemains(file);
  const { records, writers } = salvage(file);
  const fresh = `${file}${FRESH}`;
  for (const ending of ENDINGS) rmSync(fresh + ending, { force: true });
  const database = openDatabase(fresh);
  database.exec('BEGIN IMMEDIATE');
  const insertRecord = database.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const covered = new Map<number, { first: number; last: number; held: number }>();
  for (const record of records) {
    const { id, writerId, firstSequence, lastSequence, topic, payload, at } = record;
    insertRecord.run(
      id,
      writerId,
      firstSequence,
      lastSequence,
      topic,
      payload,
      payload.byteLength + RECORD_BYTES,
      recordChecksum(record),
      at,
    );
    const range = covered.get(writerId) ?? { first: firstSequence, last: 0, held: 0 };
    range.last = Math.max(range.last, lastSequence);
    range.held += lastSequence - firstSequence + 1;
    covered.set(writerId, range);
  }
  const insertCommitted = database.prepare('INSERT OR REPLACE INTO committed VALUES (?, ?, ?)');
  const least = new Map<number, number>();
  for (const row of remains.committed) {
    const [consumer, writer, sequence] = [String(row['consumer']), Number(row['writer']), Number(row['sequence'])];
    insertCommitted.run(consumer, writer, sequence);
    least.set(writer, Math.min(least.get(writer) ?? Number.POSITIVE_INFINITY, sequence));
  }
  const insertWriter = database.prepare('INSERT OR IGNORE INTO writer VALUES (?, ?, ?, ?)');
  let lost = 0;
  for (const { id, path, sequence } of writers.values()) {
    const range = covered.get(id);
    const known = Math.max(sequence, range?.last ?? 0, least.get(id) ?? 0);
    insertWriter.run(id, path, known, writerChecksum(id, path, known));
    const floor = least.get(id) ?? (range === undefined ? known : range.first - 1);
    lost += Math.max(0, known - Math.min(floor, (range?.first ?? floor + 1) - 1) - (range?.held ?? 0));
  }
  for (const { writer, text } of remains.notes)
    database.prepare('INSERT OR REPLACE INTO note VALUES (?, ?)').run(Number(writer), String(text));
  // A writer that could not be saved must not hand its number, and with it old sequence numbers, to another.
  const highest = Math.max(0, ...covered.keys(), ...least.keys(), ...writers.keys());
  raiseCounter(database, 'writer', highest);
  if (remains.sent !== null) {
    for (const name of SENT_NAMES) database.prepare('INSERT INTO position VALUES (?, ?)').run(name, remains.sent);
    // Ids go on behind what was sent, or new records would count as sent.
    raiseCounter(database, 'record', remains.sent);
  }
  database.exec('COMMIT');
  database.close();
  for (const ending of ENDINGS) {
    rmSync(`${file}.damaged${ending}`, { force: true });
    if (existsSync(file + ending)) renameSync(file + ending, `${file}.damaged${ending}`);
  }
  renameSync(fresh, file);
  return { database: openDatabase(file), lost };
}

function raiseCounter(database: DatabaseSync, table: string, least: number): void {
  database
    .prepare('INSERT INTO sqlite_sequence SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)')
    .run(table, table);
  database.prepare('UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?').run(least, table);
}

const ENDINGS = ['', '-wal', '-shm'] as const;
/** A log under repair; complete when its predecessor is gone. */
const FRESH = '.repaired';

/** The sent position stands in the file twice; the lower one holds when they differ. */
export const SENT_NAMES = ['sent', 'sent-again'] as const;

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    database.exec(`PRAGMA page_size=${PAGE_BYTES}; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;
      PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=512; PRAGMA journal_size_limit=4194304;
      CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY AUTOINCREMENT, writer INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, bytes INTEGER NOT NULL, crc INTEGER, at INTEGER);
      CREATE TABLE IF NOT EXISTS writer (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE,
        sequence INTEGER NOT NULL, crc INTEGER);
      CREATE TABLE IF NOT EXISTS committed (consumer TEXT NOT NULL, writer INTEGER NOT NULL, sequence INTEGER NOT NULL,
        PRIMARY KEY (consumer, writer)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS note (writer INTEGER PRIMARY KEY, text TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS position (name TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;`);
    addColumns(database);
    database.exec('CREATE INDEX IF NOT EXISTS record_by_writer ON record (writer, last, bytes)');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A file of an earlier version has no checksums and times yet. */
function addColumns(database: DatabaseSync): void {
  const has = (table: string, column: string): boolean =>
    database.prepare(`SELECT 1 AS found FROM pragma_table_info('${table}') WHERE name = ?`).get(column) !== undefined;
  if (!has('record', 'crc'))
    database.exec('ALTER TABLE record ADD COLUMN crc INTEGER; ALTER TABLE record ADD COLUMN at INTEGER');
  if (!has('writer', 'crc')) database.exec('ALTER TABLE writer ADD COLUMN crc INTEGER');
}

function readRemains(file: string): Remains {
  const read = (query: string): Row[] => {
    try {
      const database = new DatabaseSync(file, { timeout: 5000 });
      try {
        return database.prepare(query).all();
      } finally {
        database.close();
      }
    } catch {
      return [];
    }
  };
  const sent = read("SELECT MIN(id) AS id FROM position WHERE name LIKE 'sent%'")[0]?.['id'];
  return {
    committed: read('SELECT consumer, writer, sequence FROM committed'),
    notes: read('SELECT writer, text FROM note'),
    sent: typeof sent === 'number' ? sent : null,
  };
}
