import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { JoulegateError } from '../broker/contract/error.ts';

/** Runs the history filler as a process of its own and follows its progress. @throws JoulegateError INTERNAL with its last line. */
export async function runFill(options: {
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly relay: (line: string) => void;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const child = fork(options.script, options.args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...options.env, JOULEGATE_SUPERVISED: '1' },
    execArgv: [],
  });
  const { promise, resolve } = Promise.withResolvers<number | null>();
  let lastWords = '';
  const end = (): boolean => child.kill('SIGKILL');
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const progress = /"progress":([\d.e-]+)/.exec(line)?.[1];
      if (progress !== undefined) options.onProgress(Number(progress));
    });
  }
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.startsWith('joulegate: ')) lastWords = line.slice('joulegate: '.length);
      else options.relay(line);
    });
  }
  child.on('error', (error) => {
    lastWords = error.message;
    resolve(null);
  });
  child.on('close', (code) => resolve(code));
  const code = await promise;
  options.signal.removeEventListener('abort', end);
  if (code !== 0 && !options.signal.aborted) {
    throw new JoulegateError(
      code === 2 ? 'CONFIG_INVALID' : 'INTERNAL',
      `the history of the demo plant could not be filled: ${lastWords || `exit code ${code ?? 'unknown'}`}`,
    );
  }
}
