import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import { createGatekeeper, type GateEvent } from './access/gatekeeper.ts';
import { guardFrames, type FrameGuard } from './access/frame-guard.ts';
import { UserDirectory } from './access/users.ts';
import type { BrokerSection } from './config.ts';
import type { ServiceDeps } from './contract/deps.ts';
import { durationMs } from './contract/duration.ts';
import { describeError, JoulegateError } from './contract/error.ts';
import type { SystemEvent } from './contract/event.ts';
import type { ServiceHealth } from './contract/health.ts';
import { topics } from './contract/topic.ts';

export {
  ensureUsers,
  listUsers,
  removeUser,
  setPassword,
  userRoles,
  type Credentials,
  type User,
} from './access/users.ts';

export interface BrokerService extends AsyncDisposable {
  readonly port: number;
  /** mqtt:// or mqtts:// without credentials. */
  readonly url: string;
  health(): ServiceHealth;
}

const defaultLimits = {
  maxConnections: 1000,
  maxConnectionsPerAddress: 100,
  maxPacketBytes: 1_048_576,
  connectTimeout: '5s',
} as const;
const HEALTH_INTERVAL_MS = 10_000;
const STOP_TIMEOUT_MS = 2000;
/** Equal events (kind, user, address without port) are sent at most this often; the rest is counted in `detail.repeats`. */
const EVENT_REPEAT_MS = 2000;

/**
 * Starts the broker on the users of `<dataDir>/users.json`.
 * @throws JoulegateError CONFIG_INVALID for a plain listener beyond loopback, PORT_IN_USE.
 */
