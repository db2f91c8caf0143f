import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from './log.ts';
import { stopInOrder, superviseChild, type SupervisedChild } from './supervisor.ts';

let folder = '';
let children: SupervisedChild[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-supervisor-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.stop(100)));
  await rm(folder, { recursive: true, force: true });
});

const log = createLog({ level: 'silent', format: 'json', sink: { write: () => undefined } });

async function start(name: string, script: string, options: { relay?: (line: string) => void; args?: string[] } = {}) {
  const file = join(folder, `${name}.mjs`);
  await writeFile(
    file,
    `import { appendFileSync } from 'node:fs';\nconst log = ${JSON.stringify(join(folder, 'events'))};\n${script}`,
  );
  const child = superviseChild(
    { name, args: (last) => [String(Number(last?.['port'] ?? 0)), ...(options.args ?? [])] },
    { script: file, env: process.env, log, relay: options.relay ?? (() => undefined), now: Date.now, backoffMs: [10] },
  );
  children.push(child);
  return child;
}

const events = async (): Promise<string[]> =>
  (await readFile(join(folder, 'events'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const untilEvents = (count: number): Promise<string[]> =>
  vi.waitFor(
    async () => {
      const seen = await events();
      expect(seen.length).toBeGreaterThanOrEqual(count);
      return seen;
    },
    { timeout: 10_000, interval: 20 },
  );

const stayUp = `console.log(JSON.stringify({ service: 'x', port: 4711 }));
process.on('disconnect', () => process.exit());
process.on('message', () => {});`;

describe('a supervised child', () => {
  it('is ready when it prints its line of JSON; other lines are passed on', async () => {
    const lines: string[] = [];
    const child = await start('plain', `console.log('hello');\n${stayUp}`, { relay: (line) => lines.push(line) });
    expect(await child.ready).toEqual({ service: 'x', port: 4711 });
    expect(lines).toContain('hello');
  });

  it('is given its own flags of Node and environment, and the environment of the caller wins', async () => {
    const file = join(folder, 'flags.mjs');
    await writeFile(
      file,
      `console.log(JSON.stringify({ service: 'x', flags: process.execArgv, own: process.env.OWN, path: process.env.PATH }));
${stayUp}`,
    );
    const child = superviseChild(
      {
        name: 'flags',
        args: () => [],
        runtime: { flags: ['--max-semi-space-size=8'], env: { OWN: 'small', PATH: 'of the child' } },
      },
      { script: file, env: process.env, log, relay: () => undefined, now: Date.now, backoffMs: [10] },
    );
    children.push(child);
    expect(await child.ready).toEqual({
      service: 'x',
      flags: ['--max-semi-space-size=8'],
      own: 'small',
      path: process.env['PATH'],
    });
  });

  it('is started again with its real port when it crashes', async () => {
    const child = await start(
      'crash',
      `appendFileSync(log, process.argv[2] + '\\n');\n${stayUp}\nif (process.argv[2] === '0') setTimeout(() => process.exit(1), 20);`,
    );
    await child.ready;
    expect(await untilEvents(2)).toEqual(['0', '4711']);
  });

  it('that ends with exit code 2 at its start is not started again and its own line is the error', async () => {
    const child = await start(
      'wrong',
      `appendFileSync(log, 'started\\n');\nconsole.error('joulegate: port 1883 is in use\\n  by somebody');\nprocess.exit(2);`,
    );
    await expect(child.ready).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'port 1883 is in use\n  by somebody',
    });
    expect(await events()).toEqual(['started']);
  });

  it('that fails three times before it was ever ready is given up', async () => {
    const child = await start(
      'never',
      `appendFileSync(log, 'started\\n');\nconsole.error('joulegate: no luck');\nprocess.exit(1);`,
    );
    await expect(child.ready).rejects.toMatchObject({ code: 'INTERNAL', message: 'never does not start: no luck' });
    expect(await events()).toHaveLength(3);
  });

  it('that ignores SIGTERM is ended by force', async () => {
    const child = await start('deaf', `process.on('SIGTERM', () => appendFileSync(log, 'deaf\\n'));\n${stayUp}`);
    await child.ready;
    await child.stop(300);
    expect(await events()).toEqual(['deaf']);
  });

  it('is told that it is supervised', async () => {
    const child = await start('told', `appendFileSync(log, process.env.JOULEGATE_SUPERVISED + '\\n');\n${stayUp}`);
    await child.ready;
    expect(await events()).toEqual(['1']);
  });
});

describe('a stop in order', () => {
  it('waits for each stage before the next is asked', async () => {
    const slow = (name: string) =>
      `process.on('SIGTERM', () => { appendFileSync(log, '${name} asked\\n'); setTimeout(() => { appendFileSync(log, '${name} gone\\n'); process.exit(0); }, 30); });\n${stayUp}`;
    const [gateway, scoring, broker] = await Promise.all(
      ['gateway', 'scoring', 'broker'].map((name) => start(name, slow(name))),
    );
    await Promise.all(children.map(({ ready }) => ready));
    await stopInOrder([[gateway!], [scoring!], [broker!]], Date.now);
    expect(await events()).toEqual([
      'gateway asked',
      'gateway gone',
      'scoring asked',
      'scoring gone',
      'broker asked',
      'broker gone',
    ]);
  });
});
