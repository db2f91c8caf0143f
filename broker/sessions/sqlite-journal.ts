import { Worker } from 'node:worker_threads';
import { JoulegateError } from '../contract/error.ts';
import type { Batch } from './journal-database.ts';
import type { JournalReply } from './journal-worker.ts';
import type { Change, Journal, Stored } from './journal.ts';

/** After a failure, as of a full disk, the file is left alone for so long. */
const RETRY_MS = 200;

type Waiter = (error: Error | null) => void;

/**
 * Journal in SQLite (WAL, fsync per transaction) in a worker thread. One transaction is under way at a time; what is
 * written meanwhile goes into the next, so that many messages share one fsync.
 */
export class SqliteJournal implements Journal {
  readonly stored: Stored;
  readonly #worker: Worker;
  readonly #onWriting: (error: Error | null) => void;
  #changes: Change[] = [];
  #bytes = 0;
  #waiters: Waiter[] = [];
  #flying: { readonly changes: readonly Change[]; readonly waiters: readonly Waiter[] } | null = null;
  #scheduled = false;
  #broken: Error | null = null;
  #fails = false;
  #idle: (() => void) | null = null;

  constructor(worker: Worker, stored: Stored, onWriting: (error: Error | null) => void) {
    this.#worker = worker;
    this.#onWriting = onWriting;
    this.stored = stored;
    worker.on('message', (reply: JournalReply) =>
      this.#landed(reply.error === undefined ? null : new Error(reply.error)),
    );
    const broken = (error: Error): void => {
      this.#broken = error;
      this.#landed(error);
    };
    worker.on('error', broken);
    worker.on('exit', () => broken(new Error('the journal has ended')));
  }

  /**
   * `onWriting` hears when writing begins to fail (what was to be stored is then not acknowledged), and null once it works
   * again.
   * @throws JoulegateError STORE_FAILED when the file cannot be opened.
   */
  static async open(file: string, onWriting: (error: Error | null) => void = () => undefined): Promise<SqliteJournal> {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./journal-worker.${ending}`, import.meta.url), { workerData: { file } });
    const reply = await new Promise<JournalReply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (reply.stored === undefined) {
      await worker.terminate();
      throw new JoulegateError(
        'STORE_FAILED',
        `broker journal ${file}: ${reply.error ?? 'no answer'}; move the file away to start with no sessions and no retained messages`,
      );
    }
    return new SqliteJournal(worker, reply.stored, onWriting);
  }

  write(change: Change): void {
    this.#changes.push(change);
    if (change.kind === 'message' || change.kind === 'retain') this.#bytes += change.payload.length;
    this.#schedule();
  }

  committed(done: Waiter): void {
    if (this.#broken !== null) return done(this.#broken);
    if (this.#changes.length === 0 && this.#flying === null) return done(null);
    this.#waiters.push(done);
    this.#schedule();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#broken !== null) return;
    this.#schedule();
    if (this.#flying !== null || this.#changes.length > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#broken = new Error('the journal is closed');
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close');
    await ended;
  }

  /** At the end of this turn of the event loop, so that what one read from a socket brings is one transaction. */
  #schedule(): void {
    if (this.#scheduled || this.#flying !== null || this.#broken !== null) return;
    this.#scheduled = true;
    setImmediate(() => this.#due());
  }

  #due(): void {
    this.#scheduled = false;
    if (this.#flying === null && this.#broken === null) this.#send();
  }

  #send(): void {
    if (this.#changes.length === 0 && this.#waiters.length === 0) return;
    const changes = this.#changes;
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    const lengths = changes.map((change): Change<number> => {
      if (change.kind !== 'message' && change.kind !== 'retain') return change;
      bytes.set(change.payload, at);
      at += change.payload.length;
      return { ...change, payload: change.payload.length };
    });
    this.#flying = { changes, waiters: this.#waiters };
    this.#changes = [];
    this.#bytes = 0;
    this.#waiters = [];
    this.#worker.postMessage({ changes: lengths, bytes } satisfies Batch, [bytes.buffer]);
  }

  #landed(error: Error | null): void {
    const flown = this.#flying;
    this.#flying = null;
    if (this.#fails !== (error !== null)) {
      this.#fails = error !== null;
      this.#onWriting(error);
    }
    if (error !== null && flown !== null) {
      // New messages are refused to their senders; what only tidies up is tried again.
      this.#changes.unshift(...flown.changes.filter(({ kind }) => kind !== 'message' && kind !== 'retain'));
    }
    if (this.#broken === null && error === null) this.#send();
    if (this.#broken === null && error !== null) {
      this.#scheduled = true;
      setTimeout(() => this.#due(), RETRY_MS);
    }
    for (const waiter of flown?.waiters ?? []) waiter(error);
    if (this.#broken !== null) for (const waiter of this.#waiters.splice(0)) waiter(this.#broken);
    if (this.#flying === null) this.#idle?.();
  }
}
