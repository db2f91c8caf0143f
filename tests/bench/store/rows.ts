import { NO_SUMS } from '../../../scoring/energy/figure.ts';
import { windowLengthMs, type EnergyWindow, type WindowSize } from '../../../scoring/energy/window.ts';

export const START = Date.UTC(2025, 0, 1);
export const DAY_MS = 86_400_000;

/** Figures of one row that are numbers of their own: what InfluxDB would call its fields. */
export const VALUES_PER_ROW = 13;

export const pathOf = (object: number): string => `area-${object % 3}/line-${object % 9}/machine-${object}`;

/** Row number `index` of `objects` machines in time order. */
export function rowAt(
  index: number,
  { objects, window }: { readonly objects: number; readonly window: WindowSize },
): EnergyWindow {
  const length = windowLengthMs[window];
  const start = START + Math.floor(index / objects) * length;
  const object = index % objects;
  const energyKwh = 1 + ((index * 7919) % 1000) / 997;
  return {
    ...NO_SUMS,
    path: pathOf(object),
    level: 'equipment',
    window,
    start,
    end: start + length,
    state: 'final',
    revision: 0,
    energyKwh,
    idleKwh: energyKwh / 7,
    output: index % 17,
    runMs: length,
    coveredMs: length,
    expectedMs: length,
    worstGapMs: 5000,
  };
}

export const siteDay = (day: number): EnergyWindow => ({
  ...rowAt(day, { objects: 1, window: '1d' }),
  path: '',
  level: 'site',
});

/** Median and 99th percentile of the time `work` takes, ms. */
export async function quantiles(
  times: number,
  work: (turn: number) => Promise<unknown>,
): Promise<{ readonly p50: number; readonly p99: number }> {
  const spent: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const begun = performance.now();
    await work(turn);
    spent.push(performance.now() - begun);
  }
  spent.sort((a, b) => a - b);
  return { p50: spent[Math.floor(times * 0.5)] ?? 0, p99: spent[Math.floor(times * 0.99)] ?? 0 };
}
