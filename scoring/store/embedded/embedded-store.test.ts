import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { windowSizes } from '../../energy/window.ts';
import {
  alertStoreContract,
  batch,
  metricStoreContract,
  MINUTE_MS,
  PRESS,
  scoreOf,
  START,
  windowOf,
} from '../metric-store.contract.ts';
import { seriesContract } from '../series.contract.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { migrations } from './schema.ts';

const folders: string[] = [];
const files = new WeakMap<EmbeddedStore, string>();

async function freshFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-store-'));
  folders.push(folder);
  return join(folder, 'store.db');
}

async function open(): Promise<EmbeddedStore> {
  const file = await freshFile();
  const store = EmbeddedStore.open({ file });
  files.set(store, file);
  return store;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

metricStoreContract('EmbeddedStore', {
  open,
  reopen: async (store) => {
    await store[Symbol.asyncDispose]();
    return EmbeddedStore.open({ file: files.get(store) ?? '' });
  },
});
alertStoreContract('EmbeddedStore', open);
seriesContract('EmbeddedStore', async () => {
  const store = await open();
  return {
    series: store.series,
    write: (given) => store.write(batch(given)),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});

describe('EmbeddedStore in one file', () => {
  it('lets a second connection look while the first one writes', async () => {
    const file = await freshFile();
    await using writer = EmbeddedStore.open({ file });
    await writer.write(batch({ windows: [windowOf()] }));
    await using reader = EmbeddedStore.open({ file, readOnly: true });
    await writer.write(batch({ windows: [windowOf({ path: 'new/line/machine' })] }));
    expect(await reader.readWindows({ path: PRESS, window: '1m', from: START, to: START + 1 })).toHaveLength(1);
    expect(
      await reader.readWindows({ path: 'new/line/machine', window: '1m', from: START, to: START + 1 }),
    ).toHaveLength(1);
    await expect(reader.write(batch({ windows: [windowOf()] }))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('keeps what was acknowledged when its process is killed', async () => {
    const file = await freshFile();
    const program = `
      import { EmbeddedStore } from ${JSON.stringify(new URL('embedded-store.ts', import.meta.url).href)};
      const store = EmbeddedStore.open({ file: ${JSON.stringify(file)} });
      const row = ${JSON.stringify(windowOf())};
      for (let minute = 0; ; minute += 1) {
        await store.write({ windows: [{ ...row, start: row.start + minute * 60000 }], scores: [], episodes: [], checkpoints: [] });
        console.log(minute);
      }`;
    const writer = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    for await (const chunk of writer.stdout) {
      text += String(chunk);
      if (text.split('\n').length > 50 && !writer.killed) writer.kill('SIGKILL');
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    const acknowledged = text.split('\n').slice(0, -1).length;
    await using store = EmbeddedStore.open({ file });
    const rows = await store.readWindows({ path: PRESS, window: '1m', from: START, to: START + 1e12 });
    expect(rows.length).toBeGreaterThanOrEqual(acknowledged);
    expect(rows.map((row) => row.start)).toEqual(rows.map((_, minute) => START + minute * MINUTE_MS));
  });

  it('has everything of a bulk fill in the main file after the end of it', async () => {
    const file = await freshFile();
    await using store = EmbeddedStore.open({ file, bulk: true });
    const windows = Array.from({ length: 5000 }, (_, minute) => windowOf({ start: START + minute * MINUTE_MS }));
    await store.write(batch({ windows }));
    store.endBulk();
    using database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare('SELECT COUNT(*) AS count FROM window_1m').get()).toMatchObject({ count: 5000 });
    await store.write(batch({ windows: [windowOf({ path: 'after' })] }));
    expect(await store.readWindows({ path: 'after', window: '1m', from: START, to: START + 1 })).toHaveLength(1);
  });

  it('prunes more rows than one chunk holds', async () => {
    const file = await freshFile();
    await using store = EmbeddedStore.open({ file, bulk: true });
    const windows = Array.from({ length: 45_000 }, (_, minute) => windowOf({ start: START + minute * MINUTE_MS }));
    await store.write(batch({ windows }));
    const before = START + 44_990 * MINUTE_MS;
    await store.prune({ '1m': before, '15m': before, '1h': before });
    expect(await store.readAllWindows({ window: '1m', from: 0, to: START + 1e12 })).toHaveLength(10);
  });

  it('follows the level of an object', async () => {
    await using store = await open();
    await store.write(batch({ scores: [scoreOf({ path: 'hall' })] }));
    await store.write(batch({ windows: [windowOf({ path: 'hall', level: 'area' })] }));
    const [row] = await store.readWindows({ path: 'hall', window: '1m', from: START, to: START + 1 });
    expect(row?.level).toBe('area');
  });
});

describe('EmbeddedStore and files of other releases', () => {
  it('brings a file of the first schema forward with all its rows', async () => {
    const file = await freshFile();
    const database = new DatabaseSync(file);
    database.exec(`${migrations[0] ?? ''} PRAGMA user_version = 1`);
    database.exec(`INSERT INTO object VALUES (1, '${PRESS}', 'equipment')`);
    const starts = [START, START - 1, -1, -3_600_000, 5];
    for (const size of windowSizes) {
      for (const start of starts)
        database.exec(
          `INSERT INTO window_${size} VALUES (1, ${start}, ${start + MINUTE_MS}, 1, 0, 1.25, 0.25, 0, 3, 0, 60000, 0, 0, 0, 60000, 60000, 5000, 0)`,
        );
    }
    for (const at of [START, START + 1])
      database.exec(`INSERT INTO score VALUES (1, ${at}, 0.2, NULL, 'run', 0, 'pca-1', NULL)`);
    database.close();
    await using store = EmbeddedStore.open({ file });
    for (const window of windowSizes) {
      const rows = await store.readWindows({ path: PRESS, window, from: -1e15, to: 1e15 });
      expect(rows).toEqual(starts.toSorted((a, b) => a - b).map((start) => windowOf({ window, start })));
      await store.write(batch({ windows: rows }));
      expect(await store.readWindows({ path: PRESS, window, from: -1e15, to: 1e15 })).toEqual(rows);
    }
    expect(await store.latestScores()).toEqual([scoreOf({ at: START + 1 })]);
  });

  it.each(migrations.slice(1).map((_, at) => at + 2))(
    'brings a file of schema %i forward with its rows',
    async (version) => {
      const file = await freshFile();
      const database = new DatabaseSync(file);
      database.exec(`${migrations.slice(0, version).join(';')} PRAGMA user_version = ${version}`);
      database.exec(`INSERT INTO object VALUES (1, '${PRESS}', 'equipment', NULL)`);
      database.exec(
        `INSERT INTO window_1h VALUES (${Math.floor(START / 604_800_000)}, 1, ${START}, ${START + MINUTE_MS}, 1, 0, 1.25, 0.25, 0, 3, 0, 60000, 0, 0, 0, 60000, 60000, 5000, 0)`,
      );
      database.close();
      await using store = EmbeddedStore.open({ file });
      await store.write(batch({ windows: [windowOf({ window: '1h', energyKwh: 2, revision: 1 })] }));
      const kept = await store.series.revisions({ path: PRESS, window: '1h', from: START, to: START + 1 });
      expect(kept.map(({ revision, energyKwh }) => [revision, energyKwh])).toEqual([
        [0, 1.25],
        [1, 2],
      ]);
    },
  );

  it('refuses a file of a newer release and leaves it as it is', async () => {
    const file = await freshFile();
    const database = new DatabaseSync(file);
    database.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    database.close();
    expect(() => EmbeddedStore.open({ file })).toThrow(
      expect.objectContaining({ code: 'STORE_FAILED', message: expect.stringContaining('newer release') }),
    );
    expect(() => EmbeddedStore.open({ file, readOnly: true })).toThrow(/newer release/);
  });

  it('names what to do with a file that is no database', async () => {
    const file = await freshFile();
    await writeFile(file, 'this is not a database, and long enough to be looked at as one'.repeat(100));
    expect(() => EmbeddedStore.open({ file })).toThrow(
      expect.objectContaining({ code: 'STORE_FAILED', message: expect.stringContaining('move the file away') }),
    );
  });

  it('names what to do with a file that lost its end', async () => {
    const file = await freshFile();
    const store = EmbeddedStore.open({ file, bulk: true });
    const windows = Array.from({ length: 5000 }, (_, minute) => windowOf({ start: START + minute * MINUTE_MS }));
    await store.write(batch({ windows }));
    store.endBulk();
    await store[Symbol.asyncDispose]();
    await truncate(file, 100_000);
    const use = async (): Promise<void> => {
      await using damaged = EmbeddedStore.open({ file });
      await damaged.readAllWindows({ window: '1m', from: 0, to: START * 2 });
    };
    await expect(use()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('the file is damaged'),
    });
  });

  it('names the folder that is missing', () => {
    expect(() => EmbeddedStore.open({ file: '/nowhere/at/all/store.db' })).toThrow(/check that the folder exists/);
  });
});
