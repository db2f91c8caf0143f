import { timingSafeEqual, createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import type { ProbeSection } from './config/schema.ts';

export interface ProbeServer extends AsyncDisposable {
  readonly url: string;
}

export type ProbeSources = {
  readonly health: () => ServiceHealth;
  /** Whether the broker takes what is published. */
  readonly isBrokerConnected: () => boolean;
  readonly registry: Registry;
};

/**
 * Serves `/healthz` (the process lives), `/readyz` (values can come in and go out; otherwise 503 with the reasons) and `/metrics`.
 * Beyond loopback only with TLS and a token, which all but `/healthz` then ask for.
 * @throws JoulegateError CONFIG_INVALID for an address beyond loopback without them, PORT_IN_USE when the port is taken.
 */
export async function startProbeServer(section: ProbeSection, sources: ProbeSources): Promise<ProbeServer> {
  const { host = '127.0.0.1', port, tls, token } = section;
  if (!isLoopback(host) && (tls === undefined || token === undefined)) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `gateway.probes.host ${host} is reachable from the network, which needs gateway.probes.tls and gateway.probes.token; add them or use 127.0.0.1`,
    );
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response, token, sources).catch(() => response.writeHead(500).end());
  };
  const server: Server =
    tls === undefined
      ? createHttp(handle)
      : createHttps(
          { cert: await readFile(tls.certFile), key: await readFile(tls.keyFile), minVersion: 'TLSv1.2' },
          handle,
        );
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.maxConnections = 50;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new JoulegateError(
      'PORT_IN_USE',
      `gateway.probes cannot listen on ${host}:${port}: ${describeError(error)}; choose another port`,
      { cause: error },
    );
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
  sources: ProbeSources,
): Promise<void> {
  const path = (url ?? '').split('?')[0];
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET' }).end();
  if (path === '/healthz') return sendJson(response, 200, { status: 'ok', version: sources.health().version });
  if (token !== undefined && !isToken(headers.authorization, token)) {
    return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
  }
  if (path === '/readyz') {
    const reasons = notReady(sources);
    return sendJson(response, reasons.length === 0 ? 200 : 503, {
      status: reasons.length === 0 ? 'ready' : 'not ready',
      reasons,
    });
  }
  if (path === '/metrics') {
    const text = await sources.registry.metrics();
    return void response.writeHead(200, { 'content-type': sources.registry.contentType }).end(text);
  }
  response.writeHead(404).end();
}

/** Why values cannot come in or go out now. */
function notReady({ health, isBrokerConnected }: ProbeSources): string[] {
  const { connections = [], problems } = health();
  const reasons: string[] = [];
  if (!isBrokerConnected()) reasons.push('the broker is away; the outbox keeps the values');
  if (problems.some(({ code }) => code === 'OUTBOX_FULL')) reasons.push('the outbox cannot keep values');
  const isUp = ({ state }: (typeof connections)[number]): boolean => state === 'running' || state === 'polling';
  if (!connections.some(isUp)) {
    for (const { name, state, reason } of connections)
      reasons.push(`server "${name}" is ${state}${reason === '' ? '' : `: ${reason}`}`);
  }
  return reasons;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function isToken(given: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(`Bearer ${token}`));
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
