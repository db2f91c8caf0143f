import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MachineRow } from '../scoring/anomaly/machine-row.ts';
import { fitMachineModel } from '../scoring/anomaly/model-fit.ts';
import { createRandom } from '../scoring/anomaly/tensor/network.ts';
import type { RescoreReport } from '../scoring/rescore.ts';
import { EmbeddedStore } from '../scoring/store/embedded/embedded-store.ts';
import { LineQueue } from '../scoring/store/influx/line-queue.ts';
import { batch, MINUTE_MS, PRESS, scoreOf, windowOf } from '../scoring/store/metric-store.contract.ts';
import { saveModel } from '../scoring/store/model-files.ts';
import { createProgram } from './cli.ts';

const sensors = ['Vibration', 'Temperature'];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 2026-11-01T00:00+08:00 */
const BEGIN = Date.UTC(2026, 9, 31, 16);
const RESCORED = BEGIN + 4 * DAY_MS;
const FAULT = { from: BEGIN + 4 * DAY_MS + 6 * HOUR_MS, to: BEGIN + 4 * DAY_MS + 9 * HOUR_MS };
const END = BEGIN + 5 * DAY_MS;

let folder: string;
let database: string;

const plant = (
  equivalent: number,
  more = '',
): string => `plant: { enterprise: acme, site: pudong, timezone: Asia/Shanghai }
scoring:
  energy: { electricityEquivalent: { kgcePerKwh: ${equivalent}, source: rate of generation of last year } }
${more}`;
const configure = (equivalent: number, more?: string): Promise<void> =>
  writeFile(join(folder, 'data', 'plant.yaml'), plant(equivalent, more));

/** Five days of a press that runs, with a bearing that shakes for three hours of the last one. */
function pressRows(): MachineRow[] {
  const random = createRandom(3);
  return Array.from({ length: (END - BEGIN) / MINUTE_MS }, (_, index) => {
    const at = BEGIN + index * MINUTE_MS;
    const load = Math.sin(index / 40);
    const fault = at >= FAULT.from && at < FAULT.to ? 4 : 0;
    return {
      at,
      context: 'run',
      mixed: false,
      powerKw: 40 + 5 * load + random(),
      pieces: 5 + load,
      plantKw: 100,
      sensors: Float64Array.of(3 + load + random() / 2 + fault, 60 + 4 * load + random()),
    };
  });
}

async function rescore(...args: readonly string[]): Promise<RescoreReport> {
  let out = '';
  await createProgram({
    version: 'test',
    env: {},
    cwd: folder,
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => true },
    now: () => END + DAY_MS,
    process,
  }).parseAsync(['rescore', '--data', 'data', '--json', '--log-level', 'error', ...args], { from: 'user' });
  return JSON.parse(out) as RescoreReport;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-rescore-'));
  const scoring = join(folder, 'data', 'scoring');
  await mkdir(join(scoring, 'models'), { recursive: true });
  database = join(scoring, 'joulegate.db');
  const rows = pressRows();
  const training = rows.filter(({ at }) => at < RESCORED);
  const model = fitMachineModel(training, {
    id: 'mewma-2',
    sensors,
    exceedance: 1e-3,
    rowIntervalMs: MINUTE_MS,
    fullRows: training.length,
  });
  if (model === null) throw new Error('no model could be fitted');
  await saveModel(join(scoring, 'models'), PRESS, model);
  await using store = EmbeddedStore.open({ file: database });
  const hours = Array.from({ length: 24 }, (_, hour) =>
    windowOf({ window: '1h', start: RESCORED + hour * HOUR_MS, end: RESCORED + (hour + 1) * HOUR_MS, energyKwh: 10 }),
  );
  await store.write(
    batch({
      rows: rows.map((row) => ({ path: PRESS, sensors, row })),
      scores: rows.map(({ at }) => scoreOf({ at, score: 0.5, model: 'mewma-1' })),
      windows: [...hours, windowOf({ window: '1d', start: RESCORED, end: END, energyKwh: 240, output: 72 })],
    }),
  );
});
afterAll(() => rm(folder, { recursive: true }));

