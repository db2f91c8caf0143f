import { parentPort, workerData } from 'node:worker_threads';
import { JournalDatabase, type Batch } from './journal-database.ts';
import type { Stored } from './journal.ts';

/** What the worker says: first what is stored, then one answer per batch. */
export type JournalReply = { readonly stored?: Stored; readonly error?: string };

const { file } = workerData as { readonly file: string };

const guarded = (work: () => JournalReply): void => {
  try {
    parentPort?.postMessage(work());
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies JournalReply);
  }
};

let database: JournalDatabase | null = null;
guarded(() => {
  database = new JournalDatabase(file);
  return { stored: database.load() };
});

parentPort?.on('message', (batch: Batch | 'close') => {
  if (batch === 'close') {
    database?.close();
    parentPort?.close();
    return;
  }
  guarded(() => {
    database?.apply(batch);
    return {};
  });
});
