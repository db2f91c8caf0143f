import type { NoteList } from './import-result.ts';

/** Milliseconds of a .NET TimeSpan text `[d.]hh:mm:ss[.fffffff]`, or null. */
export function timespanMs(text: string): number | null {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(\.\d{1,7})?)?$/.exec(text.trim());
  if (match === null) return null;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return Math.round((whole + Number(fraction === '0' ? 0 : `0${fraction}`)) * 1000);
}

/**
 * An interval of a published-nodes object in milliseconds: `<key>Timespan` when it is there, else the integer `<key>`,
 * which is milliseconds. What is none is noted and null.
 */
export function intervalOf(object: Record<string, unknown>, key: string, notes: NoteList, at: string): number | null {
  const span = object[`${key}Timespan`];
  if (span !== undefined && span !== null) {
    const ms = typeof span === 'string' ? timespanMs(span) : null;
    if (ms !== null) return ms;
    notes.add(at, `${key}Timespan ${JSON.stringify(span)} is no time span [d.]hh:mm:ss[.fff]; the default is taken`);
  }
  const value = object[key];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  if (typeof value === 'number') return null;
  notes.add(at, `${key} ${JSON.stringify(value)} is no number of milliseconds; the default is taken`);
  return null;
}
