import type { SeriesReader } from '../../../scoring/store/series.ts';
import { DAY_MS, pathOf, quantiles, START } from './rows.ts';

export type QueryTimes = { readonly query: string; readonly p50: number; readonly p99: number };

/** The API's typical queries on one store. `days`: how much of hours and days of the machines it holds. */
export async function timeQueries(
  series: SeriesReader,
  {
    objects,
    machines = objects,
    days,
    times,
  }: {
    readonly objects: number;
    /** Of these the store holds hours; of all of them days. */
    readonly machines?: number;
    readonly days: number;
    readonly times: number;
  },
): Promise<QueryTimes[]> {
  const monthFrom = (turn: number): number =>
    START + Math.floor(((turn * 0.618) % 1) * Math.max(0, days - 31)) * DAY_MS;
  const expectRows = async (rows: Promise<readonly unknown[]>, least: number): Promise<void> => {
    const { length } = await rows;
    if (length < least) throw new Error(`a query gave ${length} rows instead of ${least}`);
  };
  const month = (turn: number): { from: number; to: number } => ({
    from: monthFrom(turn),
    to: monthFrom(turn) + 31 * DAY_MS,
  });
  return [
    {
      query: 'one machine, one month, hourly',
      ...(await quantiles(times, (turn) =>
        expectRows(series.readSeries({ path: pathOf((turn * 37) % machines), window: '1h', ...month(turn) }), 744),
      )),
    },
    {
      query: `ranking of ${objects} machines, one month`,
      ...(await quantiles(Math.ceil(times / 5), (turn) =>
        expectRows(
          series.rank({ window: '1d', level: 'equipment', by: 'sec', limit: 1000, ...month(turn) }),
          Math.min(objects, 1000),
        ),
      )),
    },
    {
      query: 'site, one year, daily',
      ...(await quantiles(times, () =>
        expectRows(series.readSeries({ path: '', window: '1d', from: START, to: START + 365 * DAY_MS }), 365),
      )),
    },
  ];
}
