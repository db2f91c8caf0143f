import { parentPort, workerData } from 'node:worker_threads';
import { setDebugLogger, setErrorLogger, setWarningLogger } from 'node-opcua';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import { BatchSender } from './batch-sender.ts';
import { EndpointChoice } from './endpoint-choice.ts';
import { EventMemory } from './events/event-memory.ts';
import { LastSeen } from './last-seen.ts';
import { NodeGuard } from './node-guard.ts';
import { keepNotificationBodies } from './notification-decoder.ts';
import type { WorkerCommand, WorkerMessage, WorkerStart } from './protocol.ts';
import { runSession } from './session-run.ts';

let start = workerData as WorkerStart;
const stop = new AbortController();

const say = (message: WorkerMessage): void => {
  if (message.kind !== 'values') {
    parentPort?.postMessage(message);
    return;
  }
  const { handles, kinds, numbers, times, statuses } = message.batch;
  parentPort?.postMessage(message, [handles.buffer, kinds.buffer, numbers.buffer, times.buffer, statuses.buffer]);
};

const toLog =
  (level: 'debug' | 'warn') =>
  (...words: unknown[]): void =>
    say({
      kind: 'log',
      level: level === 'warn' ? 'debug' : level,
      fields: { library: 'node-opcua' },
      message: words.join(' ').slice(0, 500),
    });
setDebugLogger(toLog('debug'));
setWarningLogger(toLog('warn'));
setErrorLogger(toLog('warn'));

let onCommand: (command: WorkerCommand) => void = () => undefined;
parentPort?.on('message', (command: WorkerCommand) => {
  if (command.kind === 'stop') stop.abort();
  if (command.kind === 'tags') start = { ...start, tags: command.tags };
  onCommand(command);
});
keepNotificationBodies();
const parts = {
  sender: new BatchSender(say),
  guard: new NodeGuard(),
  seen: new LastSeen((start.server.redundant ?? []).length > 0, (gaps) => say({ kind: 'gaps', gaps })),
  events: new EventMemory(),
};
parts.seen.recall(start.kept ?? []);
parts.seen.returnGaps(start.gaps ?? []);

/** Tries after a failure come later and later, with jitter, so that a recovering server is not hammered; refusals slowly. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;
const REFUSED_DELAY_MS = 30_000;
/** Longest wait for sockets and timers of the library once the sessions are closed. */
const LET_GO_MS = 1000;

let failures = 0;
const choice = new EndpointChoice(start, say);
while (!stop.signal.aborted) {
  const begun = Date.now();
  const { server } = choice;
  const elsewhere = new AbortController();
  const sayOrSwitch = (message: WorkerMessage): void => {
    say(message);
    if (message.kind !== 'server') return;
    void choice.visitLost();
    void choice.isBetterElsewhere(message.serviceLevel).then((isBetter) => {
      if (isBetter) elsewhere.abort();
    });
  };
  try {
    say({ kind: 'state', state: 'connecting', reason: '' });
    const signal = AbortSignal.any([stop.signal, elsewhere.signal]);
    const mine = start;
    await runSession({ ...mine, server }, parts, sayOrSwitch, signal, (listener) => {
      onCommand = listener;
      // Tags that came while the session was being opened.
      if (start !== mine) listener({ kind: 'tags', tags: start.tags });
    });
  } catch (error) {
    if (Date.now() - begun > 60_000) failures = 0;
    failures += 1;
    const code = error instanceof JoulegateError ? error.code : 'ENDPOINT_UNREACHABLE';
    say({
      kind: 'state',
      state: code === 'ENDPOINT_UNREACHABLE' ? 'unreachable' : 'refused',
      reason: describeError(error).slice(0, 500),
    });
    say({
      kind: 'problem',
      problem: {
        code,
        severity: 'error',
        where: server.endpoint,
        message: describeError(error),
        remedy:
          code === 'ENDPOINT_UNREACHABLE'
            ? 'check that the server runs, host, port and firewall; the gateway keeps trying'
            : 'correct gateway.servers or the server as the message says; the gateway keeps trying',
      },
    });
    if (code !== 'ENDPOINT_UNREACHABLE' && failures === 1) {
      say({
        kind: 'event',
        event: {
          kind: 'endpoint-refused',
          severity: 'medium',
          message: describeError(error).slice(0, 1000),
          subject: server.endpoint,
        },
      });
    }
    const longest =
      code === 'ENDPOINT_UNREACHABLE'
        ? Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10))
        : REFUSED_DELAY_MS;
    if (choice.hasOthers && !choice.next()) continue;
    await pause(longest * (0.5 + Math.random() / 2));
  }
}
// Ends by having nothing left to do: `process.exit` while the thread pool still works for this worker can take the process
// along (nodejs/node#56312). What does not let go is cut off.
parentPort?.close();
setTimeout(() => process.exit(0), LET_GO_MS).unref();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    stop.signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
