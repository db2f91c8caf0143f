/** First and last instant of ISO 8601 text with four-digit years, epoch ms. */
const EARLIEST = -62_135_596_800_000;
const LATEST = 253_402_300_799_999;

/** What OPC UA JSON writes for "no time" and for "beyond what can be written" (OPC 10000-6 5.4.2.6). */
export const MIN_TIME_TEXT = '0001-01-01T00:00:00Z';
export const MAX_TIME_TEXT = '9999-12-31T23:59:59Z';

const milliseconds = Array.from({ length: 1000 }, (_, ms) => `.${String(ms).padStart(3, '0')}`);
let lastSecond = Number.NaN;
let lastText = '';

/**
 * ISO 8601 text in UTC of an instant in epoch ms. `ticks`: 100 ns units within the millisecond, 0–9999; when there are
 * some, the text has seven digits of a second instead of three. Instants outside the years 1–9999 become the
 * two texts that OPC UA JSON defines for them.
 */
export function isoTime(at: number, ticks = 0): string {
  if (!(at >= EARLIEST)) return MIN_TIME_TEXT;
  if (at > LATEST) return MAX_TIME_TEXT;
  const whole = Math.floor(at);
  const second = Math.floor(whole / 1000);
  // The values of a batch share their second.
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toISOString().slice(0, -5);
  }
  const text = `${lastText}${milliseconds[whole - second * 1000] ?? ''}`;
  return ticks > 0 ? `${text}${String(ticks).padStart(4, '0')}Z` : `${text}Z`;
}

/** 100 ns units within the millisecond, from the picoseconds the OPC UA library keeps beside an instant. */
export function ticksOf(picoseconds: number | undefined): number {
  return picoseconds === undefined ? 0 : Math.min(9999, Math.max(0, Math.floor(picoseconds / 100_000)));
}
