import { describe, expect, it } from 'vitest';
import type { MachineRow } from '../anomaly/machine-row.ts';
import type { AnomalyEpisode, AnomalyScore } from '../anomaly/score.ts';
import { NO_SUMS } from '../energy/figure.ts';
import type { EnergyWindow } from '../energy/window.ts';
import type { Alert } from '../security/alert.ts';
import type { AlertStore, MetricStore, StoreBatch } from './metric-store.ts';

/** 2026-11-23T00:00Z */
export const START = Date.UTC(2026, 10, 23);
export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const PRESS = 'stamping/press-line/press-1';
const LATHE = 'machining/turning-line/lathe-2';

export const windowOf = (fields: Partial<EnergyWindow> = {}): EnergyWindow => ({
  ...NO_SUMS,
  path: PRESS,
  level: 'equipment',
  window: '1m',
  start: START,
  end: (fields.start ?? START) + MINUTE_MS,
  state: 'final',
  revision: 0,
  energyKwh: 1.25,
  idleKwh: 0.25,
  output: 3,
  runMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  expectedMs: MINUTE_MS,
  worstGapMs: 5000,
  ...fields,
});

export const scoreOf = (fields: Partial<AnomalyScore> = {}): AnomalyScore => ({
  path: PRESS,
  at: START,
  score: 0.2,
  context: 'run',
  alarm: false,
  model: 'pca-1',
  contributions: [],
  ...fields,
});

const episodeOf = (fields: Partial<AnomalyEpisode> = {}): AnomalyEpisode => ({
  id: 'episode-1',
  path: PRESS,
  from: START,
  to: null,
  peakScore: 0.997,
  peakAt: START + MINUTE_MS,
  context: 'run',
  model: 'pca-1',
  contributions: [{ tag: 'vibration', share: 1, value: 9.1, expected: 2.2, unit: 'mm/s' }],
  ...fields,
});

export const alertOf = (fields: Partial<Alert> = {}): Alert => ({
  id: 'alert-1',
  key: 'anomaly|press-1',
  rule: 'anomaly',
  severity: 'medium',
  condition: 'active',
  review: 'new',
  title: { en: 'Unusual behaviour', zh: '异常行为' },
  message: 'score 0.997',
  equipment: PRESS,
  first: START,
  last: START,
  count: 1,
  ...fields,
});

export const batch = (fields: Partial<StoreBatch>): StoreBatch => ({
  windows: [],
  scores: [],
  episodes: [],
  checkpoints: [],
  ...fields,
});

