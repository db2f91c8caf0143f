import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryFolder } from './stack.ts';

/** What `joulegate up --json` prints once everything is up. */
export type Ready = {
  readonly url: string;
  readonly token: string;
  readonly mqtt: string;
  readonly opcua: string;
  readonly dataDir: string;
};

/** `joulegate up --demo` as its own process, on free ports and an empty data folder. */
export interface DemoProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly ready: Ready;
  /** GET below /api/v1 with the operator's token. @throws Error on any answer but 200. */
  get<Answer>(path: string): Promise<Answer>;
}

/** Starts the demo plant with so much history and waits until it is up; `more` are further arguments. */
export async function startDemo(history: string, ...more: readonly string[]): Promise<DemoProcess> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const free = ['--port', '--mqtt-port', '--opcua-port'].flatMap((option) => [option, '0']);
  const child = spawn(
    process.execPath,
    [
      'deploy/joulegate.js',
      'up',
      '--demo',
      '--json',
      '--history',
      history,
      '--data',
      join(folder.path, 'data'),
      ...free,
      ...more,
    ],
    { cwd: join(import.meta.dirname, '../..'), stdio: ['ignore', 'pipe', 'ignore'] },
  );
  opening.defer(() => void (child.exitCode === null && child.kill('SIGKILL')));
  const ended = once(child, 'exit').then(() => {
    throw new Error('the demo ended before it was up');
  });
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  ended.catch(() => undefined);
  const ready = JSON.parse(line) as Ready;
  const resources = opening.move();
  return {
    child,
    ready,
    get: async <Answer>(path: string) => {
      const response = await fetch(`${ready.url}/api/v1/${path}`, {
        headers: { authorization: `Bearer ${ready.token}` },
      });
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Answer;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
