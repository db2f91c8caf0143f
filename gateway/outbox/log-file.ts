import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Ballast } from './ballast.ts';
import { isCorruption, isFull, openOutboxFile, rebuild } from './outbox-file.ts';

/**
 * The SQLite file of the outbox with what keeps it usable: repair when it turns out to be damaged, a ballast for a full
 * disk, pages given back when it has become empty.
 */
export class LogFile {
  readonly #file: string;
  readonly #ballast: Ballast;
  /** Reads anew what the owner keeps in memory. */
  readonly #onOpened: () => void;
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync;
  /** Messages that damage has cost so far. */
  damaged = 0;

  constructor(file: string, onOpened: () => void) {
    this.#file = file;
    this.#onOpened = onOpened;
    this.#ballast = new Ballast(`${file}.ballast`);
    const { database, lost } = openOutboxFile(file);
    this.#database = database;
    this.damaged = lost === null ? 0 : Math.max(1, lost);
  }

  /** A statement, prepared once. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** All of `work` or nothing, on disk when it returns; after nothing `undo` is called. Inside another transaction it is part of that. */
  transaction(work: () => void, undo: () => void): void {
    if (this.#database.isTransaction) return work();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      undo();
      throw error;
    }
  }

  /** A transaction that frees room: on a full disk the ballast makes way for it. */
  trim(work: () => void, undo: () => void): void {
    this.withRepair(() => {
      try {
        this.transaction(work, undo);
      } catch (error) {
        if (!isFull(error) || !this.#ballast.drop()) throw error;
        this.transaction(work, undo);
      }
      this.#shrink();
    });
  }

  /** When SQLite finds the file damaged, the log is made anew from what is whole, and the work done once more. */
  withRepair<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.repair();
      return work();
    }
  }

  /** Makes the log anew from what is whole. */
  repair(): void {
    this.#database.close();
    const { database, lost } = rebuild(this.#file);
    this.#database = database;
    this.#statements.clear();
    this.damaged += Math.max(1, lost);
    this.#onOpened();
  }

  /** Puts the ballast back when there is room. `now`: any clock in ms. */
  loadBallast(now: number): void {
    this.#ballast.load(now);
  }

  close(): void {
    this.#database.close();
  }

  /** Gives pages back to the file system when most of the file is empty. */
  #shrink(): void {
    const free = Number(this.sql('PRAGMA freelist_count').get()?.['freelist_count'] ?? 0);
    if (free < 1024) return;
    const all = Number(this.sql('PRAGMA page_count').get()?.['page_count'] ?? 0);
    if (free * 2 > all) this.sql('PRAGMA incremental_vacuum(2048)').all();
  }
}
