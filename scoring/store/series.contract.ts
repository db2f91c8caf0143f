import { describe, expect, it } from 'vitest';
import { NO_SUMS } from '../energy/figure.ts';
import type { EnergyWindow } from '../energy/window.ts';
import { batch, MINUTE_MS, PRESS, scoreOf, START, windowOf } from './metric-store.contract.ts';
import type { StoreBatch } from './metric-store.ts';
import { pointOf, type SeriesReader } from './series.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LATHE = 'machining/turning-line/lathe-2';

/** Names that a query language or a wire format could read as something else. */
export const awkwardNames: readonly string[] = [
  'a b,c=d',
  'end\\',
  'a\\,b',
  'a\\ b',
  '"quoted"',
  '压力机 一号 🏭',
  "it's",
  'two\nlines',
  'two_lines',
  'tab\there',
  '%0A',
  'a%5Cb',
  'a\\b',
  '=',
  'press"; DROP MEASUREMENT energy; --',
  "' OR '1'='1",
  "x' OR time > 0 --",
  '{{7*7}}',
  'n'.repeat(4000),
];

/** What a store under test is: something to write to and something that reads it. */
export interface SeriesUnderTest extends AsyncDisposable {
  readonly series: SeriesReader;
  /** Resolves when what was written can be read. */
  write(batch: Pick<StoreBatch, 'windows' | 'scores'>): Promise<void>;
}

const hours = (count: number, fields: Partial<EnergyWindow> = {}): EnergyWindow[] =>
  Array.from({ length: count }, (_, hour) =>
    windowOf({ window: '1h', start: START + hour * HOUR_MS, energyKwh: hour + 1, idleKwh: 0.5, output: 2, ...fields }),
  );

