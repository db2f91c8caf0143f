import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpError, InfluxDB, type Transport } from '@influxdata/influxdb-client';
import { describeError } from '../../../broker/contract/error.ts';
import type { InfluxSection } from '../../config.ts';
import { judge, type Answer, type WriteOutcome } from './write-outcome.ts';

const TIMEOUT_MS = 15_000;

type Server = { readonly version: string; readonly legacy: boolean; readonly hint: string };

/**
 * Sends batches of line protocol to one InfluxDB. Nothing is kept or repeated here: what the server has not acknowledged
 * is the caller's to keep.
 */
export class InfluxWriter {
  readonly #section: InfluxSection;
  readonly #now: () => number;
  readonly #agent: HttpAgent;
  readonly #transport: Transport;
  #server: Server | null = null;
  #closed = false;

  constructor(section: InfluxSection, now: () => number) {
    this.#section = section;
    this.#now = now;
    const options = { keepAlive: true, maxSockets: 2 };
    this.#agent = section.url.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
    const authorization = basicHeader(section);
    this.#transport = new InfluxDB({
      url: section.url,
      timeout: TIMEOUT_MS,
      transportOptions: { agent: this.#agent },
      ...(section.token === undefined ? {} : { token: section.token }),
      ...(authorization === null ? {} : { headers: { Authorization: authorization } }),
    }).transport;
  }

  /** Version the server says it is, e.g. 1.6.7; null before it was reached. */
  get version(): string | null {
    return this.#server?.version ?? null;
  }

  /**
   * Writes lines of ms precision: by `/write` to 1.x (1.6 has no other way), by `/api/v2/write` to 2.x and 3. On first use
   * it asks the server for its generation and creates a 1.x database that is missing. Never throws.
   */
  async write(lines: readonly string[]): Promise<WriteOutcome> {
    try {
      const server = (this.#server ??= await this.#meet());
      const { database, org = '' } = this.#section;
      const path = server.legacy
        ? `/write?${new URLSearchParams({ db: database, precision: 'ms' }).toString()}`
        : `/api/v2/write?${new URLSearchParams({ org, bucket: database, precision: 'ms' }).toString()}`;
      const answer = await this.#ask('POST', path, { body: lines.join('\n'), type: 'text/plain; charset=utf-8' });
      // The database was dropped, or another server stands behind the address: meet it anew.
      if (answer.status === 404) this.#server = null;
      return judge(answer, { section: this.#section, now: this.#now(), hint: server.hint });
    } catch (error) {
      // The client leaves timed-out sockets open.
      this.#agent.destroy();
      this.#server = null;
      return {
        kind: 'later',
        reason: `InfluxDB ${displayUrl(this.#section)} cannot be reached: ${describeCause(error)}`,
        remedy: 'check that it runs and that scoring.influx.url is right; points wait in the queue',
        afterMs: 0,
      };
    }
  }

  /** Ends what is under way and refuses what comes; the outcome of both is "later". */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  async #meet(): Promise<Server> {
    const version =
      versionOf(await this.#ask('GET', '/ping')) ?? versionOf(await this.#ask('GET', '/health')) ?? 'unknown';
    // A proxy may hide the version: a token belongs to 2.x and 3.
    const legacy = version === 'unknown' ? this.#section.token === undefined : version.startsWith('1.');
    return { version, legacy, hint: legacy ? await this.#createDatabase() : '' };
  }

  /** @returns why it could not be created, for the remedy when writing then fails. A user without the right may still write. */
  async #createDatabase(): Promise<string> {
    const name = this.#section.database.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`);
    const answer = await this.#ask('POST', '/query', {
      body: new URLSearchParams({ q: `CREATE DATABASE "${name}"` }).toString(),
      type: 'application/x-www-form-urlencoded',
    });
    return answer.body.includes('"error"') ? answer.body.trim().slice(0, 200) : '';
  }

  /** Resolves with whatever the server answers. @throws Error when it does not. */
  #ask(
    method: 'GET' | 'POST',
    path: string,
    content: { readonly body: string; readonly type: string } | null = null,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('the sink is closed'));
      const chunks: Uint8Array[] = [];
      let status = 0;
      let headers: IncomingHttpHeaders = {};
      const options = {
        method,
        gzipThreshold: Number.MAX_SAFE_INTEGER,
        ...(content === null ? {} : { headers: { 'content-type': content.type } }),
      };
      this.#transport.send(path, content?.body ?? '', options, {
        responseStarted: (received, code) => {
          headers = received;
          status = code ?? 0;
        },
        next: (chunk) => {
          chunks.push(chunk);
        },
        complete: () => resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') }),
        error: (error) => {
          if (!(error instanceof HttpError)) return reject(error);
          return resolve({ status: error.statusCode, headers: error.headers ?? {}, body: error.body ?? '' });
        },
      });
    });
  }
}

function versionOf({ headers, body }: Answer): string | null {
  const header = headers['x-influxdb-version'];
  const text = typeof header === 'string' ? header : /"version"\s*:\s*"([^"]+)"/.exec(body)?.[1];
  return text === undefined || text === '' ? null : text.replace(/^v/, '');
}

/** The address without credentials. */
export function displayUrl({ url }: InfluxSection): string {
  const { origin, pathname } = new URL(url);
  return pathname === '/' ? origin : `${origin}${pathname}`;
}

function basicHeader({ username, password }: InfluxSection): string | null {
  return username === undefined ? null : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

/** Of a refused connection Node gives one error per address and an empty text over them. */
function describeCause(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join(', ');
  return describeError(error) || 'no answer';
}
