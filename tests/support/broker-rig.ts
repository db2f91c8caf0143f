import { readFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { BrokerSection } from '../../broker/config.ts';
import type { SystemEvent } from '../../broker/contract/event.ts';
import { setPassword, startBroker, type BrokerService, type User } from '../../broker/main.ts';
import { eventually, recordingLog, temporaryFolder } from './stack.ts';

export type Message = {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
};

export type BrokerRig = AsyncDisposable & {
  readonly folder: string;
  readonly broker: () => BrokerService;
  readonly restart: () => Promise<void>;
  /** An MQTT.js client that does not come back by itself. */
  readonly client: (
    username: string,
    options?: IClientOptions,
  ) => Promise<MqttClient & { readonly received: Message[] }>;
  /** Return code of a refused CONNECT, 'closed' without one, 'connected' when it was let in. */
  readonly refusal: (options: IClientOptions) => Promise<number | 'closed' | 'connected'>;
  readonly events: readonly SystemEvent[];
  /** Waits for an event of a kind that holds these texts. */
  readonly told: (kind: string, ...parts: readonly string[]) => Promise<SystemEvent>;
  /** A socket that has written these bytes. */
  readonly raw: (bytes?: Buffer) => Promise<RawSocket>;
};

export type RawSocket = {
  readonly socket: Socket;
  readonly write: (bytes: Buffer) => void;
  /** Bytes received so far. */
  readonly received: () => Buffer;
  readonly closed: Promise<'closed'>;
};

/** Every user of a rig has this password; hashing it takes its time once. */
export const RIG_PASSWORD = 'rig-password-0123456789';

/** A broker on free ports with users, and someone who listens to its events. */
export async function startBrokerRig(
  section: Partial<BrokerSection>,
  users: readonly User[],
  tls: { readonly caFile?: string } = {},
): Promise<BrokerRig> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  for (const user of [...users, { username: 'listener', role: 'scoring' } as const])
    await setPassword(folder.path, user, RIG_PASSWORD);
  const deps = { log: recordingLog(), now: Date.now, dataDir: folder.path, version: 'test' };
  const full: BrokerSection = { id: 'broker-1', host: '127.0.0.1', port: 0, ...section };
  const trust = tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile) };
  const clients: MqttClient[] = [];
  const sockets: Socket[] = [];
  const events: SystemEvent[] = [];
  let broker = await startBroker(full, deps);
  opening.defer(async () => {
    for (const client of clients) client.end(true);
    for (const socket of sockets) socket.destroy();
    await broker[Symbol.asyncDispose]();
  });
  const listen = async (): Promise<void> => {
    const listener = await connectAsync(broker.url, {
      username: 'listener',
      password: RIG_PASSWORD,
      reconnectPeriod: 0,
      ...trust,
    });
    clients.push(listener);
    listener.on('error', () => undefined);
    listener.on('message', (_topic, payload) => events.push(JSON.parse(payload.toString()) as SystemEvent));
    await listener.subscribeAsync('joulegate/events/+', { qos: 1 });
  };
  await listen();
  const resources = opening.move();
  return {
    folder: folder.path,
    broker: () => broker,
    restart: async () => {
      await broker[Symbol.asyncDispose]();
      broker = await startBroker(full, deps);
      await listen();
    },
    client: async (username, options = {}) => {
      const received: Message[] = [];
      const ended = connect(broker.url, {
        username,
        password: RIG_PASSWORD,
        reconnectPeriod: 0,
        resubscribe: false,
        ...options,
      });
      clients.push(ended);
      ended.on('message', (topic, payload, { qos, retain, dup }) =>
        received.push({ topic, payload: payload.toString(), qos, retain, dup }),
      );
      await new Promise<void>((resolve, reject) => {
        ended.once('connect', () => resolve());
        ended.once('error', reject);
        ended.once('close', () => reject(new Error('closed before CONNACK')));
      });
      ended.on('error', () => undefined);
      return Object.assign(ended, { received });
    },
    refusal: (options) =>
      new Promise((resolve) => {
        const tried = connect(broker.url, { reconnectPeriod: 0, password: RIG_PASSWORD, ...options });
        clients.push(tried);
        tried.once('connect', () => resolve('connected'));
        tried.once('close', () => resolve('closed'));
        tried.on('error', (error) =>
          resolve('code' in error && typeof error.code === 'number' ? error.code : 'closed'),
        );
      }),
    events,
    told: (kind, ...parts) =>
      eventually(
        `event ${kind} with ${parts.join(' and ')}`,
        () => {
          const holds = (event: SystemEvent): boolean =>
            event.kind === kind && parts.every((part) => JSON.stringify(event).includes(part));
          return events.find(holds) ?? null;
        },
        10_000,
      ),
    raw: async (bytes = Buffer.alloc(0)) => {
      const socket = connectSocket(broker.port, '127.0.0.1');
      sockets.push(socket);
      const chunks: Buffer[] = [];
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
      await new Promise<void>((resolve) => {
        socket.once('connect', () => resolve());
        socket.once('close', () => resolve());
      });
      socket.write(bytes);
      return { socket, write: (more) => void socket.write(more), received: () => Buffer.concat(chunks), closed };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
