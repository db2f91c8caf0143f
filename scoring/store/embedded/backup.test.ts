import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertOf, batch, MINUTE_MS, PRESS, scoreOf, START, windowOf } from '../metric-store.contract.ts';
import { backupStore, restoreStore } from './backup.ts';
import { EmbeddedStore } from './embedded-store.ts';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'joulegate-backup-'));
  folder = join(root, 'scoring');
  await mkdir(join(folder, 'models'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const file = (): string => join(folder, 'joulegate.db');
const ALL = { from: 0, to: START * 2 };

/** Another process that writes minute after minute and prints each one that is stored. */
async function startWriter(path = PRESS): Promise<{ child: ChildProcess; stored: () => number }> {
  const program = `
    import { EmbeddedStore } from ${JSON.stringify(new URL('embedded-store.ts', import.meta.url).href)};
    const store = EmbeddedStore.open({ file: ${JSON.stringify(file())} });
    const row = ${JSON.stringify(windowOf({ path }))};
    for (let minute = 0; ; minute += 1) {
      const windows = Array.from({ length: 50 }, (_, at) => ({ ...row, start: row.start + (minute * 50 + at) * 60000 }));
      await store.write({ windows, scores: [], episodes: [], checkpoints: [{ name: 'minute', body: String(minute) }] });
      process.stdout.write(minute + '\\n');
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const stored = (): number => text.split('\n').length - 1;
  while (stored() < 3) await once(child.stdout, 'data');
  return { child, stored };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function answers(at: string): Promise<object> {
  await using store = EmbeddedStore.open({ file: join(at, 'joulegate.db') });
  const query = { path: PRESS, window: '1m' } as const;
  return {
    windows: await store.readWindows({ ...query, ...ALL }),
    series: await store.series.readSeries({ ...query, ...ALL, every: 3_600_000 }),
    rank: await store.series.rank({ window: '1m', level: 'equipment', by: 'sec', limit: 9, ...ALL }),
    revisions: await store.series.revisions({ path: PRESS, window: '1h', ...ALL }),
    scores: await store.readScores({ path: PRESS, ...ALL }),
    alerts: await store.list({ limit: 100 }),
    checkpoints: await store.readCheckpoints(''),
    extent: await store.extent(),
  };
}

describe('backup and restore', () => {
  it('gives identical answers elsewhere', async () => {
    {
      await using store = EmbeddedStore.open({ file: file() });
      const windows = Array.from({ length: 5000 }, (_, at) =>
        windowOf({ start: START + at * MINUTE_MS, energyKwh: at }),
      );
      await store.write(batch({ windows, scores: [scoreOf()], checkpoints: [{ name: 'clock', body: '7' }] }));
      for (const revision of [0, 1, 2]) await store.write(batch({ windows: [windowOf({ window: '1h', revision })] }));
      await store.save(alertOf());
    }
    await writeFile(join(folder, 'models', 'stamping%2Fpress.json'), '{"version":1}');
    await appendFile(join(folder, 'value-added.jsonl'), '{"month":"2026-01"}\n');
    const manifest = await backupStore({ folder, to: join(root, 'backup'), now: START });
    expect(manifest.files.map(({ name }) => name)).toEqual([
      'joulegate.db',
      'models/stamping%2Fpress.json',
      'value-added.jsonl',
    ]);
    const elsewhere = join(root, 'other', 'scoring');
    await restoreStore({ from: join(root, 'backup'), folder: elsewhere, replace: false, now: START });
    expect(await answers(elsewhere)).toEqual(await answers(folder));
    expect(await readFile(join(elsewhere, 'value-added.jsonl'), 'utf8')).toBe('{"month":"2026-01"}\n');
  });

  it('is of one instant while another process goes on writing', async () => {
    const { child, stored } = await startWriter();
    try {
      for (let turn = 0; turn < 3; turn += 1) {
        const before = stored();
        const to = join(root, `backup-${turn}`);
        await backupStore({ folder, to, now: START });
        await using copy = EmbeddedStore.open({ file: join(to, 'joulegate.db'), readOnly: true });
        const rows = await copy.readWindows({ path: PRESS, window: '1m', ...ALL });
        const batches = Number(await copy.readCheckpoint('minute')) + 1;
        expect(batches).toBeGreaterThanOrEqual(before);
        expect(rows.map(({ start }) => (start - START) / MINUTE_MS)).toEqual(
          Array.from({ length: batches * 50 }, (_, at) => at),
        );
      }
      const soFar = stored();
      while (stored() < soFar + 3) await once(child.stdout ?? child, 'data');
    } finally {
      await kill(child);
    }
  });

  it('lets two processes write to one file without losing a row of either', async () => {
    const { child, stored } = await startWriter('other/line/machine');
    try {
      await using store = EmbeddedStore.open({ file: file() });
      for (let minute = 0; minute < 100; minute += 1)
        await store.write(batch({ windows: [windowOf({ start: START + minute * MINUTE_MS })] }));
      await kill(child);
      expect(await store.readWindows({ path: PRESS, window: '1m', ...ALL })).toHaveLength(100);
      const others = await store.readWindows({ path: 'other/line/machine', window: '1m', ...ALL });
      expect(others.length).toBeGreaterThanOrEqual(stored() * 50);
      expect(others.length % 50).toBe(0);
    } finally {
      await kill(child);
    }
  });

  it('leaves a store alone that is in use, and puts the old one aside otherwise', async () => {
    const store = EmbeddedStore.open({ file: file() });
    await store.write(batch({ windows: [windowOf({ energyKwh: 1 })] }));
    const from = join(root, 'backup');
    await backupStore({ folder, to: from, now: START });
    await store.write(batch({ windows: [windowOf({ energyKwh: 2 })] }));
    const restore = (replace: boolean): Promise<unknown> => restoreStore({ from, folder, replace, now: START });
    await expect(restore(false)).rejects.toThrow(/add --force/);
    await expect(restore(true)).rejects.toThrow(/in use; stop scoring first/);
    expect(await store.readWindows({ path: PRESS, window: '1m', ...ALL })).toEqual([windowOf({ energyKwh: 2 })]);
    await store[Symbol.asyncDispose]();
    await restore(true);
    expect(await answers(folder)).toMatchObject({ windows: [{ energyKwh: 1 }] });
    const [aside = ''] = (await readdir(folder)).filter((name) => name.startsWith('before-restore-'));
    expect(await answers(join(folder, aside))).toMatchObject({ windows: [{ energyKwh: 2 }] });
  });

  it('restores over a damaged store, and never from a damaged backup', async () => {
    {
      await using store = EmbeddedStore.open({ file: file() });
      await store.write(batch({ windows: [windowOf()] }));
    }
    const from = join(root, 'backup');
    await backupStore({ folder, to: from, now: START });
    await expect(backupStore({ folder, to: from, now: START })).rejects.toMatchObject({ code: 'USAGE' });
    await writeFile(file(), 'rubbish'.repeat(5000));
    await restoreStore({ from, folder, replace: true, now: START });
    expect(await answers(folder)).toMatchObject({ windows: [windowOf()] });
    await appendFile(join(from, 'joulegate.db'), 'x');
    await expect(restoreStore({ from, folder, replace: true, now: START })).rejects.toThrow(/not what was backed up/);
    await writeFile(
      join(from, 'manifest.json'),
      JSON.stringify({ format: 1, schema: 1, files: [{ name: '../evil' }] }),
    );
    await expect(restoreStore({ from, folder, replace: true, now: START })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    expect(await answers(folder)).toMatchObject({ windows: [windowOf()] });
  });
});
