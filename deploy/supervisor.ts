import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../broker/contract/deps.ts';
import { JoulegateError } from '../broker/contract/error.ts';

/** What a child printed as its first line of JSON. */
export type ChildReady = Readonly<Record<string, unknown>>;

export type ChildSpec = {
  readonly name: string;
  /** Arguments of the next start; `last` is what it said when it was ready before, null at first. */
  readonly args: (last: ChildReady | null) => readonly string[];
  /** How its Node is started; default: without any flag. */
  readonly runtime?: ChildRuntime;
};

/** Flags of Node and environment that only this child gets. */
export type ChildRuntime = {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

export type SupervisorOptions = {
  /** Script every child runs. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Takes the children's log lines. */
  readonly relay: (line: string) => void;
  readonly now: () => number;
  /** Waits before restarts; the last one repeats. */
  readonly backoffMs?: readonly number[];
};

export interface SupervisedChild {
  readonly name: string;
  /** @throws JoulegateError CONFIG_INVALID with the child's own line when it ended with exit code 2, INTERNAL when it keeps failing. */
  readonly ready: Promise<ChildReady>;
  /** Asks it to stop, ends it by force after `withinMs`; resolves when it is gone. Idempotent. */
  stop(withinMs: number): Promise<void>;
}

type Ending = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
};

const DEFAULT_BACKOFF_MS = [500, 1000, 2000, 5000, 10_000, 30_000] as const;
/** A child that lived this long is trusted again. */
const SETTLED_MS = 60_000;
const TRIES_AT_START = 3;
const OWN_LINE = 'joulegate: ';

/** Starts a child and keeps it running: restarted with back-off when it ends by itself. */
export function superviseChild(spec: ChildSpec, options: SupervisorOptions): SupervisedChild {
  const { log, now, backoffMs = DEFAULT_BACKOFF_MS } = options;
  const stopping = new AbortController();
  const ready = Promise.withResolvers<ChildReady>();
  ready.promise.catch(() => undefined);
  let last: ChildReady | null = null;
  let current: ChildProcess | null = null;

  const keepRunning = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      const startedAt = now();
      const child = startChild(spec, last, options);
      current = child;
      const ending = await watchChild(child, options.relay, (said) => {
        last = said;
        ready.resolve(said);
      });
      current = null;
      if (stopping.signal.aborted) break;
      const reason = ending.lines.join('\n') || `${spec.name} ended ${endingText(ending)}`;
      if (last === null && ending.code === 2) return ready.reject(new JoulegateError('CONFIG_INVALID', reason));
      if (last === null && failures + 1 >= TRIES_AT_START) {
        return ready.reject(new JoulegateError('INTERNAL', `${spec.name} does not start: ${reason}`));
      }
      if (now() - startedAt > SETTLED_MS) failures = 0;
      const waitMs = backoffMs[Math.min(failures, backoffMs.length - 1)] ?? 0;
      log.warn({ child: spec.name, ending: endingText(ending), reason, waitMs }, 'service ended and is started again');
      await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    ready.reject(new JoulegateError('SERVICE_STOPPED', `${spec.name} was stopped before it was ready`));
  };
  const ended = keepRunning();

  return {
    name: spec.name,
    ready: ready.promise,
    stop: async (withinMs) => {
      stopping.abort();
      current?.kill('SIGTERM');
      const force = setTimeout(() => {
        log.warn({ child: spec.name, withinMs }, 'service did not stop in time and is ended');
        current?.kill('SIGKILL');
      }, withinMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function startChild(
  { args, runtime }: ChildSpec,
  last: ChildReady | null,
  { script, env }: SupervisorOptions,
): ChildProcess {
  return fork(script, args(last), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...runtime?.env, ...env, JOULEGATE_SUPERVISED: '1' },
    execArgv: [...(runtime?.flags ?? [])],
  });
}

/** Follows one run of a child to its end. Lines that begin with `joulegate: ` are its last words, not log lines. */
function watchChild(
  child: ChildProcess,
  relay: (line: string) => void,
  onReady: (said: ChildReady) => void,
): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const lastWords: string[] = [];
  let isReady = false;
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = isReady ? null : readyLine(line);
      if (said === null) return relay(line);
      isReady = true;
      onReady(said);
    });
  }
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.startsWith(OWN_LINE)) lastWords.push(line.slice(OWN_LINE.length));
      else if (lastWords.length > 0 && line.startsWith('  ')) lastWords.push(line);
      else relay(line);
    });
  }
  child.on('error', (error) => resolve({ code: null, signal: null, lines: [error.message] }));
  child.on('close', (code, signal) => resolve({ code, signal, lines: lastWords }));
  return promise;
}

function readyLine(line: string): ChildReady | null {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === 'object' && said !== null && 'service' in said ? { ...said } : null;
  } catch {
    return null;
  }
}

const endingText = ({ code, signal }: Ending): string =>
  signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`;

/** When the stages of a stop end by force, ms after its beginning: writers first, the broker last, all within 5 s. */
const STAGE_DEADLINES_MS = [2500, 4000, 4600] as const;

/** Stops stage after stage; the children of one stage together. */
export async function stopInOrder(stages: readonly (readonly SupervisedChild[])[], now: () => number): Promise<void> {
  const startedAt = now();
  for (const [index, stage] of stages.entries()) {
    const deadline = STAGE_DEADLINES_MS[Math.min(index, STAGE_DEADLINES_MS.length - 1)] ?? 0;
    const withinMs = Math.max(200, deadline - (now() - startedAt));
    await Promise.all(stage.map((child) => child.stop(withinMs)));
  }
}
