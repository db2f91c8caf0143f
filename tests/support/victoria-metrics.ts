import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export type VictoriaMetrics = AsyncDisposable & {
  readonly url: string;
  /** Samples of every series that fits a selector, oldest first, as VictoriaMetrics exports them. */
  samples(selector: string): Promise<readonly VictoriaSeries[]>;
};

export type VictoriaSeries = {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
};

/** Debian's VictoriaMetrics on a private port and a temporary folder. */
export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-vm-'));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const child = spawn(
    'victoria-metrics',
    [`-storageDataPath=${folder}`, `-httpListenAddr=${address}`, '-retentionPeriod=100y', '-memory.allowedBytes=128MB'],
    { stdio: 'ignore' },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for (const deadline = Date.now() + 20_000; ;) {
    const up = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('victoria-metrics did not start');
    await delay(50);
  }
  return {
    url,
    samples: async (selector) => {
      await fetch(`${url}/internal/force_flush`);
      const parameters = new URLSearchParams({ 'match[]': selector, start: '0', end: '9999999999' });
      const text = await (await fetch(`${url}/api/v1/export?${parameters.toString()}`)).text();
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as VictoriaSeries);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
