import { hashed } from './random.ts';

/** What the shift calendar wants of a line at an instant. */
export type Plan = 'run' | 'break' | 'changeover' | 'rest';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const DAY = 24 * HOUR;
/** Asia/Shanghai has been UTC+8 without clock changes since 1992. */
export const SHANGHAI_OFFSET_MS = 8 * HOUR;

/** Local day number since 1970 in Shanghai; day 0 was a Thursday. */
export function localDay(at: number): number {
  return Math.floor((at + SHANGHAI_OFFSET_MS) / DAY);
}

/** 0 = Sunday. */
export function weekday(day: number): number {
  return (day + 4) % 7;
}

/** How busy the plant is on a day, 0.72 to 1.04; it sets the speed of all lines. */
export function demandOf(seed: number, day: number): number {
  const sunday = weekday(day) === 0;
  return (sunday ? 0.72 : 0.86) + hashed(seed, day) * (sunday ? 0.1 : 0.18);
}

/** Breaks in minutes of the local day. */
const breaks = [
  [10 * 60, 10 * 60 + 10],
  [12 * 60, 12 * 60 + 30],
  [18 * 60, 18 * 60 + 30],
  [21 * 60 + 30, 21 * 60 + 40],
] as const;

/**
 * Two shifts from 08:00 to 24:00 from Monday to Saturday, one to 16:00 on Sunday; the electronics line works round the
 * clock but Sunday night. An order lasts about four hours and ends with a changeover of a quarter of an hour.
 */
export function planOf(seed: number, line: number, at: number): Plan {
  const day = localDay(at);
  const minute = Math.floor(((at + SHANGHAI_OFFSET_MS) % DAY) / MINUTE);
  const sunday = weekday(day) === 0;
  const roundTheClock = line === 3;
  const working = roundTheClock ? !(sunday && minute >= 16 * 60) : minute >= 8 * 60 && (!sunday || minute < 16 * 60);
  if (!working) return 'rest';
  if (!roundTheClock && breaks.some(([from, to]) => minute >= from && minute < to)) return 'break';
  const order = orderOf(seed, line, at);
  return at - order.from < 15 * MINUTE ? 'changeover' : 'run';
}

/** Order that is on a line at an instant: its number, product and start. Orders follow each other in slots of four hours. */
export function orderOf(
  seed: number,
  line: number,
  at: number,
): { readonly number: number; readonly product: number; readonly from: number } {
  const slot = Math.floor((at - line * 35 * MINUTE) / (4 * HOUR));
  return {
    number: slot * 10 + line,
    product: Math.floor(hashed(seed + line * 101, slot) * 3),
    from: slot * 4 * HOUR + line * 35 * MINUTE,
  };
}