/** Every metric store runs this suite. `open` gives an empty store each time; `reopen` closes it and opens what it left. */
export function metricStoreContract<Store extends MetricStore>(
  name: string,
  { open, reopen }: { readonly open: () => Promise<Store>; readonly reopen: (store: Store) => Promise<Store> },
): void {
  describe(`${name} keeps windows`, () => {
    it('gives sensor rows back in the order of the newest sensors, with NaN for what was missing', async () => {
      await using store = await open();
      const row = (at: number, sensors: readonly number[]): MachineRow => ({
        at,
        context: 'run',
        mixed: at === START,
        powerKw: Number.NaN,
        pieces: 3,
        plantKw: 70.5,
        sensors: Float64Array.from(sensors),
      });
      await store.write(
        batch({
          rows: [
            { path: PRESS, sensors: ['a', 'b'], row: row(START, [1.5, Number.NaN]) },
            { path: PRESS, sensors: ['b', 'c'], row: row(START + MINUTE_MS, [2.5, 3.5]) },
          ],
        }),
      );
      const range = { path: PRESS, from: START, to: START + DAY_MS };
      const { sensors, rows } = await store.readSensorRows(range);
      expect(sensors).toEqual(['b', 'c']);
      expect(rows.map((one) => [...one.sensors])).toEqual([
        [Number.NaN, Number.NaN],
        [2.5, 3.5],
      ]);
      expect(rows[0]).toMatchObject({ at: START, context: 'run', mixed: true, powerKw: Number.NaN, plantKw: 70.5 });
      expect(await store.sensorPaths()).toEqual([PRESS]);
      await store.prune({ '1m': START + MINUTE_MS, '15m': START, '1h': START });
      expect((await store.readSensorRows(range)).rows).toHaveLength(1);
    });

    it('gives back every member of a row as it was written', async () => {
      await using store = await open();
      const row = windowOf({
        revision: 4,
        estimatedKwh: 0.1,
        scrap: 1,
        idleMs: 7,
        offMs: 8,
        otherMs: 9,
        unresolved: 2,
      });
      await store.write(batch({ windows: [row] }));
      expect(await store.readWindows({ path: PRESS, window: '1m', from: START, to: START + 1 })).toEqual([row]);
    });

    it('keeps them over a restart', async () => {
      const first = await open();
      await first.write(batch({ windows: [windowOf()], checkpoints: [{ name: 'clock', body: '7' }] }));
      await using second = await reopen(first);
      expect(await second.readWindows({ path: PRESS, window: '1m', from: START, to: START + 1 })).toEqual([windowOf()]);
      expect(await second.readCheckpoint('clock')).toBe('7');
    });

    it('replaces a row with the same path, window and start', async () => {
      await using store = await open();
      await store.write(batch({ windows: [windowOf({ state: 'open', energyKwh: 0.5 })] }));
      await store.write(batch({ windows: [windowOf({ state: 'final', energyKwh: 1.5 })] }));
      const rows = await store.readWindows({ path: PRESS, window: '1m', from: 0, to: START + DAY_MS });
      expect(rows).toEqual([windowOf({ energyKwh: 1.5 })]);
    });

    it('keeps the last of two rows of one batch that mean the same window', async () => {
      await using store = await open();
      await store.write(batch({ windows: [windowOf({ energyKwh: 1 }), windowOf({ energyKwh: 2 })] }));
      const rows = await store.readWindows({ path: PRESS, window: '1m', from: START, to: START + 1 });
      expect(rows.map((row) => row.energyKwh)).toEqual([2]);
    });

    it('reads a half-open range of one object in time order, whatever the order of writing', async () => {
      await using store = await open();
      const minutes = [90, 3, 61, 0, 59, 60, 2000];
      await store.write(
        batch({
          windows: minutes.flatMap((minute) => [
            windowOf({ start: START + minute * MINUTE_MS }),
            windowOf({ start: START + minute * MINUTE_MS, path: LATHE }),
            windowOf({ start: START + minute * MINUTE_MS, window: '15m' }),
          ]),
        }),
      );
      const rows = await store.readWindows({
        path: PRESS,
        window: '1m',
        from: START + 3 * MINUTE_MS,
        to: START + 2000 * MINUTE_MS,
      });
      expect(rows.map((row) => (row.start - START) / MINUTE_MS)).toEqual([3, 59, 60, 61, 90]);
      expect(rows.every((row) => row.path === PRESS && row.window === '1m')).toBe(true);
    });

    it('answers a range without bounds on a store with a hole of years', async () => {
      await using store = await open();
      const starts = [-5 * DAY_MS, 0, START, START + 9000 * DAY_MS];
      await store.write(batch({ windows: starts.map((start) => windowOf({ start })) }));
      const rows = await store.readWindows({
        path: PRESS,
        window: '1m',
        from: -8.64e15,
        to: 8.64e15,
      });
      expect(rows.map((row) => row.start)).toEqual(starts);
      const all = await store.readAllWindows({ window: '1m', from: -8.64e15, to: 8.64e15 });
      expect(all.map((row) => row.start)).toEqual(starts);
    });

    it('reads all objects of a range at once, oldest first', async () => {
      await using store = await open();
      const site = windowOf({ path: '', level: 'site', window: '1d', end: START + DAY_MS });
      const press = windowOf({ window: '1d', end: START + DAY_MS });
      const later = windowOf({ window: '1d', start: START + DAY_MS });
      await store.write(batch({ windows: [later, press, site] }));
      expect(await store.readAllWindows({ window: '1d', from: START, to: START + 2 * DAY_MS })).toEqual([
        site,
        press,
        later,
      ]);
      expect(await store.readAllWindows({ window: '1d', from: START, to: START + DAY_MS })).toEqual([site, press]);
    });

    it('knows nothing of an unknown path', async () => {
      await using store = await open();
      expect(await store.readWindows({ path: 'no/such/thing', window: '1h', from: 0, to: START })).toEqual([]);
      expect(await store.readScores({ path: 'no/such/thing', from: 0, to: START })).toEqual([]);
    });

    it('tells first and last window start, and null while empty', async () => {
      await using store = await open();
      expect(await store.extent()).toBeNull();
      await store.write(
        batch({ windows: [windowOf(), windowOf({ window: '1d', start: START - DAY_MS }), windowOf({ window: '1h' })] }),
      );
      expect(await store.extent()).toEqual({ from: START - DAY_MS, to: START });
    });

    it('leaves out a row with a number that is none and keeps its neighbours', async () => {
      await using store = await open();
      await store.write(
        batch({
          windows: [
            windowOf({ energyKwh: Number.NaN }),
            windowOf({ start: START + MINUTE_MS, output: Number.POSITIVE_INFINITY }),
            windowOf({ start: START + 2 * MINUTE_MS }),
          ],
          scores: [scoreOf({ score: Number.NaN }), scoreOf({ at: START + 1 })],
        }),
      );
      const rows = await store.readWindows({ path: PRESS, window: '1m', from: 0, to: START + DAY_MS });
      expect(rows).toEqual([windowOf({ start: START + 2 * MINUTE_MS })]);
      expect(await store.readScores({ path: PRESS, from: 0, to: START + DAY_MS })).toEqual([
        scoreOf({ at: START + 1 }),
      ]);
    });

    it('prunes by window size and keeps days for ever', async () => {
      await using store = await open();
      const ages = [0, 1, 2, 70].map((days) => START - days * DAY_MS);
      await store.write(
        batch({
          windows: ages.flatMap((start) =>
            (['1m', '15m', '1h', '1d'] as const).map((window) => windowOf({ window, start })),
          ),
          scores: ages.map((at) => scoreOf({ at })),
        }),
      );
      await store.prune({ '1m': START, '15m': START - DAY_MS, '1h': START - 2 * DAY_MS });
      const left = async (window: EnergyWindow['window']): Promise<number> =>
        (await store.readAllWindows({ window, from: 0, to: START + 1 })).length;
      expect([await left('1m'), await left('15m'), await left('1h'), await left('1d')]).toEqual([1, 2, 3, 4]);
      expect(await store.readScores({ path: PRESS, from: 0, to: START + 1 })).toEqual([scoreOf()]);
    });
  });

  describe(`${name} keeps scores and episodes`, () => {
    it('gives back scores with and without a figure', async () => {
      await using store = await open();
      const scores = [
        scoreOf({ score: null, reason: 'learning' }),
        scoreOf({
          at: START + MINUTE_MS,
          score: 0.995,
          alarm: true,
          contributions: [{ tag: 'vibration', share: 1, value: 9, expected: 2, unit: 'mm/s' }],
        }),
      ];
      await store.write(batch({ scores }));
      expect(await store.readScores({ path: PRESS, from: START, to: START + DAY_MS })).toEqual(scores);
    });

    it('thins to the limit and keeps the largest score of each group', async () => {
      await using store = await open();
      const scores = Array.from({ length: 1001 }, (_, minute) =>
        scoreOf({ at: START + minute * MINUTE_MS, score: minute === 537 ? 0.999 : (minute % 10) / 100 }),
      );
      await store.write(batch({ scores: scores.toReversed() }));
      const thinned = await store.readScores({ path: PRESS, from: START, to: START + DAY_MS, limit: 50 });
      expect(thinned).toHaveLength(50);
      expect(thinned.map((score) => score.at)).toEqual(thinned.map((score) => score.at).toSorted((a, b) => a - b));
      expect(thinned.filter((score) => score.score === 0.999)).toHaveLength(1);
      expect(thinned.every((score) => score.score === 0.999 || score.score === 0.09)).toBe(true);
      expect(await store.readScores({ path: PRESS, from: START, to: START + DAY_MS, limit: 1001 })).toEqual(scores);
    });

    it('knows the newest score of each path, also when older ones come late', async () => {
      await using store = await open();
      await store.write(batch({ scores: [scoreOf({ at: START + MINUTE_MS }), scoreOf({ path: LATHE, at: START })] }));
      await store.write(batch({ scores: [scoreOf({ at: START })] }));
      expect(await store.latestScores()).toEqual([
        scoreOf({ path: LATHE, at: START }),
        scoreOf({ at: START + MINUTE_MS }),
      ]);
    });

    it('reads episodes that overlap a range, newest first, also by what lies above them', async () => {
      await using store = await open();
      const episodes = [
        episodeOf({ id: 'over', from: START, to: START + MINUTE_MS }),
        episodeOf({ id: 'lasting', from: START + 2 * MINUTE_MS }),
        episodeOf({ id: 'elsewhere', path: LATHE, from: START + 3 * MINUTE_MS }),
        episodeOf({ id: 'like-named', path: 'Stamping_press-line', from: START + 4 * MINUTE_MS }),
        episodeOf({ id: 'later', from: START + DAY_MS }),
      ];
      await store.write(batch({ episodes }));
      const range = { from: START + 2 * MINUTE_MS, to: START + DAY_MS };
      const ids = async (query: object): Promise<string[]> =>
        (await store.readEpisodes({ ...range, ...query })).map((episode) => episode.id);
      expect(await ids({})).toEqual(['like-named', 'elsewhere', 'lasting']);
      expect(await ids({ path: 'stamping' })).toEqual(['lasting']);
      expect(await ids({ path: PRESS, from: START })).toEqual(['lasting', 'over']);
      expect(await ids({ path: 'stamping/press' })).toEqual([]);
      expect(await ids({ limit: 1 })).toEqual(['like-named']);
    });

    it('replaces an episode by its id', async () => {
      await using store = await open();
      await store.write(batch({ episodes: [episodeOf()] }));
      await store.write(batch({ episodes: [episodeOf({ to: START + 5 })] }));
      expect(await store.readEpisodes({ from: START, to: START + 1 })).toEqual([episodeOf({ to: START + 5 })]);
    });
  });

  describe(`${name} keeps checkpoints with the rows they match`, () => {
    it('replaces, removes and lists them by prefix', async () => {
      await using store = await open();
      await store.write(
        batch({
          checkpoints: [
            { name: 'stream/b', body: '1' },
            { name: 'stream/a', body: '2' },
            { name: 'streams', body: '3' },
          ],
        }),
      );
      await store.write(
        batch({
          checkpoints: [
            { name: 'stream/b', body: '4' },
            { name: 'streams', body: null },
          ],
        }),
      );
      expect(await store.readCheckpoints('stream')).toEqual([
        { name: 'stream/a', body: '2' },
        { name: 'stream/b', body: '4' },
      ]);
      expect(await store.readCheckpoint('streams')).toBeNull();
    });

    it('takes nothing of a batch that fails and goes on with the next', async () => {
      await using store = await open();
      const broken = { name: 'clock', body: Symbol('no text') as unknown as string };
      await expect(store.write(batch({ windows: [windowOf()], checkpoints: [broken] }))).rejects.toMatchObject({
        code: 'STORE_FAILED',
      });
      expect(await store.extent()).toBeNull();
      await store.write(batch({ windows: [windowOf()] }));
      expect(await store.readWindows({ path: PRESS, window: '1m', from: START, to: START + 1 })).toEqual([windowOf()]);
    });

    it('refuses use after it was closed, and closing twice does nothing', async () => {
      const store = await open();
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await expect(store.write(batch({}))).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    });
  });
}

