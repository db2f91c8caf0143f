import { DateTime } from 'luxon';
import { meterReadingMonth, productionDay, shiftsOn, type Shift } from './calendar.ts';
import type { LabelChange } from './label-timeline.ts';
import { fromNano, toNano, wholePart } from './quantum.ts';
import type { EnergyWindow } from './window.ts';

/** A stretch of time that belongs to a group; key null = to none. */
export type GroupSpan = { readonly key: string | null; readonly start: number; readonly end: number };

/** What was used and made within the spans of a group. */
export type GroupSums = {
  readonly key: string | null;
  /** First and last instant of the group in the range, epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Length of all its spans within what was measured, ms. */
  readonly ms: number;
  readonly energyKwh: number;
  readonly idleKwh: number;
  readonly output: number;
  readonly scrap: number;
  /** true: an edge lies within a window, whose amounts were split by time. */
  readonly split: boolean;
};

/** How a plant divides its time. */
export type PlantCalendar = {
  readonly shifts: readonly Shift[];
  /** Local time a production day starts at, HH:MM. */
  readonly dayStartsAt: string;
  /** Day of the month the meters are read (抄表日). */
  readonly meterReadingDay: number;
};

const names = ['energyKwh', 'idleKwh', 'output', 'scrap'] as const;
type Group = {
  from: number;
  to: number;
  ms: number;
  split: boolean;
  readonly sums: Record<(typeof names)[number], number>;
};

/**
 * Shares the windows of one object out to spans of time; the groups add up to the windows to the last decimal. What lies in no span is
 * in the group null. Windows and spans in order of time; spans do not overlap.
 */
export function breakDown(windows: readonly EnergyWindow[], spans: readonly GroupSpan[]): GroupSums[] {
  const groups = new Map<string | null, Group>();
  let first = 0;
  for (const window of windows) {
    while ((spans[first]?.end ?? Number.POSITIVE_INFINITY) <= window.start) first += 1;
    const pieces = piecesOf(window, spans, first);
    for (const [index, { key, start, end }] of pieces.entries()) {
      const group = groups.get(key) ?? emptyGroup(start);
      groups.set(key, group);
      group.from = Math.min(group.from, start);
      group.to = Math.max(group.to, end);
      group.ms += end - start;
      if (pieces.length > 1) group.split = true;
      for (const name of names)
        group.sums[name] += partOf(toNano(window[name]), window, { start, end, isLast: index === pieces.length - 1 });
    }
  }
  return [...groups].map(([key, { sums, ...group }]) => ({
    key,
    ...group,
    energyKwh: fromNano(sums.energyKwh),
    idleKwh: fromNano(sums.idleKwh),
    output: fromNano(sums.output),
    scrap: fromNano(sums.scrap),
  }));
}

const emptyGroup = (at: number): Group => ({
  from: at,
  to: at,
  ms: 0,
  split: false,
  sums: { energyKwh: 0, idleKwh: 0, output: 0, scrap: 0 },
});

/** Differences of one rounded running total, so that the pieces of a window add up to it. */
function partOf(
  amount: number,
  window: EnergyWindow,
  { start, end, isLast }: { readonly start: number; readonly end: number; readonly isLast: boolean },
): number {
  const length = window.end - window.start;
  const until = isLast ? amount : wholePart(amount, end - window.start, length);
  return until - wholePart(amount, start - window.start, length);
}

function piecesOf(window: EnergyWindow, spans: readonly GroupSpan[], first: number): GroupSpan[] {
  const pieces: GroupSpan[] = [];
  let at = window.start;
  for (let index = first; at < window.end; index += 1) {
    const span = spans[index];
    if (span === undefined || span.start >= window.end) {
      pieces.push({ key: null, start: at, end: window.end });
      break;
    }
    if (span.start > at) pieces.push({ key: null, start: at, end: span.start });
    const start = Math.max(at, span.start);
    const end = Math.min(window.end, span.end);
    if (end > start) pieces.push({ key: span.key, start, end });
    at = Math.max(at, end);
  }
  return pieces;
}

type Range = { readonly from: number; readonly to: number };

/** Spans of products or orders within a range. */
export function labelSpans(changes: readonly LabelChange[], { from, to }: Range): GroupSpan[] {
  return changes.flatMap(([at, key], index) => {
    const start = Math.max(from, at);
    const end = Math.min(to, changes[index + 1]?.[0] ?? Number.POSITIVE_INFINITY);
    return end > start ? [{ key, start, end }] : [];
  });
}

/** Spans of shifts within a range; the same shift of every day is one group. */
export function shiftSpans({ shifts }: PlantCalendar, { from, to }: Range, zone: string): GroupSpan[] {
  const spans: GroupSpan[] = [];
  const last = DateTime.fromMillis(to, { zone });
  for (let day = DateTime.fromMillis(from, { zone }).minus({ days: 1 }); day <= last; day = day.plus({ days: 1 })) {
    for (const { name, start, end } of shiftsOn(day.toISODate() ?? '', zone, shifts))
      if (end > from && start < to) spans.push({ key: name, start: Math.max(from, start), end: Math.min(to, end) });
  }
  return spans;
}

/** Spans of production days or meter-reading months within a range. */
export function calendarSpans(
  kind: 'day' | 'month',
  { dayStartsAt, meterReadingDay }: PlantCalendar,
  { from, to }: Range,
  zone: string,
): GroupSpan[] {
  const spans: GroupSpan[] = [];
  for (let at = from; at < to;) {
    const { day, end } =
      kind === 'day' ? productionDay(at, zone, dayStartsAt) : meterReadingMonth(at, zone, meterReadingDay);
    spans.push({ key: day, start: at, end: Math.min(to, end) });
    at = end;
  }
  return spans;
}
