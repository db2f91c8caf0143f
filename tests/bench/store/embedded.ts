import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnergyWindow, WindowSize } from '../../../scoring/energy/window.ts';
import { EmbeddedStore } from '../../../scoring/store/embedded/embedded-store.ts';
import { timeQueries, type QueryTimes } from './queries.ts';
import { DAY_MS, quantiles, rowAt, siteDay, START } from './rows.ts';

const BATCH_ROWS = 20_000;

const write = (store: EmbeddedStore, windows: readonly EnergyWindow[]): Promise<void> =>
  store.write({ windows, scores: [], episodes: [], checkpoints: [] });

/** @returns rows per second of writing, making them not counted. */
async function fill(
  store: EmbeddedStore,
  {
    rows,
    objects,
    window,
    batchRows = BATCH_ROWS,
  }: { rows: number; objects: number; window: WindowSize; batchRows?: number },
): Promise<number> {
  let spent = 0;
  for (let at = 0; at < rows; at += batchRows) {
    const batch = Array.from({ length: Math.min(batchRows, rows - at) }, (_, offset) =>
      rowAt(at + offset, { objects, window }),
    );
    const begun = performance.now();
    await write(store, batch);
    spent += performance.now() - begun;
  }
  return rows / (spent / 1000);
}

export type EmbeddedFigures = {
  readonly rows: number;
  readonly bulkRowsPerSecond: number;
  readonly syncedRowsPerSecond: number;
  readonly bytesPerRow: number;
  readonly flushP50: number;
  readonly flushP99: number;
  readonly pruneMs: number;
  readonly queries: readonly QueryTimes[];
};

/** A store with `days` of hours and days of `objects` machines, two days of minutes, and a year of the site. */
export async function measureEmbedded(
  folder: string,
  { objects, days }: { readonly objects: number; readonly days: number },
): Promise<EmbeddedFigures> {
  const file = join(folder, 'store.db');
  await using store = EmbeddedStore.open({ file, bulk: true });
  const hours = objects * days * 24;
  const bulkRowsPerSecond = await fill(store, { rows: hours, objects, window: '1h' });
  store.endBulk();
  const bytesPerRow = (await stat(file)).size / hours;
  await fill(store, { rows: objects * days, objects, window: '1d' });
  await write(
    store,
    Array.from({ length: 365 }, (_, day) => siteDay(day)),
  );
  const minutes = objects * 120;
  const syncedRowsPerSecond = await fill(store, { rows: minutes, objects, window: '1m', batchRows: 5000 });
  const { p50: flushP50, p99: flushP99 } = await quantiles(200, (turn) =>
    write(
      store,
      Array.from({ length: 200 }, (_, at) => ({
        ...rowAt(at, { objects, window: '1m' }),
        start: START + DAY_MS + turn * 60_000,
      })),
    ),
  );
  const queries = await timeQueries(store.series, { objects, days, times: 300 });
  const pruning = performance.now();
  const before = START + (days / 12) * DAY_MS;
  await store.prune({ '1m': 0, '15m': 0, '1h': before });
  return {
    rows: hours + objects * days + minutes + 365,
    bulkRowsPerSecond,
    syncedRowsPerSecond,
    bytesPerRow,
    flushP50,
    flushP99,
    pruneMs: performance.now() - pruning,
    queries,
  };
}
