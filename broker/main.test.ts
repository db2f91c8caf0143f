import { connect as connectSocket, type Socket } from 'node:net';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, recordingLog, temporaryFolder } from '../tests/support/stack.ts';
import type { BrokerSection } from './config.ts';
import type { SystemEvent } from './contract/event.ts';
import { ensureUsers, startBroker, type BrokerService, type Credentials } from './main.ts';

const section: BrokerSection = {
  id: 'broker-1',
  host: '127.0.0.1',
  port: 0,
  limits: { maxConnections: 50, maxConnectionsPerAddress: 40, maxPacketBytes: 65_536, connectTimeout: '1s' },
};

describe('the broker', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let broker: BrokerService;
  let users: readonly Credentials[];
  const clients: MqttClient[] = [];
  const events: SystemEvent[] = [];
  const deps = () => ({ log: recordingLog(), now: Date.now, dataDir: folder.path, version: 'test' });
  const as = (username: string): Credentials =>
    users.find((user) => user.username === username) ?? { username, password: '' };
  const signIn = async (username: string, options: IClientOptions = {}): Promise<MqttClient> => {
    const client = await connectAsync(broker.url, { ...as(username), reconnectPeriod: 0, ...options });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  /** Return code of the refused CONNECT, 'closed' when the socket was cut without one, 'connected' when it was let in. */
  const refusal = (options: IClientOptions): Promise<number | 'closed' | 'connected'> =>
    new Promise((resolve) => {
      const client = connect(broker.url, { reconnectPeriod: 0, ...options });
      clients.push(client);
      client.once('connect', () => resolve('connected'));
      client.once('close', () => resolve('closed'));
      client.on('error', (error) => resolve('code' in error && typeof error.code === 'number' ? error.code : 'closed'));
    });
  const next = (client: MqttClient, event: 'close' | 'message'): Promise<readonly unknown[]> =>
    new Promise((resolve) => client.once(event, (...values: unknown[]) => resolve(values)));
  const told = (kind: string, part: string): Promise<SystemEvent> =>
    eventually(
      `event ${kind}`,
      () => events.find((event) => event.kind === kind && JSON.stringify(event).includes(part)) ?? null,
    );

  beforeAll(async () => {
    folder = await temporaryFolder();
    users = await ensureUsers(folder.path, [
      { username: 'edge-1', role: 'gateway' },
      { username: 'edge-2', role: 'gateway' },
      { username: 'scoring', role: 'scoring' },
      { username: 'viewer', role: 'viewer' },
    ]);
    broker = await startBroker(section, deps());
    const listener = await signIn('scoring');
    listener.on('message', (_topic, payload) => events.push(JSON.parse(payload.toString()) as SystemEvent));
    await listener.subscribeAsync('joulegate/events/+', { qos: 1 });
  });

  afterAll(async () => {
    for (const client of clients) client.end(true);
    await broker[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('lets nobody in without the right credentials, and an event tells who tried', async () => {
    expect(await refusal({})).toBe(4);
    expect(await refusal({ username: 'viewer', password: 'guess' })).toBe(4);
    expect(await refusal({ username: 'nobody', password: 'guess' })).toBe(4);
    expect(await told('sign-in-refused', 'viewer')).toMatchObject({
      service: 'broker',
      principal: 'viewer',
      severity: 'low',
    });
  });

  it('brings what a gateway publishes to a viewer, retained messages also later', async () => {
    const gateway = await signIn('edge-1');
    await gateway.publishAsync('opcua/json/metadata/edge-1/demo/m', 'described', { qos: 1, retain: true });
    const viewer = await signIn('viewer');
    const received = next(viewer, 'message');
    await viewer.subscribeAsync('opcua/json/#', { qos: 1 });
    expect((await received).slice(0, 2).map(String)).toEqual(['opcua/json/metadata/edge-1/demo/m', 'described']);
  });

  it('refuses a topic of another publisher, and a viewer who publishes', async () => {
    const gateway = await signIn('edge-2');
    const closed = next(gateway, 'close');
    gateway.publish('opcua/json/data/edge-1/demo/m', 'forged', { qos: 1 });
    await closed;
    expect(await told('topic-denied', 'opcua/json/data/edge-1/demo/m')).toMatchObject({ principal: 'edge-2' });
    const viewer = await signIn('viewer');
    const gone = next(viewer, 'close');
    viewer.publish('opcua/json/data/edge-1/demo/m', 'forged', { qos: 1 });
    await gone;
  });

  it('refuses subscriptions to everything and to $SYS', async () => {
    const viewer = await signIn('viewer');
    for (const filter of ['#', '$SYS/#', 'joulegate/commit/edge-1/+']) {
      const granted = await viewer.subscribeAsync(filter).catch(() => [{ qos: 128 }]);
      expect(granted.map(({ qos }) => qos)).toEqual([128]);
    }
  });

  it('refuses a will on a foreign topic and a client id that is not allowed when connecting', async () => {
    expect(
      await refusal({
        ...as('edge-2'),
        will: { topic: 'opcua/json/status/edge-1', payload: Buffer.from('x'), qos: 1, retain: true },
      }),
    ).toBe(5);
    expect(await refusal({ ...as('viewer'), clientId: 'a\nb' })).not.toBe('connected');
  });

  it('does not let another user take a client id over', async () => {
    const victim = await signIn('viewer', { clientId: 'mine', clean: false });
    expect(await refusal({ ...as('edge-2'), clientId: 'mine', clean: false })).toBe(2);
    expect(victim.connected).toBe(true);
    expect(await told('client-id-takeover', 'mine')).toMatchObject({ severity: 'high', principal: 'edge-2' });
  });

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00])],
    ['a CONNECT that claims 256 MB', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
    ['a length of five bytes', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01])],
  ])('cuts %s off at once', async (_name, bytes) => {
    await expect(answerTo(bytes)).resolves.toBe('closed');
  });

  it('cuts half a packet and silence off, and a packet beyond the limit after sign-in', async () => {
    await expect(answerTo(Buffer.from([0x10]))).resolves.toBe('closed');
    const gateway = await signIn('edge-1', { clientId: 'large' });
    const closed = next(gateway, 'close');
    gateway.publish('opcua/json/data/edge-1/demo/m', Buffer.alloc(70_000), { qos: 1 });
    await closed;
    expect(await told('limit-hit', 'packet-too-large')).toBeDefined();
  });

  it('says in one line that its port is taken, or that a plain listener must not be reachable', async () => {
    await expect(startBroker({ ...section, port: broker.port }, deps())).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(broker.port)),
    });
    await expect(startBroker({ ...section, host: '0.0.0.0' }, deps())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('broker.tls'),
    });
  });

  function answerTo(bytes: Buffer): Promise<'closed'> {
    const socket: Socket = connectSocket(broker.port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => undefined);
    return new Promise((resolve) => socket.once('close', () => resolve('closed')));
  }
});