/** Every store with figures runs this suite, real servers included. `open` gives an empty store each time. */
export function seriesContract(
  name: string,
  open: () => Promise<SeriesUnderTest>,
  /** false: the server has no deletion by tag. */
  { deletes = true }: { readonly deletes?: boolean } = {},
): void {
  describe(`${name} reads series`, () => {
    it('gives back every sum of a window', async () => {
      await using store = await open();
      const row = windowOf({ estimatedKwh: 0.25, scrap: 1, idleMs: 30 * MINUTE_MS, revision: 0 });
      await store.write(batch({ windows: [row, windowOf({ path: LATHE })] }));
      const query = { path: PRESS, window: '1m', from: START, to: START + 1 } as const;
      expect(await store.series.readSeries(query)).toEqual([pointOf(row)]);
    });

    it('keeps unknown apart from 0', async () => {
      await using store = await open();
      const dead = { ...windowOf(), ...NO_SUMS, expectedMs: MINUTE_MS };
      await store.write(batch({ windows: [dead, windowOf({ start: START + MINUTE_MS, energyKwh: 0, output: 0 })] }));
      const points = await store.series.readSeries({ path: PRESS, window: '1m', from: START, to: START + HOUR_MS });
      expect(points.map(({ energyKwh, output }) => [energyKwh, output])).toEqual([
        [null, null],
        [0, 0],
      ]);
    });

    it('reads a half-open range in time order, whatever the order of writing', async () => {
      await using store = await open();
      const rows = [90, 3, 61, 0, 59, 2000].map((minute) => windowOf({ start: START + minute * MINUTE_MS }));
      await store.write(batch({ windows: rows.slice(0, 3) }));
      await store.write(batch({ windows: rows.slice(3) }));
      const range = { from: START + 3 * MINUTE_MS, to: START + 2000 * MINUTE_MS };
      const points = await store.series.readSeries({ path: PRESS, window: '1m', ...range });
      expect(points.map(({ start }) => (start - START) / MINUTE_MS)).toEqual([3, 59, 61, 90]);
    });

    it('down-samples into even steps and leaves empty ones out', async () => {
      await using store = await open();
      await store.write(batch({ windows: [...hours(8), windowOf({ window: '1h', start: START + 20 * HOUR_MS })] }));
      const query = {
        path: PRESS,
        window: '1h',
        from: START + HOUR_MS,
        to: START + DAY_MS,
        every: 4 * HOUR_MS,
      } as const;
      const points = await store.series.readSeries(query);
      expect(
        points.map(({ start, windows, energyKwh, output }) => [start - START, windows, energyKwh, output]),
      ).toEqual([
        [0, 3, 2 + 3 + 4, 6],
        [4 * HOUR_MS, 4, 5 + 6 + 7 + 8, 8],
        [20 * HOUR_MS, 1, 1.25, 3],
      ]);
    });

    it('replaces what is written again', async () => {
      await using store = await open();
      await store.write(batch({ windows: [windowOf({ state: 'open', energyKwh: 0.5 })] }));
      await store.write(batch({ windows: [windowOf({ energyKwh: 1.5 })] }));
      const points = await store.series.readSeries({ path: PRESS, window: '1m', from: 0, to: START + DAY_MS });
      expect(points.map(({ windows, energyKwh }) => [windows, energyKwh])).toEqual([[1, 1.5]]);
    });

    it('knows nothing of an unknown path or an empty store', async () => {
      await using store = await open();
      const range = { from: 0, to: START + DAY_MS };
      expect(await store.series.readSeries({ path: PRESS, window: '1h', ...range })).toEqual([]);
      expect(await store.series.latest({ window: '1h' })).toEqual([]);
      await store.write(batch({ windows: hours(2) }));
      expect(await store.series.readSeries({ path: 'no/such', window: '1h', ...range })).toEqual([]);
      expect(await store.series.revisions({ path: 'no/such', window: '1h', ...range })).toEqual([]);
    });

    it('keeps every name apart from every other one', async () => {
      await using store = await open();
      await store.write(batch({ windows: awkwardNames.map((path, at) => windowOf({ path, energyKwh: at + 1 })) }));
      const range = { from: 0, to: START + DAY_MS };
      for (const [at, path] of awkwardNames.entries()) {
        const points = await store.series.readSeries({ path, window: '1m', ...range });
        expect(points.map(({ energyKwh }) => energyKwh)).toEqual([at + 1]);
      }
      const latest = await store.series.latest({ window: '1m' });
      expect(latest.map(({ path }) => path)).toEqual([...awkwardNames].sort());
    });
  });

  describe(`${name} ranks, and knows the newest`, () => {
    it('ranks objects of a level by sums of the range, largest first', async () => {
      await using store = await open();
      await store.write(
        batch({
          windows: [
            ...hours(3),
            ...hours(3, { path: LATHE, energyKwh: 4, output: 1 }),
            ...hours(3, { path: 'machining', level: 'area', energyKwh: 100 }),
            ...hours(3, { path: 'no/output', energyKwh: 3, output: 0 }),
          ],
        }),
      );
      const query = { window: '1h', level: 'equipment', from: START, to: START + 2 * HOUR_MS, limit: 10 } as const;
      const ranked = async (by: 'energyKwh' | 'sec', limit = 10): Promise<unknown[]> =>
        (await store.series.rank({ ...query, by, limit })).map(({ path, value, windows }) => [path, value, windows]);
      expect(await ranked('energyKwh')).toEqual([
        [LATHE, 8, 2],
        ['no/output', 6, 2],
        [PRESS, 3, 2],
      ]);
      expect(await ranked('sec')).toEqual([
        [LATHE, 4, 2],
        [PRESS, 0.75, 2],
      ]);
      expect(await ranked('energyKwh', 1)).toHaveLength(1);
    });

    it('gives the newest window of every object, also when older ones come late', async () => {
      await using store = await open();
      await store.write(batch({ windows: [...hours(3), windowOf({ path: '', level: 'site', window: '1h' })] }));
      await store.write(batch({ windows: [windowOf({ window: '1h', start: START - HOUR_MS })] }));
      const latest = await store.series.latest({ window: '1h' });
      expect(latest.map(({ path, level, start, energyKwh }) => [path, level, start, energyKwh])).toEqual([
        ['', 'site', START, 1.25],
        [PRESS, 'equipment', START + 2 * HOUR_MS, 3],
      ]);
    });
  });

  describe(`${name} keeps revisions and deletes by age`, () => {
    it('keeps every final state of an hour and shows the newest in the series', async () => {
      await using store = await open();
      const states = [
        windowOf({ window: '1h', state: 'open', energyKwh: 1 }),
        windowOf({ window: '1h', energyKwh: 2 }),
        windowOf({ window: '1h', energyKwh: 3, revision: 1 }),
        windowOf({ window: '1h', energyKwh: 4, revision: 2 }),
      ];
      for (const row of states) await store.write(batch({ windows: [row] }));
      await store.write(batch({ windows: [windowOf({ window: '1h', start: START + HOUR_MS })] }));
      const range = { path: PRESS, window: '1h', from: START, to: START + DAY_MS } as const;
      const kept = await store.series.revisions(range);
      expect(kept.map(({ start, revision, energyKwh }) => [start - START, revision, energyKwh])).toEqual([
        [0, 0, 2],
        [0, 1, 3],
        [0, 2, 4],
        [HOUR_MS, 0, 1.25],
      ]);
      expect((await store.series.readSeries(range)).map(({ energyKwh }) => energyKwh)).toEqual([4, 1.25]);
    });

    it.runIf(deletes)('deletes by window size and keeps days for ever', async () => {
      await using store = await open();
      const ages = [0, 1, 2, 70].map((days) => START - days * DAY_MS);
      const windows = ages.flatMap((start) =>
        (['1m', '15m', '1h', '1d'] as const).map((window) => windowOf({ window, start })),
      );
      await store.write(batch({ windows, scores: ages.map((at) => scoreOf({ at })) }));
      await store.series.deleteBefore({ '1m': START, '15m': START - DAY_MS, '1h': START - 2 * DAY_MS });
      const left = async (window: EnergyWindow['window']): Promise<number> =>
        (await store.series.readSeries({ path: PRESS, window, from: 0, to: START + 1 })).length;
      expect([await left('1m'), await left('15m'), await left('1h'), await left('1d')]).toEqual([1, 2, 3, 4]);
    });
  });
}
