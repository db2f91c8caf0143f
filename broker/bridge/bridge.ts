import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { BridgeSection } from '../config.ts';
import type { Logger } from '../contract/deps.ts';
import { describeError } from '../contract/error.ts';
import type { Problems } from '../problems.ts';
import { BRIDGE_SESSION, type SessionStore } from '../sessions/session-store.ts';
import type { Session, Transport } from '../sessions/session.ts';

export type Bridge = AsyncDisposable & {
  readonly connected: () => boolean;
};

/** A message as the broker hands it to those who subscribe inside the process. */
type Passing = { readonly topic: string; readonly payload: Buffer | string; readonly qos: number };

const RECONNECT_MS = 1000;
const CLOSE_TIMEOUT_MS = 2000;

/**
 * Forwards topics to an upstream broker. Its queue is a session of the broker: QoS 1 and 2 messages are on disk before their
 * sender is acknowledged, and leave the queue when upstream has acknowledged them. QoS 0 messages go when the way is open.
 * What carries the bridge's own prefix, or was published by a user of role `bridge`, has come from there and stays here.
 */
export function startBridge(
  section: BridgeSection,
  deps: {
    readonly store: SessionStore;
    readonly log: Logger;
    readonly now: () => number;
    readonly problems: Problems;
    readonly subscribe: (filter: string, take: (packet: Passing, done: () => void) => void) => void;
  },
): Bridge {
  const { store, log, problems } = deps;
  const prefix = section.prefix ?? '';
  const where = `bridge ${section.name}`;
  const session = store.open(`${BRIDGE_SESSION}${section.name}`, where);
  setFilters(store, session, section.topics);
  const comesFromThere = (topic: string): boolean => prefix !== '' && `/${topic}`.includes(`/${prefix}`);
  const closing = new AbortController();
  let client: MqttClient | null = null;

  const transportOf = (upstream: MqttClient): Transport => ({
    hasRoom: () => upstream.connected,
    onRoom: () => undefined,
    send: ({ message, messageId }) => {
      if (comesFromThere(message.topic)) {
        queueMicrotask(() => session.acknowledge(messageId));
        return;
      }
      upstream.publish(`${prefix}${message.topic}`, message.payload, { qos: 1 }, (error) => {
        // Without an acknowledgement it stays in the queue and is sent again on the next connection.
        if ((error === undefined || error === null) && client === upstream) session.acknowledge(messageId);
      });
    },
    release: (messageId) => void session.acknowledge(messageId),
  });

  for (const filter of section.topics) {
    deps.subscribe(filter, ({ topic, payload, qos }, done) => {
      if (qos === 0 && client?.connected === true && !comesFromThere(topic) && !topic.startsWith('$'))
        client.publish(`${prefix}${topic}`, payload, { qos: 0 });
      done();
    });
  }

  const unreachable = (error: unknown): void => {
    const opened = problems.open({
      code: 'BROKER_UNREACHABLE',
      severity: 'warning',
      where,
      message: `${section.url}: ${describeError(error)}`,
      remedy: 'check address, certificates and credentials; messages wait in the queue meanwhile',
    });
    if (opened)
      log.warn({ bridge: section.name, err: describeError(error) }, 'bridge cannot reach its upstream broker');
  };

  /** One connection from beginning to end. */
  const link = async (): Promise<void> => {
    const upstream = connect(section.url, { ...(await clientOptions(section)), reconnectPeriod: 0 });
    client = upstream;
    upstream.on('error', unreachable);
    const transport = transportOf(upstream);
    upstream.on('connect', () => {
      problems.solved(where);
      log.info({ bridge: section.name, url: section.url }, 'bridge connected');
      session.attach(transport);
    });
    const ended = new Promise<void>((resolve) => upstream.once('close', () => resolve()));
    const stop = (): void => void upstream.end(true);
    closing.signal.addEventListener('abort', stop);
    await ended;
    closing.signal.removeEventListener('abort', stop);
    session.detach(transport, deps.now());
    if (client === upstream) client = null;
    upstream.end(true);
    unreachable(new Error('connection closed'));
  };

  const running = (async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await link().catch(unreachable);
      await wait(RECONNECT_MS, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  })();

  return {
    connected: () => client?.connected === true,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await Promise.race([running, wait(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

/** Files are read for each connection, so that a renewed certificate is used at once. */
async function clientOptions({
  name,
  username,
  password,
  caFile,
  certFile,
  keyFile,
}: BridgeSection): Promise<IClientOptions> {
  const read = async (file: string | undefined) => (file === undefined ? undefined : await readFile(file));
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  return {
    clientId: `bridge-${name}`,
    clean: true,
    keepalive: 30,
    connectTimeout: 10_000,
    rejectUnauthorized: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function setFilters(store: SessionStore, session: Session, filters: readonly string[]): void {
  for (const filter of session.filters.keys()) if (!filters.includes(filter)) store.unsubscribe(session, filter);
  for (const filter of filters) if (!session.filters.has(filter)) store.subscribe(session, filter, 1);
}
