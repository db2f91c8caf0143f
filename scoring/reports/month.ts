import { DateTime } from 'luxon';
import { JoulegateError } from '../../broker/contract/error.ts';

/** One local day: its ISO date and its half-open span, epoch ms. */
export type MonthDay = { readonly day: string; readonly start: number; readonly end: number };

/** The days a month report is about. */
export type MonthSpan = {
  /** YYYY-MM. */
  readonly month: string;
  /** Epoch ms, half-open. */
  readonly from: number;
  readonly to: number;
  readonly days: readonly MonthDay[];
};

const MONTH = /^(?:19|20|21)\d{2}-(?:0[1-9]|1[0-2])$/;

/** @throws JoulegateError QUERY_INVALID for anything but YYYY-MM. */
export function requireMonth(text: string): string {
  if (MONTH.test(text)) return text;
  throw new JoulegateError('QUERY_INVALID', `month "${text.slice(0, 40)}" is none; write YYYY-MM, e.g. 2026-10`);
}

/** The month some months later (or earlier, when negative). */
export function shiftMonth(month: string, months: number): string {
  return DateTime.fromISO(`${month}-01`, { zone: 'utc' }).plus({ months }).toFormat('yyyy-MM');
}

/** The month an instant lies in, in the time zone of the plant. */
export function monthAt(at: number, zone: string, readingDay: number): string {
  const local = DateTime.fromMillis(at, { zone });
  const month = local.toFormat('yyyy-MM');
  return readingDay > 1 && at >= monthSpan(month, zone, readingDay).to ? shiftMonth(month, 1) : month;
}

/**
 * The local days of a month. With a meter reading day (抄表日) after the 1st the month runs from that day of the month
 * before to the day before it; in a month that has no such day the last one is taken.
 */
export function monthSpan(month: string, zone: string, readingDay: number): MonthSpan {
  const first = DateTime.fromISO(`${requireMonth(month)}-01`, { zone });
  const readingOf = (date: DateTime): DateTime => date.set({ day: Math.min(readingDay, date.daysInMonth ?? 28) });
  const from = readingDay > 1 ? readingOf(first.minus({ months: 1 })) : first;
  const to = readingDay > 1 ? readingOf(first) : first.plus({ months: 1 });
  const days: MonthDay[] = [];
  for (let date = from.startOf('day'); date < to;) {
    const next = date.plus({ days: 1 }).startOf('day');
    days.push({ day: date.toISODate() ?? '', start: date.toMillis(), end: next.toMillis() });
    date = next;
  }
  return { month, from: days[0]?.start ?? 0, to: days.at(-1)?.end ?? 0, days };
}
