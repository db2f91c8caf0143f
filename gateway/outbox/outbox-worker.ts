import { parentPort, workerData } from 'node:worker_threads';
import { isFull } from './outbox-file.ts';
import { OutboxDatabase, type OutboxLimits } from './outbox-database.ts';

/** A call of the main thread: method name and arguments of OutboxDatabase. */
export type OutboxCall = {
  readonly id: number;
  readonly method:
    | 'writerId'
    | 'append'
    | 'read'
    | 'readWriter'
    | 'backlog'
    | 'markSent'
    | 'commit'
    | 'positionBefore'
    | 'state'
    | 'close';
  readonly args: readonly unknown[];
};
export type OutboxReply = {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly full?: boolean;
};

const { file, limits } = workerData as { readonly file: string; readonly limits: OutboxLimits };
const database = new OutboxDatabase(file, limits, Date.now);

parentPort?.on('message', (call: OutboxCall) => {
  let reply: OutboxReply;
  try {
    const method = database[call.method] as (...args: readonly unknown[]) => unknown;
    reply = { id: call.id, result: method.apply(database, [...call.args]) };
  } catch (error) {
    reply = { id: call.id, error: error instanceof Error ? error.message : String(error), full: isFull(error) };
  }
  parentPort?.postMessage(reply);
  if (call.method === 'close') parentPort?.close();
});
