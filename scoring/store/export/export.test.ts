import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_SUMS } from '../../energy/figure.ts';
import { EmbeddedStore } from '../embedded/embedded-store.ts';
import { batch, MINUTE_MS, PRESS, scoreOf, START, windowOf } from '../metric-store.contract.ts';
import { awkwardNames } from '../series.contract.ts';
import { exportTable, type ExportQuery } from './table.ts';
import { writeTable } from './write-table.ts';

let folder = '';
let store: EmbeddedStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-export-'));
  store = EmbeddedStore.open({ file: join(folder, 'joulegate.db'), bulk: true });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const all: ExportQuery = { kind: 'windows', window: '1m', path: '', from: 0, to: START * 2 };
const names = awkwardNames.filter((name) => !name.startsWith('='));

describe('export of figures', () => {
  it('gives every window to CSV and Parquet alike, unknown figures empty', async () => {
    const dead = { ...windowOf({ start: START + MINUTE_MS }), ...NO_SUMS, expectedMs: MINUTE_MS };
    await store.write(
      batch({ windows: [windowOf({ estimatedKwh: 0.1 }), dead, ...names.map((path) => windowOf({ path }))] }),
    );
    const csv = join(folder, 'out.csv');
    const parquet = join(folder, 'out.parquet');
    expect(await writeTable(exportTable(store, all), csv, 'csv')).toBe(names.length + 2);
    expect(await writeTable(exportTable(store, all), parquet, 'parquet')).toBe(names.length + 2);
    const fromCsv = parse(await readFile(csv, 'utf8'), { columns: true }) as Record<string, string>[];
    const fromParquet = await parquetReadObjects({ file: await asyncBufferFromFile(parquet) });
    const asText = (value: string | number | boolean | Date | null): string =>
      value === null ? '' : value instanceof Date ? value.toISOString() : String(value);
    expect(
      fromParquet.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(value as string)])),
      ),
    ).toEqual(fromCsv);
    const press = fromParquet.filter((row) => row['path'] === PRESS);
    expect(press).toEqual([
      expect.objectContaining({
        start: new Date(START),
        energy_kwh: 1.25,
        estimated_kwh: 0.1,
        output: 3,
        sec_kwh_per_unit: 1.25 / 3,
        class: 'A',
        revision: 0,
        final: true,
      }),
      expect.objectContaining({ energy_kwh: null, output: null, sec_kwh_per_unit: null, reason: 'no-data' }),
    ]);
    expect(fromParquet.map((row) => String(row['path'])).toSorted()).toEqual([PRESS, PRESS, ...names].toSorted());
  });

  it('writes any range of one branch in more pieces than one', async () => {
    const windows = Array.from({ length: 120_000 }, (_, at) =>
      windowOf({ start: START + (at >> 1) * MINUTE_MS, path: at % 2 === 0 ? PRESS : 'other/line/m' }),
    );
    await store.write(batch({ windows }));
    const query = { ...all, path: 'stamping', from: START + MINUTE_MS, to: START + 55_001 * MINUTE_MS };
    const file = join(folder, 'out.parquet');
    expect(await writeTable(exportTable(store, query), file, 'parquet')).toBe(55_000);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file), columns: ['start', 'path'] });
    expect(rows.map((row) => (row['start'] as Date).getTime())).toEqual(
      Array.from({ length: 55_000 }, (_, at) => START + (at + 1) * MINUTE_MS),
    );
    expect(new Set(rows.map((row) => row['path']))).toEqual(new Set([PRESS]));
  });

  it('writes scores, and a readable file when there is nothing', async () => {
    await store.write(batch({ scores: [scoreOf(), scoreOf({ at: START + 1, score: null, reason: 'learning' })] }));
    const file = join(folder, 'scores.parquet');
    await writeTable(exportTable(store, { ...all, kind: 'scores' }), file, 'parquet');
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(file) })).toEqual([
      expect.objectContaining({ at: new Date(START), score: 0.2, reason: null, alarm: false }),
      expect.objectContaining({ score: null, reason: 'learning' }),
    ]);
    expect(await writeTable(exportTable(store, all), join(folder, 'none.csv'), 'csv')).toBe(0);
    expect(await writeTable(exportTable(store, all), join(folder, 'none.parquet'), 'parquet')).toBe(0);
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'none.parquet')) })).toEqual([]);
  });

  it('keeps a spreadsheet from calculating a name, and leaves nothing behind when it fails', async () => {
    await store.write(batch({ windows: [windowOf({ path: '=HYPERLINK("x")' })] }));
    const file = join(folder, 'out.csv');
    await writeTable(exportTable(store, all), file, 'csv');
    expect(await readFile(file, 'utf8')).toContain(`,"'=HYPERLINK(""x"")",`);
    const missing = join(folder, 'no', 'such', 'out.csv');
    await expect(writeTable(exportTable(store, all), missing, 'csv')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(stat(`${missing}.part`)).rejects.toThrow('ENOENT');
  });
});
