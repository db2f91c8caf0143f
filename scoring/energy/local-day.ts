import { DateTime, IANAZone } from 'luxon';

/** Start and end of the local day an instant lies in, epoch ms. */
export type DaySpan = { readonly start: number; readonly end: number };

/**
 * Local days of a time zone, correct over changes of the clock (23 or 25 hours). Remembers the last day it was asked for,
 * because values arrive in order.
 * @throws RangeError when the zone is not an IANA zone.
 */
export function createLocalDays(zone: string): (at: number) => DaySpan {
  if (!IANAZone.isValidZone(zone)) throw new RangeError(`"${zone}" is not an IANA time zone, e.g. Asia/Shanghai`);
  let last: DaySpan = { start: 0, end: 0 };
  return (at) => {
    if (at >= last.start && at < last.end) return last;
    const start = DateTime.fromMillis(at, { zone }).startOf('day');
    last = { start: start.toMillis(), end: start.plus({ days: 1 }).startOf('day').toMillis() };
    return last;
  };
}

/** ISO date of the local day an instant lies in. */
export function localDate(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone }).toISODate() ?? '';
}

/** Start of a local day given as ISO date, epoch ms; null when it is none. */
export function localDateStart(date: string, zone: string): number | null {
  const day = DateTime.fromISO(date, { zone });
  return day.isValid ? day.startOf('day').toMillis() : null;
}
