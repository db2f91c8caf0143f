import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedStore } from '../scoring/store/embedded/embedded-store.ts';
import { reportInput } from '../tests/support/report-plant.ts';
import { createProgram } from './cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-report-'));
  await mkdir(join(folder, 'data', 'scoring'), { recursive: true });
  await writeFile(
    join(folder, 'data', 'plant.yaml'),
    `plant: { enterprise: acme, site: pudong, displayName: { zh: 浦东工厂 }, timezone: Asia/Shanghai, names: { body: { zh: 车身 } } }
scoring:
  energy: { electricityEquivalent: { kgcePerKwh: 0.28232, source: DB31/T 552-2017 } }
  targets: [{ id: t, basePeriod: { from: 2026-09-01, to: 2026-09-30 } }]
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function joulegate(...args: readonly string[]): Promise<string> {
  let out = '';
  await createProgram({
    version: 'test',
    env: {},
    cwd: folder,
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => true },
    now: () => Date.UTC(2026, 10, 5),
    process,
  }).parseAsync(['report', '--data', 'data', ...args], { from: 'user' });
  return out;
}

describe('joulegate report', () => {
  it('needs a store', async () => {
    await expect(joulegate()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('writes the report while scoring holds the store open', async () => {
    await using store = EmbeddedStore.open({ file: join(folder, 'data', 'scoring', 'joulegate.db') });
    const { windows, siteHours } = await reportInput();
    await store.write({ windows: [...windows, ...siteHours], scores: [], episodes: [], checkpoints: [] });
    const told = JSON.parse(await joulegate('--format', 'csv', '--json')) as {
      month: string;
      file: string;
      bytes: number;
    };
    expect(told).toMatchObject({ month: '2026-10', file: join(folder, 'joulegate-2026-10.zh.csv') });
    const text = await readFile(told.file, 'utf8');
    expect(text).toContain('浦东工厂');
    expect(text).toContain('车身');
    expect(
      await joulegate('--month', '2026-10', '--format', 'xlsx', '--lang', 'en', '--out', 'october.xlsx'),
    ).toContain('october.xlsx (2026-10, ');
    const pdf = await joulegate('--format', 'pdf', '--out', 'october.pdf');
    expect(pdf).toContain('october.pdf');
    expect((await readFile(join(folder, 'october.pdf'))).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('refuses a month that is none, and a folder without a configuration', async () => {
    await expect(joulegate('--month', 'October')).rejects.toMatchObject({ code: 'QUERY_INVALID' });
    await expect(joulegate('--data', 'nowhere')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(joulegate('--out', 'no/such/folder.xlsx')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
