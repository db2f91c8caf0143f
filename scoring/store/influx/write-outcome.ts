import type { IncomingHttpHeaders } from 'node:http';
import type { InfluxSection } from '../../config.ts';

/** What a server said to a request. */
export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

/** What became of a batch. */
export type WriteOutcome =
  | { readonly kind: 'written' }
  /**
   * The server will never take it as it is. `line`: the answer speaks of a point, so one of them is at fault; otherwise
   * the whole request may be. `points`: how many the server says it left out while it took the others, if it says so.
   * `lines`: indices of the lines the answer names; to be tried alone, for servers count and quote in their own ways.
   */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly scope: 'line' | 'unknown';
      readonly points: number | null;
      readonly lines: readonly number[];
    }
  /** Written but for `points` that are older than the database keeps. */
  | { readonly kind: 'expired'; readonly reason: string; readonly points: number }
  | { readonly kind: 'too-large'; readonly reason: string }
  /** To be tried again, as often as it takes. */
  | { readonly kind: 'later'; readonly reason: string; readonly remedy: string; readonly afterMs: number };

const MAX_RETRY_AFTER_MS = 300_000;
const PERSON_NEEDED_MS = 30_000;

/** Words by which the generations of InfluxDB speak of single points in a 400 or 422. */
const lineFaults =
  /partial write|unable to parse|type conflict|already exists as type|invalid (?:field|tag|number|line|timestamp)|missing (?:field|tag|timestamp)|time outside range|max(?:-series|-values| key length)|schema/i;

/** Reads an answer to a write. Only 204 acknowledges: 201 of some servers means "in part". */
export function judge(
  { status, headers, body }: Answer,
  {
    section,
    now,
    hint,
    text = '',
  }: {
    readonly section: InfluxSection;
    readonly now: number;
    readonly hint: string;
    /** What was sent. */
    readonly text?: string;
  },
): WriteOutcome {
  if (status === 204) return { kind: 'written' };
  const words = body.trim().slice(0, 300) || String(headers['x-influxdb-error'] ?? '');
  const reason = `InfluxDB answered ${status}: ${words}`;
  const later = (remedy: string, afterMs: number): WriteOutcome => ({ kind: 'later', reason, remedy, afterMs });
  switch (status) {
    case 400:
    case 422: {
      const dropped = /^.*partial write: (.*) dropped=(\d+)/.exec(body);
      const points = dropped === null ? null : Number(dropped[2]);
      if (points !== null && dropped?.[1]?.includes('beyond retention policy') === true)
        return { kind: 'expired', reason, points };
      const scope = status === 422 || lineFaults.test(body) ? 'line' : 'unknown';
      return { kind: 'refused', reason, scope, points, lines: namedLines(body, text.split('\n')) };
    }
    case 201:
      return { kind: 'refused', reason, scope: 'line', points: null, lines: namedLines(body, text.split('\n')) };
    case 413:
      return { kind: 'too-large', reason };
    case 401:
    case 403:
      return later(
        section.token === undefined
          ? `correct scoring.influx.username and password, and let that user write: GRANT ALL ON "${section.database}" TO "${section.username ?? 'joulegate'}"`
          : `correct scoring.influx.token, and let it write to bucket ${section.database}`,
        PERSON_NEEDED_MS,
      );
    case 404:
      return later(
        `create the database: influx -execute 'CREATE DATABASE "${section.database}"', or the bucket of 2.x: influx bucket create --name ${section.database}${hint === '' ? '' : ` (creating it was refused: ${hint})`}`,
        PERSON_NEEDED_MS,
      );
    default:
      return later('the server is busy or failing; points wait in the queue', retryAfterMs(headers, now));
  }
}

/**
 * Indices of the lines an answer names: by number, counted from 1 (`line 3:` and `"line": 3` of 2.x, `"line_number": 3`
 * of 3), or quoted whole (`unable to parse '…'` of 1.x).
 */
function namedLines(body: string, lines: readonly string[]): number[] {
  const named = new Set<number>();
  for (const [, number] of body.matchAll(/\bline(?:_number)?"?\s*:?\s*(\d+)/g)) named.add(Number(number) - 1);
  for (const [, quoted = ''] of body.matchAll(/unable to parse '(.*?)': /g)) {
    const line = lines.indexOf(quoted);
    if (line !== -1) named.add(line);
  }
  return [...named].filter((at) => at >= 0 && at < lines.length).sort((a, b) => a - b);
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(headers: IncomingHttpHeaders, now: number): number {
  const text = headers['retry-after'];
  if (text === undefined) return 0;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, wait)) : 0;
}
