import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import { fastify } from 'fastify';
import { Registry } from 'prom-client';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import { isLoopbackAddress, type AccessRules } from './access.ts';
import { serveConsole } from './console-files.ts';
import { LiveFeed } from './live-feed.ts';
import type { ApiOptions } from './options.ts';
import { registerHeaders, securityHeaders } from './plugins/headers.ts';
import { registerHttpMetrics } from './plugins/metrics.ts';
import { registerEtags } from './plugins/etag.ts';
import { answerError, registerProblems } from './plugins/problem.ts';
import { registerRateLimit } from './plugins/rate-limit.ts';
import { registerSignIn } from './plugins/sign-in.ts';
import { validatorCompiler } from './plugins/validation.ts';
import { accountRoute } from './routes/account.ts';
import { allocationRoute } from './routes/allocation.ts';
import { alertsRoutes } from './routes/alerts.ts';
import { anomaliesRoute } from './routes/anomalies.ts';
import { breakdownRoute } from './routes/breakdown.ts';
import { energyRoute } from './routes/energy.ts';
import { equipmentRoute } from './routes/equipment.ts';
import { dataQualityRoute } from './routes/data-quality.ts';
import { eventsRoute } from './routes/events.ts';
import { healthRoute } from './routes/health.ts';
import { intensityRoutes } from './routes/intensity.ts';
import { modelRoute } from './routes/models.ts';
import { meterFitRoute } from './routes/meter-fit.ts';
import { revisionsRoute } from './routes/revisions.ts';
import { collectOpenApi, openApiRoute } from './routes/openapi.ts';
import { probeRoutes } from './routes/probes.ts';
import { reportRoutes } from './routes/reports.ts';
import type { ApiApp, RouteDeps } from './routes/route.ts';
import { sessionRoutes } from './routes/session.ts';
import { setupRoute } from './routes/setup.ts';
import { staticFactorRoutes } from './routes/static-factors.ts';
import { studyRoutes } from './routes/studies.ts';
import { targetRoute } from './routes/target.ts';
import { createSessions } from './sessions.ts';
import { createZoneTime } from './zone-time.ts';

const BODY_BYTES = 262_144;
const REQUEST_MS = 30_000;
/** Longer than the heartbeat of live events, which must not be cut off. */
const SILENCE_MS = 60_000;
const MOST_SOCKETS = 1000;
const REQUESTS_PER_MINUTE = 1200;

/** The running API; dispose ends live streams at once. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/**
 * Serves API and console.
 * @throws JoulegateError CONFIG_INVALID (open address without TLS), CONFIG_UNREADABLE (PEM files), PORT_IN_USE.
 */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  const { host, log, now, view } = options;
  checkHost(options);
  const https = options.tls === undefined ? null : await readPem(options.tls);
  const registry = options.registry ?? new Registry();
  const time = createZoneTime(view.site.timezone);
  const closing = new AbortController();
  const app = createApp(options, https);
  const feed = new LiveFeed({ view, time, now, registry });
  const rules: AccessRules = {
    token: options.token,
    openLoopback: options.openLoopback,
    sessions: createSessions(now),
    scheme: https === null ? 'http' : 'https',
    port: () => (app.server.address() as AddressInfo | null)?.port ?? 0,
  };
  app.addHook('preClose', async () => {
    closing.abort();
    feed[Symbol.dispose]();
  });
  registerHeaders(app, https !== null);
  registerProblems(app, log);
  registerHttpMetrics(app, registry);
  await app.register(fastifyCookie);
  const gate = registerSignIn(app, {
    rules,
    now,
    log,
    closing: closing.signal,
    onSignInRefused: options.onSignInRefused,
  });
  await registerRateLimit(app, options.requestsPerMinute ?? REQUESTS_PER_MINUTE);
  registerEtags(app);
  await collectOpenApi(app, options.version);
  registerRoutes(app, { ...options, time }, registry);
  eventsRoute(app, feed);
  sessionRoutes(app, gate);
  openApiRoute(app);
  await serveConsole(app, options.consoleDir);
  await listen(app, options);
  feed.start();
  const port = rules.port();
  const name = host.includes(':') ? `[${host}]` : host;
  return { port, url: `${rules.scheme}://${name}:${port}`, [Symbol.asyncDispose]: async () => app.close() };
}

function createApp(options: ApiOptions, https: { readonly cert: Buffer; readonly key: Buffer } | null): ApiApp {
  const app = fastify({
    https: https === null ? null : { ...https, minVersion: 'TLSv1.2' },
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENCE_MS,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      reply.headers(securityHeaders(https !== null));
      answerError(options.log, error, request, reply);
    },
  }) as unknown as ApiApp;
  app.server.maxConnections = MOST_SOCKETS;
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  return app;
}

function registerRoutes(app: ApiApp, deps: RouteDeps, registry: Registry): void {
  healthRoute(app, deps);
  equipmentRoute(app, deps);
  energyRoute(app, deps);
  anomaliesRoute(app, deps);
  alertsRoutes(app, deps);
  targetRoute(app, deps);
  accountRoute(app, deps);
  allocationRoute(app, deps);
  breakdownRoute(app, deps);
  intensityRoutes(app, deps);
  reportRoutes(app, deps);
  staticFactorRoutes(app, deps);
  meterFitRoute(app, deps);
  revisionsRoute(app, deps);
  modelRoute(app, deps);
  studyRoutes(app, deps);
  dataQualityRoute(app, deps);
  setupRoute(app, deps);
  probeRoutes(app, deps, registry);
}

function checkHost({ host, tls, openLoopback }: ApiOptions): void {
  if (host === 'localhost' || isLoopbackAddress(host)) return;
  if (tls === undefined) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `scoring.api.host "${host}" is reachable from other machines and needs TLS; set scoring.api.tls with certFile and keyFile, or scoring.api.host to 127.0.0.1`,
    );
  }
  if (openLoopback) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `scoring.api.openLoopback is only allowed with a loopback host, not "${host}"; remove it or set scoring.api.host to 127.0.0.1`,
    );
  }
}

async function readPem(files: NonNullable<ApiOptions['tls']>): Promise<{ cert: Buffer; key: Buffer }> {
  const read = async (key: 'certFile' | 'keyFile') =>
    readFile(files[key]).catch((error: unknown) => {
      throw new JoulegateError(
        'CONFIG_UNREADABLE',
        `scoring.api.tls.${key} "${files[key]}": ${describeError(error)}; name a PEM file this user may read`,
        { cause: error },
      );
    });
  return { cert: await read('certFile'), key: await read('keyFile') };
}

async function listen(app: ApiApp, { host, port }: ApiOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = (Object(error) as { code?: unknown }).code;
    if (code === 'EADDRINUSE') {
      throw new JoulegateError(
        'PORT_IN_USE',
        `scoring.api.port ${port} on ${host} is in use; stop the program that holds it or set another port`,
        { cause: error },
      );
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `scoring.api cannot listen on ${host}:${port}: ${describeError(error)}; set scoring.api.host to an address of this machine and scoring.api.port to a free port from 1024 on`,
        { cause: error },
      );
    }
    throw error;
  }
}
