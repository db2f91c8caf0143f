/** Epoch ms of every row as UTC, or null when one of them is no time. Numbers are epoch seconds or milliseconds. */
export function readTimes(texts: readonly string[]): Float64Array | null {
  const times = Float64Array.from(texts, readTime);
  return times.length > 0 && times.every(Number.isFinite) ? times : null;
}

/** ISO 8601 with a space or T, `DD/MM/YY HH[:MM[:SS]]`, or an epoch number; NaN for anything else. */
function readTime(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const value = Number(trimmed);
    return value > 1e11 ? value : value * 1000;
  }
  const slashed = /^(\d{1,2})[/.](\d{1,2})[/.](\d{2}|\d{4})(?:[ T](\d{1,2})(?::(\d{2})(?::(\d{2}))?)?)?$/.exec(trimmed);
  if (slashed !== null) {
    const [day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0] = slashed
      .slice(1)
      .map((part) => Number(part ?? 0));
    return Date.UTC(year < 100 ? year + 2000 : year, month - 1, day, hour, minute, second);
  }
  const iso = trimmed.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1');
  return Date.parse(/(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : iso.length <= 10 ? iso : `${iso}Z`);
}
