import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { Cells } from './rows.ts';
import { migrate, schemaVersion } from './schema.ts';

export type ConnectionOptions = {
  readonly file: string;
  readonly bulk: boolean;
  readonly readOnly: boolean;
};

const BUSY_MS = 10_000;
/** Larger steps between WAL and file during a fill, in pages of 4 KiB. */
const BULK_CHECKPOINT_PAGES = 8000;
const CHECKPOINT_PAGES = 1000;

/** What to do, by SQLite's primary result code (sqlite.org/rescode.html). */
const remedies: Readonly<Record<number, string>> = {
  5: 'another process writes to it; let only one scoring service use this data folder',
  8: 'give the service write permission to the file and its folder',
  10: 'the disk reports errors; check it and the system log',
  11: 'the file is damaged; stop the service, move the file with its -wal and -shm away and start again with an empty store or a backup',
  13: 'the disk is full; free space',
  14: 'check that the folder exists and the service may write to it',
  26: 'this is no store of ours or its beginning is damaged; move the file away and start again with an empty store or a backup',
};

/** One SQLite file: statement cache, transactions, and errors that say what to do. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /** @throws JoulegateError STORE_FAILED. */
  static open({ file, bulk, readOnly }: ConnectionOptions): Connection {
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(file, { readOnly, timeout: BUSY_MS });
      if (!readOnly) {
        database.exec(
          `PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=${bulk ? 'NORMAL' : 'FULL'};
           PRAGMA wal_autocheckpoint=${bulk ? BULK_CHECKPOINT_PAGES : CHECKPOINT_PAGES};`,
        );
      }
      migrate(database, { file, readOnly });
      database.exec('PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;');
      return new Connection(database, file);
    } catch (error) {
      if (database?.isOpen === true) database.close();
      throw error instanceof JoulegateError ? error : failure(file, 'opened', error);
    }
  }

  /** A prepared statement, kept for the next call with the same text. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** Rows by position, about half the cost of rows by name. A text read so is never read by name. */
  cells(text: string, parameters: readonly (number | string)[]): Cells[] {
    const statement = this.sql(text);
    statement.setReturnArrays(true);
    return statement.all(...parameters) as unknown as Cells[];
  }

  /** Runs a read. Rejects with JoulegateError STORE_FAILED. */
  read<Result>(work: () => Result): Promise<Result> {
    try {
      this.#expectOpen();
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(asStoreError(this.#file, 'read', error));
    }
  }

  /** All of `work` or nothing of it; synced to disk when it resolves. `undo` runs after a roll-back. */
  write(work: () => void, undo: () => void = () => undefined): Promise<void> {
    try {
      this.#expectOpen();
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        // A full disk makes SQLite roll back by itself.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        undo();
        throw error;
      }
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(asStoreError(this.#file, 'written', error));
    }
  }

  /** Ends bulk mode: syncs everything written so far, then every transaction is synced. @throws JoulegateError STORE_FAILED. */
  endBulk(): void {
    try {
      this.#database.exec(`PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES};`);
      // A synced commit takes the WAL before it to disk even where a reader holds up the checkpoint.
      this.#database.exec(`PRAGMA user_version=${schemaVersion(this.#database)}`);
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      throw failure(this.#file, 'synced', error);
    }
  }

  /** Gives up to `pages` free pages back to the file system. */
  shrink(pages: number): void {
    this.#database.exec(`PRAGMA incremental_vacuum(${pages})`);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #expectOpen(): void {
    if (!this.#database.isOpen)
      throw new JoulegateError('SERVICE_STOPPED', `store ${this.#file} is closed; open it again`);
  }
}

const asStoreError = (file: string, what: string, error: unknown): JoulegateError =>
  error instanceof JoulegateError ? error : failure(file, what, error);

function failure(file: string, what: string, error: unknown): JoulegateError {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) % 256 : 0;
  const remedy = remedies[code] ?? 'check disk space, permissions and the log';
  return new JoulegateError('STORE_FAILED', `store ${file} cannot be ${what}: ${describeError(error)}; ${remedy}`, {
    cause: error,
  });
}
