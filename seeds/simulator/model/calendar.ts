import { hashed } from './random.ts';

/** What the shift calendar wants of a line at an instant. */
export type Plan = 'run' | 'break' | 'changeover' | 'warm-up' | 'rest';

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

/** Demand of a day that fills its shifts. */
export const FULL_DEMAND = 1.04;

/** How busy the plant is on a day, 0.86 to 1.04. */
export function demandOf(seed: number, day: number): number {
  return FULL_DEMAND - hashed(seed, day) * 0.18;
}

/** Part of a missing demand that ends the last shift early; the rest slows the lines. */
const BY_HOURS = 0.7;

/** Speed of a line at a demand, over its full speed. The electronics line works round the clock and can only slow down. */
export function paceOf(line: number, demand: number): number {
  return line === ELECTRONICS ? demand : FULL_DEMAND - 0.09 - (FULL_DEMAND - demand) * (1 - BY_HOURS);
}

/** Breaks in minutes of the local day. */
const breaks = [
  [10 * 60, 10 * 60 + 10],
  [12 * 60, 12 * 60 + 30],
  [18 * 60, 18 * 60 + 30],
  [21 * 60 + 30, 21 * 60 + 40],
] as const;

const ELECTRONICS = 3;
const SHIFT_START = 8 * 60;
const SUNDAY_END = 16 * 60;
const WARM_UP_MINUTES = 15;
const RAMP_MINUTES = 20;
const RAMP_FROM = 0.75;

function minuteOfDay(at: number): number {
  return Math.floor(((at + SHANGHAI_OFFSET_MS) % DAY) / MINUTE);
}

/** Minutes since the line's shift began, −1 while it rests. */
function minutesWorked(line: number, at: number, demand: number): number {
  const day = localDay(at);
  const minute = minuteOfDay(at);
  const sunday = weekday(day) === 0;
  if (sunday && minute >= SUNDAY_END) return -1;
  if (line === ELECTRONICS) return weekday(day) === 1 ? minute : 24 * 60;
  const worked = minute - SHIFT_START;
  const length = (sunday ? SUNDAY_END : 24 * 60) - SHIFT_START;
  return worked < 0 || worked >= length * (1 - BY_HOURS * (FULL_DEMAND - demand)) ? -1 : worked;
}

/**
 * Two shifts from 08:00 to 24:00 from Monday to Saturday, one to 16:00 on Sunday; the electronics line works round the
 * clock but Sunday evening. Where the demand is not full, the last shift ends when it is met. A shift begins with a quarter of an hour of warming up; an order lasts about four hours and
 * begins with a changeover of a quarter of an hour.
 */
export function planOf(line: number, at: number, demand = FULL_DEMAND): Plan {
  const worked = minutesWorked(line, at, demand);
  if (worked === -1) return 'rest';
  if (worked < WARM_UP_MINUTES) return 'warm-up';
  const minute = minuteOfDay(at);
  if (line !== ELECTRONICS && breaks.some(([from, to]) => minute >= from && minute < to)) return 'break';
  return at - orderStart(line, at) < 15 * MINUTE ? 'changeover' : 'run';
}

/** Speed of a line over its speed of the day: after a warm-up it takes twenty minutes to come up. */
export function rampOf(line: number, at: number): number {
  const minutes = minutesWorked(line, at, FULL_DEMAND) - WARM_UP_MINUTES;
  return Math.max(RAMP_FROM, Math.min(1, RAMP_FROM + ((1 - RAMP_FROM) * minutes) / RAMP_MINUTES));
}

/** Whether the local evening of every second Sunday has just come: controllers restart, some meters begin at 0. */
export function isRestart(before: number, at: number): boolean {
  const moment = Math.floor((at + SHANGHAI_OFFSET_MS - 20 * HOUR) / DAY);
  if (moment === Math.floor((before + SHANGHAI_OFFSET_MS - 20 * HOUR) / DAY)) return false;
  return weekday(moment) === 0 && Math.floor((moment + 4) / 7) % 2 === 0;
}

const ORDER = 4 * HOUR;

function orderStart(line: number, at: number): number {
  const offset = line * 35 * MINUTE;
  return Math.floor((at - offset) / ORDER) * ORDER + offset;
}

/** Order that is on a line at an instant: its number and product. Orders follow each other in slots of four hours. */
export function orderOf(seed: number, line: number, at: number): { readonly number: number; readonly product: number } {
  const slot = Math.floor((at - line * 35 * MINUTE) / ORDER);
  return { number: slot * 10 + line, product: Math.floor(hashed(seed + line * 101, slot) * 3) };
}
