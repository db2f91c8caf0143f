import { DateTime } from 'luxon';

/** A stretch of time that belongs to an ISO date. */
export type CalendarSpan = { readonly day: string; readonly start: number; readonly end: number };

/** A shift in local time; one that ends before it starts crosses midnight and belongs to the day it starts on. */
export type Shift = { readonly name: string; readonly from: string; readonly to: string };

const iso = (date: DateTime): string => date.toISODate() ?? '';

/** The production day an instant lies in, e.g. 08:00 to 08:00; named by the date it starts on. */
export function productionDay(at: number, zone: string, startsAt = '00:00'): CalendarSpan {
  const [hour = 0, minute = 0] = startsAt.split(':').map(Number);
  const local = DateTime.fromMillis(at, { zone });
  let start = local.startOf('day').set({ hour, minute });
  if (start.toMillis() > at) start = local.minus({ days: 1 }).startOf('day').set({ hour, minute });
  return { day: iso(start), start: start.toMillis(), end: start.plus({ days: 1 }).toMillis() };
}

/** Shifts of a local date in order, as half-open spans of time. */
export function shiftsOn(
  day: string,
  zone: string,
  shifts: readonly Shift[],
): (CalendarSpan & { readonly name: string })[] {
  return shifts
    .map(({ name, from, to }) => {
      const start = DateTime.fromISO(`${day}T${from}`, { zone });
      const sameDay = DateTime.fromISO(`${day}T${to}`, { zone });
      const end = to > from ? sameDay : sameDay.plus({ days: 1 });
      return { name, day, start: start.toMillis(), end: end.toMillis() };
    })
    .sort((a, b) => a.start - b.start);
}

/** Why shifts do not make a day, in words; empty when they follow one another around the clock. */
export function shiftProblems(shifts: readonly Shift[]): string[] {
  const spans = shiftsOn('2026-01-05', 'utc', shifts);
  const hours = spans.reduce((sum, { start, end }) => sum + end - start, 0) / 3_600_000;
  const broken = spans.find((span, index) => index > 0 && spans[index - 1]?.end !== span.start);
  if (broken !== undefined)
    return [`shift "${broken.name}" does not start when the one before ends; shifts must follow one another`];
  return hours === 24 ? [] : [`shifts add up to ${hours} hours; they must add up to 24`];
}

/** The month between two meter readings (抄表日) an instant lies in; named by the month of its last day. */
export function meterReadingMonth(at: number, zone: string, readingDay: number): CalendarSpan {
  const local = DateTime.fromMillis(at, { zone }).startOf('day');
  const readingOf = (date: DateTime): DateTime =>
    date.startOf('month').set({ day: Math.min(readingDay, date.daysInMonth ?? 28) });
  const here = readingOf(local);
  const start = local >= here ? here : readingOf(local.startOf('month').minus({ months: 1 }));
  const end = readingOf(start.startOf('month').plus({ months: 1 }));
  return { day: end.minus({ days: 1 }).toFormat('yyyy-MM'), start: start.toMillis(), end: end.toMillis() };
}

/** Sum of a month per day, times the days of the month it is compared with. */
export const dayCountNormalised = (amount: number, days: number, comparedDays: number): number | null =>
  days > 0 ? (amount / days) * comparedDays : null;