describe('joulegate rescore', () => {
  it('scores history by the model of today; the scores before stay readable, and what is the same stays as it is', async () => {
    await configure(0.28);
    const { machines } = await rescore('--from', '2026-11-05', '--only', 'scores');
    expect(machines).toMatchObject([{ path: PRESS, model: 'mewma-2', rows: 1440, changed: 1440, episodesBefore: 0 }]);
    {
      await using store = EmbeddedStore.open({ file: database, readOnly: true });
      const episodes = await store.readEpisodes({ path: PRESS, from: RESCORED, to: END });
      expect(episodes.some(({ from, to }) => from >= FAULT.from && from < FAULT.to && to !== null)).toBe(true);
      const [inFault] = await store.readScores({ path: PRESS, from: FAULT.to - HOUR_MS, to: FAULT.to });
      expect(inFault).toMatchObject({ model: 'mewma-2', alarm: true });
      expect(inFault?.score).toBeGreaterThan(0.99);
      const before = await store.rescored.scoreRevisions({ path: PRESS, from: RESCORED, to: END });
      expect(before).toHaveLength(1440);
      expect(before[0]).toMatchObject({ revision: 0, score: 0.5, model: 'mewma-1' });
      const untouched = await store.readScores({ path: PRESS, from: RESCORED - MINUTE_MS, to: RESCORED });
      expect(untouched).toMatchObject([{ score: 0.5, model: 'mewma-1' }]);
    }
    const again = await rescore('--from', '2026-11-05', '--only', 'scores');
    expect(again.machines).toMatchObject([{ changed: 0 }]);
  });

  it('keeps what a machine had been scored with twice, oldest first', async () => {
    await using store = EmbeddedStore.open({ file: database });
    const at = RESCORED + HOUR_MS;
    await store.rescored.replaceScores(PRESS, {
      from: at,
      to: at + 1,
      at: END,
      scores: [scoreOf({ at, score: 0.1, model: 'mewma-3' })],
      episodes: [],
    });
    const revisions = await store.rescored.scoreRevisions({ path: PRESS, from: at, to: at + 1 });
    expect(revisions.map(({ revision, model }) => [revision, model])).toEqual([
      [0, 'mewma-1'],
      [1, 'mewma-2'],
    ]);
    expect(await store.readScores({ path: PRESS, from: at, to: at + 1 })).toMatchObject([{ model: 'mewma-3' }]);
    expect(await store.rescored.replacedEpisodes({ path: PRESS, from: BEGIN, to: END })).toEqual([]);
  });

  it('converts finished days by the factors of today, a further revision only where the figures differ', async () => {
    await configure(0.28);
    expect((await rescore('--from', '2026-11-01', '--only', 'conversions')).conversions).toEqual({
      days: 1,
      written: 1,
    });
    expect((await rescore('--from', '2026-11-01', '--only', 'conversions')).conversions).toEqual({
      days: 1,
      written: 0,
    });
    await configure(0.3);
    expect((await rescore('--from', '2026-11-01', '--only', 'conversions')).conversions).toEqual({
      days: 1,
      written: 1,
    });
    await using store = EmbeddedStore.open({ file: database, readOnly: true });
    const revisions = await store.rescored.conversions({ path: PRESS, from: BEGIN, to: END });
    expect(
      revisions.map(({ revision, day, energyKwh, kgceEquivalent }) => ({ revision, day, energyKwh, kgceEquivalent })),
    ).toEqual([
      { revision: 0, day: RESCORED, energyKwh: 240, kgceEquivalent: 240 * 0.28 },
      { revision: 1, day: RESCORED, energyKwh: 240, kgceEquivalent: 72 },
    ]);
    // GB/T 2589-2020, table A.1: 0.1229 kgce per kWh.
    expect(revisions[0]?.kgceCalorific).toBeCloseTo(240 * 0.1229, 9);
  });

  it('hands new scores to the queue of InfluxDB, from where the service sends them', async () => {
    await configure(0.28, '  influx: { url: "http://127.0.0.1:9", database: joulegate, queueMegabytes: 64 }\n');
    {
      await using store = EmbeddedStore.open({ file: database });
      const at = RESCORED + 2 * HOUR_MS;
      await store.write(batch({ scores: [scoreOf({ at, score: 0.4, model: 'mewma-1' })] }));
    }
    expect((await rescore('--from', '2026-11-05', '--only', 'scores')).machines).toMatchObject([{ changed: 2 }]);
    const queue = LineQueue.open(join(folder, 'data', 'scoring', 'influx-queue.db'), {
      maxBytes: 1e6,
      onDamaged: () => undefined,
    });
    const lines = queue.peek(100).flatMap(({ text }) => text.split('\n'));
    queue.close();
    expect(lines.filter((line) => line.startsWith('anomaly,'))).toHaveLength(2);
  });

  it('leaves an episode that lasts to the service', async () => {
    await configure(0.28);
    const store = EmbeddedStore.open({ file: database });
    const from = END - HOUR_MS;
    await store.write(
      batch({
        scores: [scoreOf({ at: from, score: 0.995, model: 'mewma-1', alarm: true })],
        episodes: [
          {
            id: 'open',
            path: PRESS,
            from,
            to: null,
            peakScore: 0.995,
            peakAt: from,
            context: 'run',
            model: 'mewma-1',
            contributions: [],
          },
        ],
      }),
    );
    await store[Symbol.asyncDispose]();
    await rescore('--from', '2026-11-05', '--only', 'scores');
    await using after = EmbeddedStore.open({ file: database, readOnly: true });
    const episodes = await after.readEpisodes({ path: PRESS, from, to: END });
    expect(episodes.find(({ id }) => id === 'open')).toMatchObject({ to: null });
    expect(await after.readScores({ path: PRESS, from, to: from + 1 })).toMatchObject([{ model: 'mewma-1' }]);
  });

  it('says what is wrong with its arguments', async () => {
    await expect(rescore('--from', 'yesterday')).rejects.toThrow('--from "yesterday" is no instant');
    await expect(rescore('--from', '2026-11-05', '--to', '2026-11-01')).rejects.toThrow('--from must lie before --to');
    await expect(rescore('--from', '2026-11-05', '--data', 'nowhere')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
