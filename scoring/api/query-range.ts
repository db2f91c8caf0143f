import { windowLengthMs, type WindowSize } from '../energy/window.ts';
import type { TimeRange } from '../store/metric-store.ts';
import { ApiError } from './api-error.ts';
import type { ZoneTime } from './zone-time.ts';

export const DEFAULT_WINDOWS = 24;
export const MOST_POINTS = 100_000;
const LATEST = Date.UTC(2200, 0, 1);

/**
 * The half-open range a query asks for. `to` defaults to now, `from` to what `start` makes of it.
 * @throws ApiError QUERY_INVALID naming the parameter.
 */
export function rangeOf(
  query: { readonly from?: string; readonly to?: string },
  options: { readonly time: ZoneTime; readonly now: number; readonly start: (to: number) => number },
): TimeRange {
  const to = query.to === undefined ? options.now : instantOf('to', query.to, options.time);
  const from = query.from === undefined ? options.start(to) : instantOf('from', query.from, options.time);
  if (from < to) return { from, to };
  throw new ApiError('QUERY_INVALID', {
    en: `parameter "from" (${options.time.toIso(from)}) must lie before "to" (${options.time.toIso(to)})`,
    zh: `参数 "from"（${options.time.toIso(from)}）必须早于 "to"（${options.time.toIso(to)}）`,
  });
}

/** The range of an energy query: by default the last 24 windows. @throws ApiError QUERY_INVALID, also when it holds too many points. */
export function energyRangeOf(
  query: { readonly from?: string; readonly to?: string; readonly window: WindowSize },
  options: { readonly time: ZoneTime; readonly now: number },
): TimeRange {
  const length = windowLengthMs[query.window];
  const start = (to: number) =>
    query.window === '1d' ? options.time.daysBefore(to, DEFAULT_WINDOWS) : to - DEFAULT_WINDOWS * length;
  const range = rangeOf(query, { ...options, start });
  const points = Math.ceil((range.to - range.from) / length);
  if (points <= MOST_POINTS) return range;
  throw new ApiError('QUERY_INVALID', {
    en: `parameter "window": ${points} windows of ${query.window} are more than ${MOST_POINTS}; ask for a shorter range or a longer window (1m, 15m, 1h, 1d)`,
    zh: `参数 "window"：${query.window} 窗口共 ${points} 个，超过 ${MOST_POINTS} 个；请缩短时间范围或改用更长的窗口（1m、15m、1h、1d）`,
  });
}

function instantOf(name: string, text: string, time: ZoneTime): number {
  const at = time.parse(text);
  if (at !== null && at >= 0 && at < LATEST) return at;
  const given = text.slice(0, 64);
  throw new ApiError('QUERY_INVALID', {
    en: `parameter "${name}": "${given}" is no instant; write a date (2026-11-01, in ${time.zone}) or an ISO 8601 instant with offset (2026-11-01T08:00:00+08:00)`,
    zh: `参数 "${name}"："${given}" 不是时间；请写日期（2026-11-01，时区 ${time.zone}）或带时差的 ISO 8601 时间（2026-11-01T08:00:00+08:00）`,
  });
}
