import {
  dayPrefix,
  quartersIn,
  QUARTERS_KEPT_MS,
  QUARTERS_PREFIX,
  SERIES_PREFIX,
  seriesName,
  type Quarter,
  type SeriesInfo,
  type SeriesKind,
} from '../energy/quarter-book.ts';
import type { MetricStore, TimeRange } from './metric-store.ts';

type Rows = Pick<MetricStore, 'readCheckpoints'>;

/** The stored days of all series that may still change when the newest window starts at `until`. */
export async function recentQuarters(store: Rows, until: number): Promise<{ name: string; body: string }[]> {
  const rows = await store.readCheckpoints(QUARTERS_PREFIX);
  const oldest = new Date(until - QUARTERS_KEPT_MS).toISOString().slice(0, 10);
  return rows.filter(({ name }) => name.slice(name.lastIndexOf('/') + 1) >= oldest);
}

/** Every series of a kind that was ever kept. */
export async function seriesOf(store: Rows, kind: SeriesKind): Promise<SeriesInfo[]> {
  const rows = await store.readCheckpoints(`${SERIES_PREFIX}${kind}/`);
  return rows.map(({ body }) => JSON.parse(body) as SeriesInfo);
}

/** The quarters of one series in a range, oldest first. */
export async function readQuarters(
  store: Rows,
  series: Pick<SeriesInfo, 'kind' | 'path' | 'tag'>,
  range: TimeRange,
): Promise<Quarter[]> {
  return quartersIn(await store.readCheckpoints(dayPrefix(seriesName(series))), { kind: series.kind, ...range });
}