export async function startBroker(config: BrokerSection, deps: ServiceDeps): Promise<BrokerService> {
  const { log, now } = deps;
  const limits = { ...defaultLimits, ...config.limits };
  if (config.tls === undefined && !isLoopback(config.host)) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `broker.host "${config.host}" is reachable from other machines without encryption; set broker.tls (certFile, keyFile), or 127.0.0.1`,
    );
  }
  const addresses = new WeakMap<Client, string>();
  const guards = new WeakMap<Client, FrameGuard>();
  const perAddress = new Map<string, number>();
  const sockets = new Set<Socket>();
  const figures = { connectionsTotal: 0, refusedTotal: 0, publishedTotal: 0 };
  const startedAt = now();

  const emit = createEventSink({
    id: config.id,
    now,
    publish: (event) => publish(topics.event(config.id), event, false),
  });
  const gatekeeper = createGatekeeper({
    directory: new UserDirectory(deps.dataDir),
    addressOf: (client) => addresses.get(client) ?? 'unknown',
    onSignedIn: (client) => guards.get(client)?.signedIn(),
    onEvent: (event) => {
      figures.refusedTotal += 1;
      log.warn(
        { kind: event.kind, principal: event.principal, address: event.address, subject: event.subject },
        'security event',
      );
      emit(event);
    },
  });
  const { forget, ...hooks } = gatekeeper;
  const aedes = await Aedes.createBroker({
    id: config.id,
    connectTimeout: durationMs(limits.connectTimeout),
    keepaliveLimit: 3600,
    drainTimeout: 30_000,
    ...hooks,
  });
  function publish(topic: string, payload: object, retain: boolean): void {
    aedes.publish(
      { cmd: 'publish', topic, payload: JSON.stringify(payload), qos: 1, retain, dup: false },
      () => undefined,
    );
  }
  aedes.on('clientDisconnect', forget);
  aedes.on('publish', (_packet, client) => {
    if (client !== null) figures.publishedTotal += 1;
  });
  for (const name of ['clientError', 'connectionError'] as const) {
    aedes.on(name, (client, error) =>
      log.debug({ client: client?.id, err: error.message }, 'connection ended with an error'),
    );
  }

  const accept = (socket: Socket): void => {
    const host = socket.remoteAddress ?? 'unknown';
    const address = `${host}:${socket.remotePort ?? 0}`;
    const open = perAddress.get(host) ?? 0;
    if (sockets.size >= limits.maxConnections || open >= limits.maxConnectionsPerAddress) {
      figures.refusedTotal += 1;
      emit({
        kind: 'limit-hit',
        severity: 'high',
        message: `connection refused: ${open >= limits.maxConnectionsPerAddress ? `more than ${limits.maxConnectionsPerAddress} from one address` : `more than ${limits.maxConnections} in all`}`,
        address,
        subject: 'connections',
      });
      socket.destroy();
      return;
    }
    figures.connectionsTotal += 1;
    perAddress.set(host, open + 1);
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (perAddress.get(host) ?? 1) - 1;
      if (left > 0) perAddress.set(host, left);
      else perAddress.delete(host);
    });
    const guard = guardFrames(socket, {
      maxPacketBytes: limits.maxPacketBytes,
      connectTimeoutMs: durationMs(limits.connectTimeout),
      onFault: (fault) => {
        figures.refusedTotal += 1;
        emit({
          kind: fault === 'packet-too-large' || fault === 'connect-timeout' ? 'limit-hit' : 'malformed-packet',
          severity: 'medium',
          message: `connection cut: ${fault}`,
          address,
          subject: fault,
        });
      },
    });
    const client = aedes.handle(socket);
    addresses.set(client, address);
    guards.set(client, guard);
  };

  const server = await openServer(config, accept);
  const port = await listen(server, config);
  const health = (): ServiceHealth => ({
    service: 'broker',
    id: config.id,
    version: deps.version,
    state: 'running',
    at: now(),
    problems: [],
    figures: { ...figures, connections: sockets.size, uptimeSeconds: Math.round((now() - startedAt) / 1000) },
  });
  const tell = (): void => publish(topics.health(config.id), health(), true);
  const timer = setInterval(tell, HEALTH_INTERVAL_MS);
  timer.unref();
  tell();
  emit({ kind: 'service-started', severity: 'info', message: 'broker started' });
  log.info({ host: config.host, port, tls: config.tls !== undefined }, 'broker listens');

  let closed = false;
  return {
    port,
    url: `${config.tls === undefined ? 'mqtt' : 'mqtts'}://${isIP(config.host) === 6 ? `[${config.host}]` : config.host}:${port}`,
    health,
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      publish(topics.health(config.id), { ...health(), state: 'stopped' }, true);
      const stopped = new Promise<void>((resolve) => {
        server.close(() => resolve());
        aedes.close(() => undefined);
        for (const socket of sockets) socket.destroySoon();
      });
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function openServer(config: BrokerSection, accept: (socket: Socket) => void): Promise<Server> {
  if (config.tls === undefined) return createServer(accept);
  const { certFile, keyFile, caFile } = config.tls;
  try {
    const [cert, key, ca] = await Promise.all([
      readFile(certFile),
      readFile(keyFile),
      caFile === undefined ? undefined : readFile(caFile),
    ]);
    return createTlsServer(
      {
        cert,
        key,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
      },
      accept,
    );
  } catch (error) {
    throw new JoulegateError('CONFIG_INVALID', `broker.tls: ${describeError(error)}; give readable PEM files`, {
      cause: error,
    });
  }
}

function listen(server: Server, { host, port }: BrokerSection): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new JoulegateError(
              'PORT_IN_USE',
              `MQTT port ${port} on ${host} is taken; set broker.port to another one, or stop what listens there`,
              { cause: error },
            )
          : new JoulegateError('CONFIG_INVALID', `broker cannot listen on ${host}:${port}: ${error.message}`, {
              cause: error,
            }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function createEventSink(options: {
  readonly id: string;
  readonly now: () => number;
  readonly publish: (event: SystemEvent) => void;
}): (event: GateEvent) => void {
  const last = new Map<string, { at: number; repeats: number }>();
  return (event) => {
    const at = options.now();
    const key = `${event.kind}|${event.principal ?? ''}|${(event.address ?? '').replace(/:\d+$/, '')}|${event.subject ?? ''}`;
    const before = last.get(key);
    if (before !== undefined && at - before.at < EVENT_REPEAT_MS) {
      before.repeats += 1;
      return;
    }
    if (last.size > 10_000) last.clear();
    last.set(key, { at, repeats: 0 });
    const repeats = before?.repeats ?? 0;
    options.publish({
      id: randomUUID(),
      at,
      service: 'broker',
      source: options.id,
      ...event,
      ...(repeats === 0 ? {} : { detail: { repeats } }),
    });
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
