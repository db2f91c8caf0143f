import { DateTime } from 'luxon';
import { shiftsOn, type Shift } from './calendar.ts';

/** One observation of a baseline in time. */
export type ObservationSpan = {
  /** ISO local date it belongs to; a shift over midnight belongs to the day it starts on. */
  readonly day: string;
  /** The day, and the shift where there is one. */
  readonly label: string;
  readonly start: number;
  readonly end: number;
};

/** Local days, or shifts, that lie wholly within [from, to), in order of time. */
export function spansBetween(
  period: 'day' | 'shift',
  {
    from,
    to,
    zone,
    shifts,
  }: { readonly from: number; readonly to: number; readonly zone: string; readonly shifts: readonly Shift[] },
): ObservationSpan[] {
  const spans: ObservationSpan[] = [];
  for (let day = DateTime.fromMillis(from, { zone }).startOf('day'); day.toMillis() < to; day = day.plus({ days: 1 })) {
    const date = day.toISODate() ?? '';
    if (period === 'day') {
      spans.push({ day: date, label: date, start: day.toMillis(), end: day.plus({ days: 1 }).toMillis() });
      continue;
    }
    for (const { name, start, end } of shiftsOn(date, zone, shifts))
      spans.push({ day: date, label: `${date} ${name}`, start, end });
  }
  return spans.filter(({ start, end }) => start >= from && end <= to).sort((a, b) => a.start - b.start);
}

/** Length in ms; a day may have 23 or 25 hours. */
export const durationOfSpan = ({ start, end }: ObservationSpan): number => end - start;
