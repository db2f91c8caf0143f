import { connect as connectSocket } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RIG_PASSWORD, startBrokerRig, type BrokerRig, type RawSocket } from '../support/broker-rig.ts';
import { eventually } from '../support/stack.ts';

const hello = (username: string, clientId: string, more: object = {}): Buffer =>
  mqttPacket.generate({
    cmd: 'connect',
    clientId,
    username,
    password: Buffer.from(RIG_PASSWORD),
    keepalive: 60,
    clean: true,
    ...more,
  });

/** A PUBLISH or SUBSCRIBE whose topic is these bytes, which no client library would send. */
const publishBytes = (topic: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x30, topic.length + 3, 0, topic.length]), topic, Buffer.from('x')]);
const subscribeBytes = (filter: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x82, filter.length + 5, 0, 1, 0, filter.length]), filter, Buffer.from([0])]);

/** Raw sockets do to the broker what no client library would: it stays up, serves the others, and an event tells. */
describe('a broker under hostile hands', () => {
  let rig: BrokerRig;
  beforeAll(async () => {
    rig = await startBrokerRig(
      {
        limits: {
          maxConnections: 400,
          maxConnectionsPerAddress: 300,
          connectionsPerSecond: 500,
          maxPacketBytes: 1_048_576,
          connectTimeout: '1s',
          maxSubscriptions: 20,
          maxRetainedMessages: 50,
          maxRetainedBytes: 100_000,
          maxInflight: 10,
          maxQueuedBytes: 50_000,
          maxBufferedBytes: 1_000_000,
        },
      },
      [
        { username: 'edge-1', role: 'gateway' },
        { username: 'edge-2', role: 'gateway' },
        { username: 'viewer', role: 'viewer' },
        { username: 'open', role: 'device', publish: ['#'], subscribe: ['#'], wildcards: true },
        { username: 'plain', role: 'device', publish: ['plain/#'], subscribe: ['plain/#'] },
      ],
    );
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** Others are served: a message goes through, on connections that are not the attacker's. */
  const served = async (): Promise<void> => {
    const name = `w-${Math.random().toString(36).slice(2)}`;
    const witness = await eventually('a connection', () => rig.client('open', { clientId: name }).catch(() => null));
    await witness.subscribeAsync(`served/${name}`, { qos: 1 });
    await witness.publishAsync(`served/${name}`, 'ok', { qos: 1 });
    await eventually('the message', () => witness.received.length === 1);
    await witness.endAsync(true);
  };
  const signedIn = async (username: string, clientId: string, more: object = {}): Promise<RawSocket> => {
    const socket = await rig.raw(hello(username, clientId, more));
    await eventually('CONNACK', () => socket.received().length >= 4);
    expect([...socket.received().subarray(0, 4)]).toEqual([0x20, 2, 0, 0]);
    return socket;
  };

  it.each([
    ['garbage before CONNECT', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'malformed-packet', 'not-mqtt'],
    ['a PUBLISH before CONNECT', publishBytes(Buffer.from('a')), 'malformed-packet', 'not-mqtt'],
    ['256 MB of remaining length', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), 'limit-hit', 'before-sign-in'],
    ['a length of five bytes', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 1]), 'malformed-packet', 'malformed-length'],
    ['half a packet and silence', hello('open', 'half').subarray(0, 9), 'limit-hit', 'connect-timeout'],
    ['a connection that says nothing', Buffer.alloc(0), 'limit-hit', 'connect-timeout'],
    [
      'a CONNECT of an unknown protocol',
      Buffer.from([0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x58, 0x58, 4, 2, 0, 60, 0, 0]),
      'malformed-packet',
      'protocol',
    ],
  ])('%s: cut, told', async (_name, bytes, kind, subject) => {
    const { closed } = await rig.raw(bytes);
    await expect(closed).resolves.toBe('closed');
    expect(await rig.told(kind, subject)).toMatchObject({
      service: 'broker',
      address: expect.stringContaining('127.0.0.1:'),
    });
    await served();
  });

  it.each([
    [
      '256 MB of remaining length after sign-in',
      Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
      'limit-hit',
      'packet-too-large',
    ],
    ['a topic that is no UTF-8', publishBytes(Buffer.from([0x61, 0xff, 0xfe])), 'malformed-packet', 'malformed-packet'],
    ['a topic with NUL', publishBytes(Buffer.from('a\0b')), 'malformed-packet', 'a?b'],
    [
      'a filter that is no UTF-8',
      subscribeBytes(Buffer.from([0x61, 0xc0, 0x80])),
      'malformed-packet',
      'malformed-packet',
    ],
    ['a filter with # in the middle', subscribeBytes(Buffer.from('a/#/b')), 'malformed-packet', 'last position'],
    ['flags that the protocol forbids', Buffer.from([0x80, 2, 0, 1]), 'malformed-packet', 'flag'],
    ['a second CONNECT', hello('open', 'second'), 'malformed-packet', 'Invalid protocol'],
    [
      'a topic longer than allowed',
      mqttPacket.generate({ cmd: 'publish', topic: 'x'.repeat(600), payload: 'x', qos: 0, retain: false, dup: false }),
      'limit-hit',
      'topic-too-long',
    ],
    [
      'a topic deeper than allowed',
      mqttPacket.generate({ cmd: 'publish', topic: '/'.repeat(40), payload: 'x', qos: 0, retain: false, dup: false }),
      'limit-hit',
      'topic-too-deep',
    ],
    [
      'a $-topic',
      mqttPacket.generate({
        cmd: 'publish',
        topic: '$SYS/broker/uptime',
        payload: 'x',
        qos: 1,
        messageId: 1,
        retain: false,
        dup: false,
      }),
      'topic-denied',
      '$SYS/broker/uptime',
    ],
  ])('%s: cut, told, with the name of the user', async (_name, bytes, kind, part) => {
    const attacker = await signedIn('open', `attacker-${Math.random().toString(36).slice(2)}`);
    attacker.write(bytes);
    await expect(attacker.closed).resolves.toBe('closed');
    expect(await rig.told(kind, part, '"principal":"open"')).toMatchObject({ service: 'broker' });
    await served();
  });

  it('# by a plain user is refused, and so is a wildcard where the user may read but not roam', async () => {
    const plain = await rig.client('plain', { clientId: 'plain-1' });
    for (const filter of ['#', '+/x', 'plain/#', '$SYS/#'])
      expect((await plain.subscribeAsync(filter).catch(() => [{ qos: 128 }])).map(({ qos }) => qos)).toEqual([128]);
    expect((await plain.subscribeAsync('plain/x')).map(({ qos }) => qos)).toEqual([0]);
    expect(await rig.told('topic-denied', '"#"')).toMatchObject({ principal: 'plain' });
  });

  it("another gateway's topics and a will on one are refused", async () => {
    const gateway = await signedIn('edge-2', 'edge-2');
    gateway.write(
      mqttPacket.generate({
        cmd: 'publish',
        topic: 'opcua/json/data/edge-1/s/m',
        payload: 'forged',
        qos: 1,
        messageId: 1,
        retain: false,
        dup: false,
      }),
    );
    await gateway.closed;
    expect(await rig.told('topic-denied', 'opcua/json/data/edge-1/s/m')).toMatchObject({ principal: 'edge-2' });
    const will = { topic: 'opcua/json/status/edge-1', payload: Buffer.from('x'), qos: 1, retain: true };
    const refused = await rig.raw(hello('edge-2', 'edge-2-will', { will }));
    await refused.closed;
    expect([...refused.received()]).toEqual([0x20, 2, 0, 5]);
    expect(await rig.told('topic-denied', 'opcua/json/status/edge-1')).toMatchObject({ principal: 'edge-2' });
  });

  it('1 million tiny subscriptions: none beyond the limit is granted, the sender is cut', async () => {
    const greedy = await signedIn('open', 'greedy');
    let sent = 0;
    for (let packet = 1; packet <= 10 && !greedy.socket.destroyed; packet += 1) {
      const subscriptions = Array.from({ length: 100_000 }, () => ({
        topic: (sent += 1).toString(36),
        qos: 0 as const,
      }));
      greedy.write(mqttPacket.generate({ cmd: 'subscribe', messageId: packet, subscriptions }));
    }
    expect(sent).toBe(1_000_000);
    await greedy.closed;
    await rig.told('limit-hit', 'subscriptions');
    await served();
    const modest = await rig.client('open', { clientId: 'modest' });
    const granted = await modest
      .subscribeAsync(Array.from({ length: 25 }, (_, index) => `few/${index}`))
      .catch((error: { packet: { granted: number[] } }) => error.packet.granted.map((qos) => ({ qos })));
    expect(granted.filter(({ qos }) => qos === 128)).toHaveLength(5);
  });

  it('10,000 connections in a burst: bounded, told, and others are served', async () => {
    const sockets = Array.from({ length: 10_000 }, () => {
      const socket = connectSocket(rig.broker().port, '127.0.0.1');
      socket.on('error', () => undefined);
      return socket.resume();
    });
    await rig.told('limit-hit', 'connection-rate');
    expect(rig.broker().health().figures['connections']).toBeLessThanOrEqual(300);
    for (const socket of sockets) socket.destroy();
    await served();
  });

  it('more connections than one address may have are refused', async () => {
    const sockets: RawSocket[] = [];
    for (let index = 0; index < 310; index += 1) sockets.push(await rig.raw());
    expect(await rig.told('limit-hit', 'connections-per-address')).toMatchObject({ severity: 'high' });
    for (const { socket } of sockets) socket.destroy();
    await served();
  });

  it('too many retained messages are refused, in number and in bytes', async () => {
    const hoarder = await rig.client('open', { clientId: 'hoarder' });
    const gone = new Promise((resolve) => hoarder.once('close', () => resolve(true)));
    for (let index = 0; index < 60; index += 1) hoarder.publish(`hoard/${index}`, 'x', { qos: 1, retain: true });
    await gone;
    await rig.told('limit-hit', 'retained');
    expect(rig.broker().health().figures['retainedMessages']).toBeLessThanOrEqual(50);
    const clearer = await rig.client('open', { clientId: 'clearer' });
    for (let index = 0; index < 60; index += 1)
      await clearer.publishAsync(`hoard/${index}`, '', { qos: 1, retain: true });
    expect(rig.broker().health().figures['retainedMessages']).toBeLessThan(10);
    const bulky = await rig.client('open', { clientId: 'bulky' });
    const cut = new Promise((resolve) => bulky.once('close', () => resolve(true)));
    bulky.publish('hoard/bulk', Buffer.alloc(200_000), { qos: 1, retain: true });
    await cut;
    await served();
  });

  it('QoS 2 messages that are never released are bounded', async () => {
    const halfway = await signedIn('open', 'halfway');
    for (let messageId = 1; messageId <= 50; messageId += 1)
      halfway.write(
        mqttPacket.generate({
          cmd: 'publish',
          topic: 'half/x',
          payload: 'x',
          qos: 2,
          messageId,
          retain: false,
          dup: false,
        }),
      );
    await halfway.closed;
    expect(await rig.told('limit-hit', 'inflight')).toMatchObject({ principal: 'open' });
  });

  it('a session that stays away keeps a bounded queue; one that does not acknowledge gets a bounded window', async () => {
    const session = { clean: false, keepalive: 30 };
    const away = await signedIn('open', 'away', session);
    away.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'away/#', qos: 1 }] }));
    await eventually('SUBACK', () => away.received().length >= 9);
    const publisher = await rig.client('open', { clientId: 'away-publisher' });
    for (let index = 0; index < 30; index += 1) await publisher.publishAsync('away/x', 'm'.repeat(20), { qos: 1 });
    const deliveries = (): number => away.received().toString('latin1').split('away/x').length - 1;
    await eventually('a window', () => deliveries() >= 10);
    expect(deliveries()).toBe(10);
    away.socket.destroy();
    for (let index = 0; index < 100; index += 1) await publisher.publishAsync('away/x', 'm'.repeat(1000), { qos: 1 });
    await rig.told('limit-hit', '"queue"');
    expect(rig.broker().health().figures['queuedBytes']).toBeLessThanOrEqual(50_000);
    expect(rig.broker().health().figures['droppedTotal']).toBeGreaterThan(0);
    await (await rig.client('open', { clientId: 'away', clean: true })).endAsync();
  });

  it('a reader that takes nothing is dropped; the others get everything meanwhile', async () => {
    const lazy = await signedIn('open', 'lazy');
    lazy.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'flood/#', qos: 0 }] }));
    await eventually('SUBACK', () => lazy.received().length >= 9);
    lazy.socket.pause();
    const eager = await rig.client('open', { clientId: 'eager' });
    await eager.subscribeAsync('flood/#', { qos: 1 });
    const publisher = await rig.client('open', { clientId: 'flooder' });
    let sent = 0;
    await eventually('the slow one to be dropped', async () => {
      for (let index = 0; index < 20; index += 1)
        await publisher.publishAsync('flood/x', Buffer.alloc(50_000), { qos: 1 });
      sent += 20;
      return rig.events.some(({ subject }) => subject === 'slow-reader');
    });
    await eventually('all messages', () => eager.received.length === sent);
    expect(lazy.socket.destroyed || lazy.received().length < 2_000_000).toBe(true);
    await served();
  });

  it('guessing is slowed down and then not looked at; the right password still works from elsewhere', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 40 }, (_, index) => rig.refusal({ username: 'viewer', password: `guess-${index}` })),
    );
    expect(new Set(guesses)).toEqual(new Set([4]));
    const later = await Promise.all(
      Array.from({ length: 20 }, () => rig.refusal({ username: 'viewer', password: 'guess' })),
    );
    expect(later).toContain(3);
    expect(await rig.told('limit-hit', 'sign-in-rate')).toMatchObject({ principal: 'viewer' });
    expect(await rig.told('sign-in-refused', 'viewer')).toMatchObject({ severity: 'low' });
  });

  it('events of one kind are bounded in number', () => {
    const perKind = new Map<string, number>();
    for (const { kind } of rig.events) perKind.set(kind, (perKind.get(kind) ?? 0) + 1);
    expect([...perKind].filter(([, count]) => count > 130)).toEqual([]);
  });
});

it('keep-alive: none, or one that is too long, is taken as the longest allowed', async () => {
  await using rig = await startBrokerRig({ limits: { minKeepAlive: '1s', maxKeepAlive: '1s' } }, [
    { username: 'open', role: 'viewer' },
  ]);
  const silent = await rig.raw(hello('open', 'silent', { keepalive: 0 }));
  const patient = await rig.raw(hello('open', 'patient', { keepalive: 60_000 }));
  await Promise.all([silent.closed, patient.closed]);
  expect(silent.received()[3]).toBe(0);
});

it('an address that is not on the list is refused before it may say anything', async () => {
  await using rig = await startBrokerRig({ allowedAddresses: ['127.0.0.1', '10.0.0.0/8'] }, []);
  const socket = connectSocket({ port: rig.broker().port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  expect(await rig.told('address-unknown')).toMatchObject({ address: expect.stringContaining('127.0.0.2') });
});
