import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpError, InfluxDB, type Transport } from '@influxdata/influxdb-client';
import { describeError } from '../../../broker/contract/error.ts';
import type { InfluxSection } from '../../config.ts';
import { meetServer, type InfluxServerFacts } from './server.ts';
import type { Answer } from './write-outcome.ts';

const TIMEOUT_MS = 15_000;
/** Bodies below this are not worth packing. */
const GZIP_FROM_BYTES = 1000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export type AskContent = { readonly body: string; readonly type: string; readonly gzip?: boolean };

/** Requests to one InfluxDB and what is known of it. Nothing is repeated here. */
export class InfluxClient {
  readonly section: InfluxSection;
  readonly #agent: HttpAgent;
  readonly #transport: Transport;
  readonly #packs: boolean;
  #server: Promise<InfluxServerFacts> | null = null;
  #met: InfluxServerFacts | null = null;
  #closed = false;

  constructor(section: InfluxSection) {
    this.section = section;
    this.#packs = section.gzip ?? !LOOPBACK.has(new URL(section.url).hostname);
    const options = { keepAlive: true, maxSockets: 4 };
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

  /** What the server said it is; null before it was reached. */
  get met(): InfluxServerFacts | null {
    return this.#met;
  }

  /** On first use asks the server for its generation and creates what is missing. @throws Error when it does not answer. */
  async server(): Promise<InfluxServerFacts> {
    this.#server ??= meetServer(this.section, (method, path, content) => this.ask(method, path, content));
    try {
      this.#met = await this.#server;
      return this.#met;
    } catch (error) {
      this.#server = null;
      throw error;
    }
  }

  /** The next use meets the server anew: it was away, lost its database, or another one stands behind the address. */
  forget(): void {
    this.#server = null;
  }

  /** Ends every connection: the client library leaves timed-out sockets open. */
  hangUp(): void {
    this.#agent.destroy();
    this.forget();
  }

  /** Ends what is under way and refuses what comes. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  /** Resolves with whatever the server answers. @throws Error when it does not. */
  ask(method: 'GET' | 'POST', path: string, content: AskContent | null = null): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('the connection to InfluxDB is closed'));
      const chunks: Uint8Array[] = [];
      let status = 0;
      let headers: IncomingHttpHeaders = {};
      const options = {
        method,
        gzipThreshold: this.#packs && content?.gzip === true ? GZIP_FROM_BYTES : Number.MAX_SAFE_INTEGER,
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

/** The address without credentials. */
export function displayUrl({ url }: InfluxSection): string {
  const { origin, pathname } = new URL(url);
  return pathname === '/' ? origin : `${origin}${pathname}`;
}

/** Of a refused connection Node gives one error per address and an empty text over them. */
export function describeCause(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join(', ');
  return describeError(error) || 'no answer';
}

function basicHeader({ username, password }: InfluxSection): string | null {
  return username === undefined ? null : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}
