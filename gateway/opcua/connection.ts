import { Worker } from 'node:worker_threads';
import type { Logger } from '../../broker/contract/deps.ts';
import type { WorkerCommand, WorkerMessage, WorkerStart, WorkerTag } from './protocol.ts';

export interface Connection extends AsyncDisposable {
  /** Times the worker had to be started again. */
  readonly restarts: number;
  /** The tags are these from now on; those that were there before go on untouched. */
  setTags(tags: readonly WorkerTag[]): void;
}

const RESTART_FIRST_MS = 1000;
const RESTART_MAX_MS = 30_000;
const STOP_TIMEOUT_MS = 3500;
/** Columns lie outside the heap; what is left is short-lived, and a small nursery keeps the process small. */
const YOUNG_MEGABYTES = 8;

/**
 * Runs the connection to one server in a worker thread of its own: what kills the worker (a malformed handshake can end the
 * library's process past any catch) costs a restart with back-off, never the gateway.
 */
export function openConnection(
  start: WorkerStart,
  /** `durable` tells the worker up to which batch of values everything is on disk. */
  onMessage: (message: WorkerMessage, durable: (number: number) => void) => void,
  log: Logger,
  /** What has been kept of values that came, for a worker that starts. */
  kept: () => Required<Pick<WorkerStart, 'kept' | 'gaps'>>,
): Connection {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const url = new URL(`./connection-worker.${ending}`, import.meta.url);
  let stopping = false;
  let restarts = 0;
  let current = start;
  let worker = launch();

  function launch(): Worker {
    const begun = Date.now();
    const launched = new Worker(url, {
      workerData: { ...current, ...kept() },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const durable = (number: number): void => launched.postMessage({ kind: 'durable', number } satisfies WorkerCommand);
    launched.on('message', (message: WorkerMessage) => onMessage(message, durable));
    launched.on('error', (error: unknown) => {
      log.error(
        { server: start.server.name, err: error instanceof Error ? error.message : String(error) },
        'connection worker died',
      );
    });
    launched.on('exit', () => {
      if (stopping) return;
      onMessage({ kind: 'died' }, durable);
      onMessage({ kind: 'state', state: 'unreachable', reason: 'the connection worker died' }, durable);
      restarts = Date.now() - begun > 60_000 ? 1 : restarts + 1;
      onMessage(
        {
          kind: 'problem',
          problem: {
            code: 'ENDPOINT_UNREACHABLE',
            severity: 'error',
            where: start.server.endpoint,
            message: `connection worker for ${start.server.endpoint} died and is started again (${restarts})`,
            remedy: 'if it repeats, check the server and what stands between; the other connections go on',
          },
        },
        durable,
      );
      const delay =
        Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** Math.min(restarts - 1, 10)) * (0.5 + Math.random() / 2);
      setTimeout(() => {
        if (!stopping) worker = launch();
      }, delay).unref();
    });
    return launched;
  }

  return {
    get restarts() {
      return restarts;
    },
    setTags: (tags) => {
      current = { ...current, tags };
      worker.postMessage({ kind: 'tags', tags } satisfies WorkerCommand);
    },
    [Symbol.asyncDispose]: async () => {
      if (stopping) return;
      stopping = true;
      // Not `once`, which is rejected when the worker dies of an error while it stops.
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage({ kind: 'stop' } satisfies WorkerCommand);
      const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
