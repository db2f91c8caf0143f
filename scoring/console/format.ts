/** Languages of the console. */
export type Language = 'zh' | 'en';

/** BCP 47 tag of a language, for Intl and the lang attribute. */
export const localeOf: Record<Language, string> = { zh: 'zh-CN', en: 'en' };

/** What stands where there is no figure; never 0. */
export const NO_FIGURE = '–';

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options);
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(localeOf[language], options);
  formats.set(key, made);
  return made;
}

/** A number with about four digits; null and what is not finite give the sign for no figure. */
export function formatNumber(value: number | null, language: Language): string {
  if (value === null || !Number.isFinite(value)) return NO_FIGURE;
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
  return numberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** A number with a fixed count of decimals, so that columns stay aligned. */
export function formatFixed(value: number | null, decimals: number, language: Language): string {
  if (value === null || !Number.isFinite(value)) return NO_FIGURE;
  return numberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}

/**
 * A number for a narrow column: the given decimals below 1000, none above; from a million on short (1.235M, 123.5万),
 * because a figure that is cut off reads as another one.
 */
export function formatColumn(value: number | null, language: Language, decimals = 1): string {
  if (value !== null && Math.abs(value) >= 999_999.5) {
    return numberFormat(language, { notation: 'compact', maximumSignificantDigits: 4 }).format(value);
  }
  return formatFixed(value, value !== null && Math.abs(value) >= 999.95 ? 0 : decimals, language);
}

/** Energy per output: three decimals from 0.1 on, three significant digits below. */
export function formatIntensity(value: number | null, language: Language): string {
  if (value !== null && Math.abs(value) < 0.1 && value !== 0) {
    return numberFormat(language, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(value);
  }
  return formatFixed(value, value !== null && Math.abs(value) >= 100 ? 1 : 3, language);
}

/** A share of 1 as percent. */
export function formatShare(value: number | null, language: Language, decimals = 1): string {
  if (value === null || !Number.isFinite(value)) return NO_FIGURE;
  return numberFormat(language, {
    style: 'percent',
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value);
}

/** A signed change in percent with a real minus sign; a fall is negative. */
export function formatChange(value: number | null, language: Language, decimals = 2): string {
  if (value === null || !Number.isFinite(value)) return NO_FIGURE;
  return numberFormat(language, {
    style: 'percent',
    signDisplay: 'exceptZero',
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
    .format(value)
    .replace('-', '−');
}

/**
 * Anomaly score for people. A score below 1 is cut, not rounded: 0.9899 must not read as the threshold 0.99,
 * nor 0.9996 as 1.
 */
export function formatScore(value: number | null, language: Language): string {
  if (value === null || !Number.isFinite(value)) return NO_FIGURE;
  return formatFixed(Math.floor(value * 1000 + 1e-9) / 1000, 3, language);
}

/**
 * Wall clock of the plant as if it were UTC, epoch ms. The API writes instants with the plant's offset, so the first
 * 19 characters are the plant's wall clock; charts and texts then need no time zone data. NaN for no instant.
 */
export function wallClockMs(instant: string): number {
  return Date.parse(`${instant.slice(0, 19)}Z`);
}

/** `2026-11-23 14:05`, in the plant's time. */
export function formatInstant(instant: string | null): string {
  return instant === null ? NO_FIGURE : `${instant.slice(0, 10)} ${instant.slice(11, 16)}`;
}

/** `14:05` on the day of `today`, `11-22 14:05` on another day of the same year, otherwise with the year. */
export function formatShortInstant(instant: string | null, today: string): string {
  if (instant === null) return NO_FIGURE;
  const time = instant.slice(11, 16);
  if (instant.slice(0, 10) === today.slice(0, 10)) return time;
  return instant.slice(0, 4) === today.slice(0, 4)
    ? `${instant.slice(5, 10)} ${time}`
    : `${instant.slice(0, 10)} ${time}`;
}

/** `2026-11-23T14:05:09` of an instant in a time zone; without offset. */
export function zoneClock(at: number, timezone: string): string {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
    .format(at)
    .replace(' ', 'T');
}

/** An age in the largest fitting unit: `8 s`, `5 min`, `3 h`, `2 d`. Negative ages count as 0. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const unitNames: Readonly<Record<string, string>> = {
  'kW.h': 'kWh',
  'W.h': 'Wh',
  'MW.h': 'MWh',
  Cel: '°C',
  cel: '°C',
  'm3/h': 'm³/h',
  'l/min': 'L/min',
  '{pcs}': 'pcs',
  '1': '',
  '{eq}': '',
};

/** A UCUM unit as people write it. */
export function formatUnit(unit: string | null): string {
  if (unit === null) return '';
  return unitNames[unit] ?? unit.replace(/[{}]/g, '').replace('kW.h', 'kWh');
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size in the largest fitting unit of 1000. */
export function formatBytes(bytes: number | null, language: Language): string {
  if (bytes === null || !Number.isFinite(bytes)) return NO_FIGURE;
  const power = Math.min(byteUnits.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${formatNumber(bytes / 1000 ** power, language)} ${byteUnits[power] ?? 'B'}`;
}
