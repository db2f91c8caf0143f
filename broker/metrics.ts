import { createServer } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { JoulegateError } from './contract/error.ts';
import type { ServiceHealth } from './contract/health.ts';
import { isLoopback, listen } from './listeners.ts';

const SNAKE = /[A-Z]/g;

/**
 * HTTP with `/metrics` (Prometheus text), `/healthz` (the process answers) and `/readyz` (it takes connections and can store).
 * @throws JoulegateError CONFIG_INVALID for an address beyond loopback, PORT_IN_USE.
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  health: () => ServiceHealth,
): Promise<AsyncDisposable & { readonly url: string }> {
  if (!isLoopback(host)) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `broker.metrics.host "${host}" is reachable from other machines without sign-in; use 127.0.0.1 and a proxy or agent beside it`,
    );
  }
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of Object.keys(health().figures)) {
    const gauge: Gauge = new Gauge({
      name: `joulegate_broker_${name.replaceAll(SNAKE, (letter) => `_${letter.toLowerCase()}`)}`,
      help: `Figure ${name} of the broker's health.`,
      registers: [registry],
      collect: () => gauge.set(health().figures[name] ?? 0),
    });
  }
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    if (request.method !== 'GET') return answer(405, 'text/plain', 'GET only\n');
    switch (request.url ?? '') {
      case '/metrics':
        void registry.metrics().then((text) => answer(200, registry.contentType, text));
        return;
      case '/healthz':
        return answer(200, 'text/plain', 'ok\n');
      case '/readyz': {
        const { state, problems } = health();
        const ready = state === 'running' || !problems.some(({ severity }) => severity === 'error');
        return answer(ready ? 200 : 503, 'application/json', JSON.stringify({ state, problems }));
      }
      default:
        return answer(404, 'text/plain', '/metrics, /healthz or /readyz\n');
    }
  });
  server.requestTimeout = 5000;
  const actual = await listen(server, { host, port });
  return {
    url: `http://${host}:${actual}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
