import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadReportFont } from '../../seeds/load-font.ts';
import { ask, createPlant, silentLog, startTestApi } from '../../tests/support/api-plant.ts';
import { reportInput, reportObjects, ZONE } from '../../tests/support/report-plant.ts';
import type { ApiServer } from '../api/server.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { ValueAddedBook } from '../store/value-added-book.ts';
import { buildMonthReport } from './month-report.ts';
import { createReporter, type Reporter, type ReporterOptions } from './reporter.ts';
import { ReportSchedule } from './schedule.ts';

let folder: string;
let store: EmbeddedStore;
let reporter: Reporter;
let options: ReporterOptions;
let api: ApiServer;
let now = Date.UTC(2026, 10, 5);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-reporter-'));
  store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const input = await reportInput();
  await store.write({ windows: [...input.windows, ...input.siteHours], scores: [], episodes: [], checkpoints: [] });
  options = {
    store,
    site: { enterprise: 'acme', name: 'pudong', displayName: { zh: '浦东工厂' }, timezone: ZONE },
    objects: () => reportObjects,
    targets: [{ id: 't', path: '', basePeriod: { from: '2026-09-01', to: '2026-09-30' }, reductions: [0.01] }],
    accounts: input.rules,
    quotas: [],
    valueAdded: new ValueAddedBook(join(folder, 'value-added.jsonl')),
    font: loadReportFont,
    now: () => now,
  };
  reporter = createReporter(options);
  api = await startTestApi({ store, alerts: store, view: createPlant(store), reports: reporter });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('reports from a store', () => {
  it('have the figures of the store', async () => {
    const input = await reportInput();
    const report = buildMonthReport(await reporter.read('2026-10'));
    const expected = input.windows
      .filter(({ path, start }) => path === '' && start >= input.month.from && start < input.month.to)
      .reduce((sum, { energyKwh }) => sum + energyKwh, 0);
    expect(report.rows[0]?.month.figure.energyKwh).toBeCloseTo(expected, 6);
    expect(report.rows.map(({ object }) => object.path)).toEqual(reportObjects.map(({ path }) => path));
    expect(report.targets[0]?.month.rawChange).toBeLessThan(0);
    expect(report.state).toBe('final');
  });

  it('of a month before the first value hold no figure', async () => {
    const report = buildMonthReport(await reporter.read('2020-02'));
    expect(report.rows.every(({ month }) => month.figure.energyKwh === null && month.figure.reason === 'no-data')).toBe(
      true,
    );
  });

  it('are refused for a month that has not begun, naming the last complete one', async () => {
    await expect(reporter.read('2027-01')).rejects.toMatchObject({
      code: 'QUERY_INVALID',
      message: expect.stringContaining('2026-10'),
    });
  });
});

describe('a report that cannot be drawn', () => {
  it('fails alone: the next one is made', async () => {
    let font = new Uint8Array(64);
    const fragile = createReporter({ ...options, font: async () => font });
    await expect(fragile.render({ month: '2026-10', format: 'pdf', language: 'zh' })).rejects.toThrow(
      /could not be drawn/,
    );
    font = new Uint8Array(await loadReportFont());
    const { body } = await fragile.render({ month: '2026-10', format: 'pdf', language: 'zh' });
    expect(Buffer.from(body.subarray(0, 5)).toString()).toBe('%PDF-');
  });
});

describe('the route of month reports', () => {
  it('answers with the last complete month and the reader its language', async () => {
    const answer = await ask(api, '/api/v1/reports/month?format=csv', { headers: { 'accept-language': 'en' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="joulegate-2026-10.en.csv"');
    expect(answer.text).toContain('Month,State,path');
  });

  it.each([
    ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'PK'],
    ['pdf', 'application/pdf', '%PDF'],
  ])('answers with %s', async (format, type, magic) => {
    const answer = await ask(api, `/api/v1/reports/month?month=2026-10&format=${format}&lang=zh`);
    expect([answer.status, answer.headers['content-type'], answer.text.slice(0, magic.length)]).toEqual([
      200,
      type,
      magic,
    ]);
  });

  it('says 304 while the data are the same', async () => {
    const path = '/api/v1/reports/month?month=2026-10&format=csv&lang=zh';
    const { headers } = await ask(api, path);
    const again = await ask(api, path, { headers: { 'if-none-match': headers.etag ?? '' } });
    expect([again.status, again.text]).toEqual([304, '']);
    const other = await ask(api, path.replace('zh', 'en'), { headers: { 'if-none-match': headers.etag ?? '' } });
    expect(other.status).toBe(200);
  });

  it.each(['month=2026-13', 'month=2999-01', 'format=doc', 'lang=de', 'months=2026-10'])(
    'refuses %s',
    async (query) => {
      const answer = await ask(api, `/api/v1/reports/month?${query}`);
      expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/problem+json']);
    },
  );
});

describe('reports that are written by themselves', () => {
  it('come once for the same data, beside the older one when data have changed, and only for their owner', async () => {
    const target = join(folder, 'reports');
    await using schedule = new ReportSchedule({
      reporter,
      folder: target,
      formats: ['csv'],
      languages: ['zh', 'en'],
      log: silentLog,
    });
    const first = await schedule.write();
    expect(first).toHaveLength(2);
    expect(await schedule.write()).toEqual([]);
    const [name = ''] = first;
    expect((await stat(join(target, name))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(target, name), 'utf8')).toContain('浦东工厂');
    const [late] = await store.readWindows({
      path: 'body/press/p-1',
      window: '1d',
      from: Date.UTC(2026, 9, 10),
      to: Date.UTC(2026, 9, 12),
    });
    if (late === undefined) throw new Error('no window');
    await store.write({
      windows: [{ ...late, energyKwh: late.energyKwh + 1, revision: 1 }],
      scores: [],
      episodes: [],
      checkpoints: [],
    });
    expect(await schedule.write()).toHaveLength(2);
    expect(await readdir(target)).toHaveLength(4);
  });

  it('do not come for a plant without a value', async () => {
    const before = now;
    now = Date.UTC(2021, 5, 5);
    await using schedule = new ReportSchedule({
      reporter,
      folder: join(folder, 'none'),
      formats: ['csv'],
      languages: ['zh'],
      log: silentLog,
    });
    expect(await schedule.write()).toEqual([]);
    now = before;
  });
});