/** Every alert store runs this suite. `open` gives an empty store each time. */
export function alertStoreContract(name: string, open: () => Promise<AlertStore & AsyncDisposable>): void {
  describe(`${name} keeps alerts`, () => {
    it('gives back what was saved and replaces it by id', async () => {
      await using store = await open();
      await store.save(alertOf());
      await store.save(alertOf({ review: 'acknowledged', acknowledgedBy: 'li', acknowledgedAt: START, count: 2 }));
      expect(await store.get('alert-1')).toEqual(
        alertOf({ review: 'acknowledged', acknowledgedBy: 'li', acknowledgedAt: START, count: 2 }),
      );
      expect(await store.get('alert-2')).toBeNull();
    });

    it('lists the newest first, by equipment and by whether they are open', async () => {
      await using store = await open();
      await store.save(alertOf({ id: 'old', last: START }));
      await store.save(alertOf({ id: 'closed', last: START + 1, review: 'closed' }));
      await store.save(alertOf({ id: 'new', last: START + 2, equipment: LATHE }));
      const ids = async (query: object): Promise<string[]> =>
        (await store.list({ limit: 10, ...query })).map((alert) => alert.id);
      expect(await ids({})).toEqual(['new', 'closed', 'old']);
      expect(await ids({ open: true })).toEqual(['new', 'old']);
      expect(await ids({ equipment: PRESS })).toEqual(['closed', 'old']);
      expect(await ids({ limit: 1 })).toEqual(['new']);
    });

    it('finds the newest alert of a key that is not closed', async () => {
      await using store = await open();
      await store.save(alertOf({ id: 'closed', last: START + 9, review: 'closed' }));
      await store.save(alertOf({ id: 'acknowledged', last: START + 1, review: 'acknowledged' }));
      await store.save(alertOf({ id: 'older', last: START }));
      expect((await store.findOpen('anomaly|press-1'))?.id).toBe('acknowledged');
      expect(await store.findOpen('anomaly|press-2')).toBeNull();
    });
  });
}
