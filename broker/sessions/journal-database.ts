import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Change, Stored } from './journal.ts';

const SCHEMA = `
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 16777216;
  CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, owner TEXT NOT NULL, offline_since INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subscription (session TEXT, filter TEXT, qos INTEGER, PRIMARY KEY (session, filter)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS queue (message INTEGER, session TEXT, qos INTEGER, message_id INTEGER, released INTEGER, PRIMARY KEY (message, session)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, qos INTEGER, payload BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS incoming (session TEXT, message_id INTEGER, PRIMARY KEY (session, message_id)) WITHOUT ROWID;
`;
const VACUUM_PAGES = 2000;

/** Changes as they travel to the worker: payloads lie in `bytes`, one after the other. */
export type Batch = { readonly changes: readonly Change<number>[]; readonly bytes: Uint8Array };

/** The journal's file. All calls block; it lives in a worker thread. */
export class JournalDatabase {
  readonly #db: DatabaseSync;
  readonly #run: Readonly<Record<string, StatementSync>>;
  #freed = 0;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(SCHEMA);
    const statements = {
      session: 'INSERT OR REPLACE INTO session VALUES (?, ?, ?)',
      sessionGone: 'DELETE FROM session WHERE id = ?',
      subscriptionsGone: 'DELETE FROM subscription WHERE session = ?',
      queueGone: 'DELETE FROM queue WHERE session = ?',
      incomingGone: 'DELETE FROM incoming WHERE session = ?',
      subscribe: 'INSERT OR REPLACE INTO subscription VALUES (?, ?, ?)',
      unsubscribe: 'DELETE FROM subscription WHERE session = ? AND filter = ?',
      message: 'INSERT INTO message VALUES (?, ?, ?)',
      queue: 'INSERT INTO queue VALUES (?, ?, ?, 0, 0)',
      done: 'DELETE FROM queue WHERE message = ? AND session = ?',
      messageGone: 'DELETE FROM message WHERE id = ?',
      sent: 'UPDATE queue SET message_id = ?, released = ? WHERE message = ? AND session = ?',
      retain: 'INSERT OR REPLACE INTO retained VALUES (?, ?, ?)',
      unretain: 'DELETE FROM retained WHERE topic = ?',
      incoming: 'INSERT OR REPLACE INTO incoming VALUES (?, ?)',
      incomingDone: 'DELETE FROM incoming WHERE session = ? AND message_id = ?',
    };
    this.#run = Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, this.#db.prepare(sql)]));
  }

  /** What is stored, after messages that nobody waits for any more are removed. */
  load(): Stored {
    this.#db.exec('DELETE FROM message WHERE id NOT IN (SELECT message FROM queue)');
    const all = <Row>(sql: string): Row[] => this.#db.prepare(sql).all() as Row[];
    return {
      sessions: all('SELECT id, owner, offline_since AS offlineSince FROM session'),
      subscriptions: all('SELECT session, filter, qos FROM subscription'),
      entries: all(
        'SELECT message, session, qos, topic, payload, message_id AS messageId, released FROM queue JOIN message ON id = message ORDER BY message',
      ),
      retained: all('SELECT topic, qos, payload FROM retained'),
      incoming: all('SELECT session, message_id AS messageId FROM incoming'),
      nextMessage: all<{ next: number }>('SELECT coalesce(max(id), 0) + 1 AS next FROM message')[0]?.next ?? 1,
    };
  }

  /** Writes all changes in one transaction, synced before it returns; on an error none of them is written. */
  apply({ changes, bytes }: Batch): void {
    let at = 0;
    const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
    this.#db.exec('BEGIN');
    try {
      for (const change of changes) this.#apply(change, take);
      this.#db.exec('COMMIT');
    } catch (error) {
      // A full disk has SQLite end the transaction by itself.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    if (this.#freed > VACUUM_PAGES) this.#vacuum();
  }

  close(): void {
    this.#db.close();
  }

  #vacuum(): void {
    this.#freed = 0;
    try {
      this.#db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    } catch {
      // What was to be written is written; room is given back another time.
    }
  }

  #apply(change: Change<number>, take: (length: number) => Uint8Array): void {
    const run = (name: string, ...values: (string | number | Uint8Array)[]): void => {
      this.#run[name]?.run(...values);
    };
    switch (change.kind) {
      case 'message':
        run('message', change.message, change.topic, take(change.payload));
        for (const { session, qos } of change.targets) run('queue', change.message, session, qos);
        return;
      case 'done':
        run('done', change.message, change.session);
        if (!change.last) return;
        run('messageGone', change.message);
        this.#freed += 1;
        return;
      case 'sent':
        return run('sent', change.messageId, change.released ? 1 : 0, change.message, change.session);
      case 'retain': {
        const payload = take(change.payload);
        return payload.length === 0 ? run('unretain', change.topic) : run('retain', change.topic, change.qos, payload);
      }
      case 'session':
        return run('session', change.session, change.owner, change.offlineSince);
      case 'session-gone':
        for (const name of ['sessionGone', 'subscriptionsGone', 'queueGone', 'incomingGone']) run(name, change.session);
        return;
      case 'subscribe':
        return run('subscribe', change.session, change.filter, change.qos);
      case 'unsubscribe':
        return run('unsubscribe', change.session, change.filter);
      case 'incoming':
        return run('incoming', change.session, change.messageId);
      case 'incoming-done':
        return run('incomingDone', change.session, change.messageId);
      default:
        change satisfies never;
    }
  }
}
