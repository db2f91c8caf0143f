import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal and npm both pass Ctrl-C on, so one key press can arrive twice within this time. */
const ECHO_MS = 500;

/** What this needs of `process`; a test hands in an emitter. */
export type SignalSource = Pick<EventEmitter, 'on' | 'off'>;

export type StopRequest = Disposable & {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, or when the parent process went away. */
  readonly signal: AbortSignal;
};

/**
 * Turns stop signals into an AbortSignal until disposed. A second signal ends the process at once (exit code 128 + number).
 * With `supervised`, SIGINT is left to the parent, which stops its children in order.
 */
export function listenForStop(options: {
  readonly source: SignalSource;
  readonly supervised: boolean;
  /** SIGHUP is for the service (read configuration again), not a stop. */
  readonly hangupStays?: boolean;
  readonly now: () => number;
  readonly exit: (code: number) => void;
}): StopRequest {
  const { source, supervised, now, exit } = options;
  const controller = new AbortController();
  let firstAt: number | null = null;
  const listeners = new Map<string, () => void>();
  for (const name of stopSignals) {
    if (name === 'SIGHUP' && options.hangupStays === true) continue;
    listeners.set(name, () => {
      if (supervised && name !== 'SIGTERM') return;
      if (firstAt === null) {
        firstAt = now();
        controller.abort(name);
      } else if (now() - firstAt > ECHO_MS) {
        exit(128 + constants.signals[name]);
      }
    });
  }
  listeners.set('disconnect', () => controller.abort('disconnect'));
  for (const [name, listener] of listeners) source.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const [name, listener] of listeners) source.off(name, listener);
    },
  };
}

/** Resolves when the signal aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Starts a service, announces it, waits for the stop and closes it; a stop while it starts closes it as soon as it is up. */
export async function runUntilStopped<Service extends AsyncDisposable>(options: {
  readonly start: () => Promise<Service>;
  readonly announce: (service: Service) => void;
  readonly signal: AbortSignal;
  /** Resolves when the service has nothing left to do. */
  readonly done?: (service: Service) => Promise<unknown>;
}): Promise<void> {
  await using service = await options.start();
  if (options.signal.aborted) return;
  options.announce(service);
  const stopped = whenAborted(options.signal);
  await (options.done === undefined ? stopped : Promise.race([stopped, options.done(service)]));
}
