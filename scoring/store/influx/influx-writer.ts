import { HttpError, InfluxDB, type WriteApi } from '@influxdata/influxdb-client';
import { describeError } from '../../../broker/contract/error.ts';
import type { InfluxSection } from '../../config.ts';

/** What became of a batch. */
export type WriteOutcome =
  | { readonly kind: 'written' }
  /** The server will never take it as it is. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'too-large' }
  /** To be tried again later, as often as it takes. */
  | { readonly kind: 'later'; readonly reason: string; readonly remedy: string; readonly afterMs: number };

const MAX_RETRY_AFTER_MS = 300_000;

export type InfluxWriter = {
  /** Generation the server says it is, e.g. 1.6.7. */
  readonly version: string;
  readonly write: (lines: readonly string[]) => Promise<WriteOutcome>;
};

/**
 * Asks the server for its generation and prepares the way to write: `/write` of 1.x (also where 1.8 has /api/v2/write),
 * `/api/v2/write` of 2.x and 3. Creates a 1.x database that is missing.
 * @throws Error while the server is away.
 */
export async function connectInflux(section: InfluxSection): Promise<InfluxWriter> {
  const version = await serverVersion(section);
  const legacy = version.startsWith('1.');
  if (legacy) await createDatabase(section);
  const authorization = basicHeader(section);
  const influx = new InfluxDB({
    url: section.url,
    timeout: 15_000,
    ...(section.token === undefined ? {} : { token: section.token }),
    ...(authorization === null ? {} : { headers: { Authorization: authorization } }),
  });
  return {
    version,
    write: async (lines) => {
      // Its own retries and buffers are off: what is not acknowledged stays in our durable queue.
      const api: WriteApi & { path?: string } = influx.getWriteApi(section.org ?? '', section.database, 'ms', {
        batchSize: lines.length + 1,
        flushInterval: 0,
        maxRetries: 0,
        maxBufferLines: lines.length + 1,
        writeFailed: () => Promise.resolve(),
      });
      if (legacy) api.path = `/write?db=${encodeURIComponent(section.database)}&precision=ms`;
      return send(api, lines, section);
    },
  };
}

async function send(api: WriteApi, lines: readonly string[], section: InfluxSection): Promise<WriteOutcome> {
  let failure: unknown = null;
  try {
    api.writeRecords([...lines]);
    await api.flush();
  } catch (error) {
    failure = error;
  }
  await api.close().catch(() => undefined);
  return failure === null ? { kind: 'written' } : judge(failure, section);
}

function judge(error: unknown, section: InfluxSection): WriteOutcome {
  const later = (reason: string, remedy: string, afterMs: number): WriteOutcome => ({
    kind: 'later',
    reason,
    remedy,
    afterMs,
  });
  if (!(error instanceof HttpError)) {
    return later(
      `InfluxDB ${section.url} cannot be reached: ${describeError(error)}`,
      'check that it runs and scoring.influx.url is right; points wait in the queue',
      0,
    );
  }
  const reason = `InfluxDB ${section.url} answered ${error.statusCode}: ${(error.body ?? error.message).slice(0, 300)}`;
  switch (error.statusCode) {
    case 400:
    case 422:
      return { kind: 'refused', reason };
    case 413:
      return { kind: 'too-large' };
    case 401:
    case 403:
      return later(reason, 'correct scoring.influx username and password, or token', 30_000);
    case 404:
      return later(
        reason,
        `create the database or bucket: CREATE DATABASE "${section.database}", or: influx bucket create --name ${section.database}`,
        30_000,
      );
    default:
      return later(
        reason,
        'the server is busy or failing; points wait in the queue',
        Math.min(MAX_RETRY_AFTER_MS, retryAfterMs(error)),
      );
  }
}

/** The client keeps the header's seconds as if they were ms. */
function retryAfterMs(error: HttpError): number {
  const seconds = Number(error.headers?.['retry-after'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

async function serverVersion({ url }: InfluxSection): Promise<string> {
  const answer = await fetch(new URL('/ping', url), { signal: AbortSignal.timeout(5000) });
  await answer.body?.cancel();
  return (answer.headers.get('x-influxdb-version') ?? '2').replace(/^v/, '');
}

async function createDatabase(section: InfluxSection): Promise<void> {
  const authorization = basicHeader(section);
  const answer = await fetch(new URL('/query', section.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === null ? {} : { authorization }),
    },
    body: new URLSearchParams({ q: `CREATE DATABASE "${section.database.replaceAll('"', String.raw`\"`)}"` }),
    signal: AbortSignal.timeout(5000),
  });
  // A user without the right to create may still write; a missing database shows as 404 when writing.
  await answer.body?.cancel();
}

function basicHeader({ username, password }: InfluxSection): string | null {
  return username === undefined ? null : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}
