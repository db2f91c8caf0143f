import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { OutboxLimits } from './outbox-database.ts';
import type { OutboxCall, OutboxReply } from './outbox-worker.ts';
import type { Appended, Backlog, Outbox, OutboxMessage, OutboxRecord, OutboxState } from './outbox.ts';
import { OutboxTail } from './outbox-tail.ts';

type Waiting = { readonly resolve: (result: never) => void; readonly reject: (error: Error) => void };

/**
 * Outbox in a SQLite file, in a worker thread so that an fsync never holds up the event loop.
 * Failing calls reject with JoulegateError OUTBOX_FULL when the disk is full, otherwise STORE_FAILED.
 */
export class SqliteOutbox implements Outbox {
  readonly #worker: Worker;
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #tail = new OutboxTail();
  /** Last sequence number handed out, by writer. */
  readonly #handed = new Map<number, number>();
  #next = 1;
  #closing: Promise<void> | null = null;

  private constructor(worker: Worker, file: string) {
    this.#worker = worker;
    this.#file = file;
    worker.on('message', (reply: OutboxReply) => this.#settle(reply));
    worker.on('error', (error) => this.#failAll(describeError(error)));
    worker.on('exit', () => this.#failAll('the outbox has stopped'));
  }

  static async open(file: string, limits: OutboxLimits): Promise<SqliteOutbox> {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./outbox-worker.${ending}`, import.meta.url), {
      workerData: { file, limits },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    try {
      await once(worker, 'online');
      const outbox = new SqliteOutbox(worker, file);
      await outbox.state();
      return outbox;
    } catch (error) {
      throw new JoulegateError(
        'STORE_FAILED',
        `outbox ${file} cannot be opened: ${describeError(error)}; check permissions and disk, or move the file away (unsent values in it are lost)`,
        { cause: error },
      );
    }
  }

  writerId(equipmentPath: string): Promise<number> {
    return this.#call('writerId', [equipmentPath]);
  }

  async append(messages: readonly OutboxMessage[], notes?: ReadonlyMap<number, string>): Promise<Appended> {
    const appended = await this.#call<Appended>('append', [messages, notes]);
    this.#tail.add(messages, appended.lastId);
    return appended;
  }

  async read(afterId: number, limit: number): Promise<readonly OutboxRecord[]> {
    const records = this.#tail.read(afterId, limit) ?? (await this.#call<OutboxRecord[]>('read', [afterId, limit]));
    return this.#handOut(records);
  }

  async readWriter(writerId: number, afterSequence: number, limit: number): Promise<readonly OutboxRecord[]> {
    return this.#handOut(await this.#call<OutboxRecord[]>('readWriter', [writerId, afterSequence, limit]));
  }

  backlog(afterId: number): Promise<readonly Backlog[]> {
    return this.#call('backlog', [afterId]);
  }

  markSent(id: number): Promise<void> {
    this.#tail.forget(id);
    return this.#call('markSent', [id]);
  }

  commit(consumer: string, writers: Readonly<Record<string, number>>): Promise<void> {
    return this.#call('commit', [consumer, writers, this.#handed]);
  }

  positionBefore(writers: Readonly<Record<string, number>>): Promise<number> {
    return this.#call('positionBefore', [writers]);
  }

  state(): Promise<OutboxState> {
    return this.#call('state', []);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= (async () => {
      const stopped = new Promise((resolve) => this.#worker.once('exit', resolve));
      await this.#call('close', []).catch(() => undefined);
      await stopped;
    })();
    return this.#closing;
  }

  #handOut(records: readonly OutboxRecord[]): readonly OutboxRecord[] {
    for (const { writerId, lastSequence } of records)
      if (lastSequence > (this.#handed.get(writerId) ?? 0)) this.#handed.set(writerId, lastSequence);
    return records;
  }

  #call<Result>(method: OutboxCall['method'], args: readonly unknown[]): Promise<Result> {
    const id = this.#next;
    this.#next += 1;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, args } satisfies OutboxCall);
    });
  }

  #settle({ id, result, error, full }: OutboxReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting === undefined) return;
    if (error === undefined) waiting.resolve(result as never);
    else waiting.reject(this.#failed(error, full));
  }

  #failAll(reason: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failed(reason));
    this.#waiting.clear();
  }

  #failed(reason: string, full = false): JoulegateError {
    return new JoulegateError(
      full ? 'OUTBOX_FULL' : 'STORE_FAILED',
      `outbox ${this.#file}: ${reason}${full ? '; free disk space or raise the quota; values wait in memory and with the servers meanwhile' : ''}`,
    );
  }
}
