import { join } from 'node:path';
import type { Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { ConnectionGate } from './access/connections.ts';
import type { FrameGuard } from './access/frame-guard.ts';
import { createGatekeeper } from './access/gatekeeper.ts';
import { KnownAddresses } from './access/known-addresses.ts';
import { SecurityEvents, clean, type GateEvent } from './access/security-events.ts';
import { createSignIn, type Member, type Peer } from './access/sign-in.ts';
import { SignInBrake } from './access/sign-in-brake.ts';
import { UserDirectory } from './access/users.ts';
import { startBridge } from './bridge/bridge.ts';
import { limitsOf, type BrokerSection } from './config.ts';
import { createAdmission, faultOf } from './connection.ts';
import type { ServiceDeps } from './contract/deps.ts';
import type { ServiceHealth } from './contract/health.ts';
import { topics } from './contract/topic.ts';
import { openListeners } from './listeners.ts';
import { Problems } from './problems.ts';
import { createReload } from './reload.ts';
import { attachSession, createAedesPersistence } from './sessions/aedes-persistence.ts';
import { memoryJournal } from './sessions/journal.ts';
import type { Transport } from './sessions/session.ts';
import { SessionStore } from './sessions/session-store.ts';
import { SqliteJournal } from './sessions/sqlite-journal.ts';
import { sysTopics } from './sys-topics.ts';
import { readTls } from './tls-files.ts';

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
  /** Those of all listeners, the first is `url`. */
  readonly urls: readonly string[];
  /** http:// of /metrics, /healthz and /readyz, or null. */
  readonly metricsUrl: string | null;
  health(): ServiceHealth;
  /** Reads users and certificates again; happens by itself within a second after a change. */
  reload(): Promise<void>;
}

const JOURNAL_FILE = 'sessions.db';
const HEALTH_INTERVAL_MS = 10_000;
const RELOAD_INTERVAL_MS = 1000;
const STOP_TIMEOUT_MS = 2000;

/**
 * Starts the broker on the users of `<dataDir>/users.json` and the sessions of `<dataDir>/sessions.db`.
 * @throws JoulegateError CONFIG_INVALID for a plain listener beyond loopback or unusable certificates, PORT_IN_USE,
 * STORE_FAILED when the sessions cannot be read.
 */
