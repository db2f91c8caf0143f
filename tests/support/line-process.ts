import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

type Reply = { readonly kind: string; readonly id?: number; readonly result?: unknown; readonly error?: string };

/** A process steered by JSON lines on stdin that answers in JSON lines on stdout. */
export interface LineProcess extends AsyncDisposable {
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly pid: number;
  readonly running: boolean;
  /** Sends `{ do, id, ...command }` and resolves with the result. @throws Error with what the process says. */
  ask<Result>(command: { readonly do: string } & Readonly<Record<string, unknown>>): Promise<Result>;
  /** Ends the process at once (kill -9) and waits until it is gone. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

const STOP_TIMEOUT_MS = 3000;

/**
 * Starts a program and waits until it says `{"kind":"ready"}`.
 * @throws Error with the end of its stderr when it ends or stays silent for `timeoutMs`.
 */
export async function startLineProcess(
  program: string,
  programArguments: readonly string[],
  timeoutMs = 30_000,
): Promise<LineProcess> {
  const child = spawn(program, programArguments, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  child.stdin.on('error', () => undefined);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const fail = (why: string): void => {
      for (const { reject: rejectOne } of waiting.values()) rejectOne(new Error(why));
      waiting.clear();
      reject(new Error(why));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`${program} did not get ready within ${timeoutMs} ms: ${stderr}`);
    }, timeoutMs);
    child.once('error', (error) => fail(`${program}: ${error.message}`));
    child.once('exit', () => {
      clearTimeout(timer);
      fail(`${program} ended: ${stderr}`);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const message = JSON.parse(line) as Reply;
      if (message.kind === 'ready') {
        clearTimeout(timer);
        resolve(message);
        return;
      }
      const asked = waiting.get(message.id ?? -1);
      waiting.delete(message.id ?? -1);
      if (message.error === undefined) asked?.resolve(message.result);
      else asked?.reject(new Error(message.error));
    });
  });
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    ready,
    pid: child.pid ?? 0,
    get running() {
      return running();
    },
    ask: <Result>(command: { readonly do: string }) => {
      if (!running()) return Promise.reject(new Error(`${program} is not running: ${stderr}`));
      lastId += 1;
      const id = lastId;
      return new Promise<Result>((resolve, reject) => {
        waiting.set(id, { resolve: (value) => resolve(value as Result), reject });
        child.stdin.write(`${JSON.stringify({ ...command, id })}\n`);
      });
    },
    signal: (name) => void child.kill(name),
    kill: () => end(child, 0),
    [Symbol.asyncDispose]: async () => {
      if (running()) {
        child.kill('SIGCONT');
        child.stdin.write(`${JSON.stringify({ do: 'stop', id: 0 })}\n`);
      }
      await end(child, STOP_TIMEOUT_MS);
    },
  };
}

async function end(child: ChildProcess, afterMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await gone;
  clearTimeout(timer);
}