export async function startBroker(config: BrokerSection, deps: ServiceDeps): Promise<BrokerService> {
  await using opening = new AsyncDisposableStack();
  const { log, now } = deps;
  const limits = limitsOf(config.limits);
  const startedAt = now();
  const tls = config.tls === undefined ? null : await readTls(config.tls);
  const journal = opening.use(
    config.persistence === false
      ? memoryJournal()
      : await SqliteJournal.open(join(deps.dataDir, JOURNAL_FILE), (error) => tellWriting(error)),
  );
  const addresses = await KnownAddresses.open(deps.dataDir);
  opening.defer(() => addresses.settled());
  const problems = new Problems(now);
  const gate = new ConnectionGate(limits, config.allowedAddresses);
  const directory = new UserDirectory(deps.dataDir);
  const peers = new WeakMap<Client, Peer>();
  const guards = new WeakMap<Client, FrameGuard>();
  const members = new WeakMap<Client, Member>();
  const transports = new WeakMap<Client, Transport>();
  const sockets = new Set<Socket>();
  const figures = { refusedTotal: 0, publishedTotal: 0 };
  let subscriber: Client | null = null;
  /** Run once everything is up, and tell that it was so. */
  const timers: NodeJS.Timeout[] = [];

  const events = opening.use(
    new SecurityEvents({ id: config.id, now, publish: (event) => publish(topics.event(config.id), event, false) }),
  );
  const report = (event: GateEvent): void => {
    figures.refusedTotal += 1;
    const { kind, principal, address, subject } = event;
    log.warn({ kind, principal, address, subject }, 'security event');
    events.report(event);
  };
  const tellWriting = (error: Error | null): void => {
    if (error === null) {
      problems.solved(JOURNAL_FILE);
      log.info({}, 'messages are stored again');
      return;
    }
    problems.open({
      code: 'STORE_FAILED',
      severity: 'error',
      where: JOURNAL_FILE,
      message: `messages cannot be stored: ${error.message}`,
      remedy: 'free space on the disk of the data folder; senders keep what was not acknowledged',
    });
    const message = `messages are not stored and not acknowledged: ${error.message}`.slice(0, 1000);
    report({ kind: 'limit-hit', severity: 'high', message, subject: 'disk' });
  };
  const peerOf = (client: Client): Peer =>
    peers.get(client) ?? { host: 'unknown', address: 'unknown', certificateName: null };
  const store = new SessionStore({
    journal,
    limits,
    now,
    onQueueFull: (session) => {
      report({
        kind: 'limit-hit',
        severity: 'high',
        message: `the queue of session "${session.id}" is full; it loses messages`,
        principal: session.owner,
        subject: 'queue',
      });
      (aedes as unknown as { readonly clients: Readonly<Record<string, Client>> }).clients[session.id]?.conn.destroy();
    },
  });
  const signIn = createSignIn({
    directory,
    brake: new SignInBrake(),
    addresses,
    limits,
    now,
    peerOf,
    members,
    sessionOwner: (clientId) => store.sessions.get(clientId)?.owner ?? null,
    onSignedIn: (client) => guards.get(client)?.signedIn(),
    onEvent: report,
  });
  const aedes = await Aedes.createBroker({
    id: config.id,
    connectTimeout: limits.connectTimeoutMs,
    maxInflightInbound: limits.maxInflight,
    preConnect: signIn.preConnect,
    authenticate: signIn.authenticate,
    ...createGatekeeper({
      limits,
      members,
      peerOf,
      store,
      onEvent: report,
    }),
    persistence: createAedesPersistence({
      store,
      ownerOf: (clientId) => signIn.memberOf(clientId)?.user.username ?? '',
      wasGranted: (clientId, filter) => signIn.memberOf(clientId)?.filters.has(filter) ?? false,
      subscriber: () => subscriber,
    }),
  });
  function publish(topic: string, payload: object | string, retain: boolean, qos: 0 | 1 = 1): void {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    aedes.publish({ cmd: 'publish', topic, payload: Buffer.from(text), qos, retain, dup: false }, () => undefined);
  }
  aedes.on('clientReady', (client) => {
    const session = client.clean ? undefined : store.sessions.get(client.id);
    if (session !== undefined) transports.set(client, attachSession(session, client));
  });
  aedes.on('subscribe', (_filters, client) => {
    subscriber = client;
    const session = client.clean ? undefined : store.sessions.get(client.id);
    if (session !== undefined && !session.online) transports.set(client, attachSession(session, client));
  });
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) members.get(client)?.filters.delete(filter);
  });
  aedes.on('clientDisconnect', (client) => {
    const transport = transports.get(client);
    const session = store.sessions.get(client.id);
    if (transport === undefined || session === undefined) return;
    session.detach(transport, now());
    store.wentOffline(session);
  });
  aedes.on('publish', (_packet, client) => {
    if (client !== null) figures.publishedTotal += 1;
  });
  for (const name of ['clientError', 'connectionError'] as const) {
    aedes.on(name, (client, error) => {
      const fault = faultOf(error);
      if (fault !== null) {
        const principal = members.get(client)?.user.username;
        report({
          ...fault,
          subject: clean(fault.subject),
          severity: 'medium',
          message: `connection cut: ${clean(error.message)}`,
          address: peerOf(client).address,
          ...(principal === undefined ? {} : { principal }),
        });
      }
      log.debug({ client: client?.id, err: error.message }, 'connection ended with an error');
    });
  }

  const admission = createAdmission({
    limits,
    gate,
    sockets,
    members,
    now,
    report,
    handle: (stream) => aedes.handle(stream),
    onJoin: (client, peer, guard) => {
      peers.set(client, peer);
      guards.set(client, guard);
    },
    onLeave: signIn.forget,
  });
  const listening = await openListeners({
    section: config,
    tls,
    maxPacketBytes: limits.maxPacketBytes,
    ...admission,
  });
  opening.defer(() => stop());
  const bridges = (config.bridges ?? []).map((section) =>
    opening.use(
      startBridge(section, {
        store,
        log,
        now,
        problems,
        subscribe: (filter, take) => aedes.subscribe(filter, take, () => undefined),
      }),
    ),
  );
  const health = (): ServiceHealth => {
    const open = problems.list();
    return {
      service: 'broker',
      id: config.id,
      version: deps.version,
      state: open.length === 0 ? 'running' : 'degraded',
      at: now(),
      problems: open,
      figures: {
        ...figures,
        connectionsTotal: gate.total,
        connections: gate.open,
        clients: aedes.connectedClients,
        sessions: store.sessions.size,
        queuedMessages: [...store.sessions.values()].reduce((sum, { depth }) => sum + depth, 0),
        queuedBytes: store.queuedBytes,
        droppedTotal: store.droppedTotal,
        retainedMessages: store.retained.count,
        retainedBytes: store.retained.bytes,
        bridges: bridges.length,
        bridgesConnected: bridges.filter(({ connected }) => connected()).length,
        uptimeSeconds: Math.round((now() - startedAt) / 1000),
      },
    };
  };
  const tell = (): void => {
    store.expire();
    const current = health();
    publish(topics.health(config.id), current, true);
    for (const [topic, text] of Object.entries(sysTopics(deps.version, current))) publish(topic, text, true, 0);
  };
  const reload = createReload({
    section: config.tls,
    tls,
    directory,
    listening,
    problems,
    log,
    now,
    onEvent: (event) => events.report(event),
    clientsOf: signIn.clientsOf,
  });
  const metrics =
    config.metrics === undefined
      ? null
      : opening.use(await (await import('./metrics.ts')).serveMetrics(config.metrics, health));
  timers.push(
    setInterval(tell, HEALTH_INTERVAL_MS),
    setInterval(() => void reload(), RELOAD_INTERVAL_MS),
  );
  for (const timer of timers) timer.unref();
  await reload();
  tell();
  events.report({ kind: 'service-started', severity: 'info', message: 'broker started' });
  log.info({ urls: listening.urls, persistence: config.persistence !== false }, 'broker listens');

  async function stop(): Promise<void> {
    for (const timer of timers) clearInterval(timer);
    if (timers.length > 0) publish(topics.health(config.id), { ...health(), state: 'stopped' }, true);
    const closed = listening[Symbol.asyncDispose]();
    const ended = new Promise<void>((resolve) => aedes.close(() => resolve()));
    for (const socket of sockets) socket.destroySoon();
    const late = new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
    await Promise.race([Promise.all([closed, ended]), late]);
    for (const socket of sockets) socket.destroy();
  }

  const resources = opening.move();
  return {
    port: listening.port,
    url: listening.urls[0] ?? '',
    urls: listening.urls,
    metricsUrl: metrics?.url ?? null,
    health,
    reload,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
