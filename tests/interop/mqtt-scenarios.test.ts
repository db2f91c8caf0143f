import mqttPacket from 'mqtt-packet';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RIG_PASSWORD, startBrokerRig, type BrokerRig } from '../support/broker-rig.ts';
import { eventually } from '../support/stack.ts';

/**
 * The MQTT 3.1.1 scenarios that the Eclipse Paho interoperability material names, by MQTT.js and raw packets;
 * mqtt-scenarios.slow.test.ts has paho-mqtt and mosquitto's tools do the same.
 */
describe('MQTT 3.1.1 scenarios by MQTT.js', () => {
  let rig: BrokerRig;
  /** `open` may do everything, `closed` only its own corner. */
  beforeAll(async () => {
    rig = await startBrokerRig({ limits: { minKeepAlive: '1s' } }, [
      { username: 'open', role: 'device', publish: ['#'], subscribe: ['#', '$SYS/broker/#'], wildcards: true },
      { username: 'closed', role: 'device', publish: ['own/%u/#'], subscribe: ['own/%u/x'] },
    ]);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const open = (clientId: string, options = {}) => rig.client('open', { clientId, ...options });
  const count = (client: { readonly received: readonly unknown[] }, wanted: number) =>
    eventually(`${wanted} messages`, () => client.received.length >= wanted);
  const gone = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()));
  const granted = async (client: MqttClient, filter: string, qos: 0 | 1 | 2 = 1): Promise<number> =>
    (await client.subscribeAsync(filter, { qos }).catch(() => [{ qos: 128 }]))[0]?.qos ?? -1;

  it('basic: QoS 0, 1 and 2 arrive once and in order', async () => {
    const client = await open('basic');
    await client.subscribeAsync('basic/a', { qos: 2 });
    for (const qos of [0, 1, 2] as const) await client.publishAsync('basic/a', `qos ${qos}`, { qos });
    await count(client, 3);
    expect(client.received.map(({ payload, qos }) => `${payload} at ${qos}`)).toEqual([
      'qos 0 at 0',
      'qos 1 at 1',
      'qos 2 at 2',
    ]);
  });

  it('retained: kept for later subscribers at their QoS, and cleared by an empty payload', async () => {
    const publisher = await open('retainer');
    for (const qos of [0, 1, 2] as const) await publisher.publishAsync(`kept/${qos}`, `q${qos}`, { qos, retain: true });
    const early = await open('retained-reader');
    await early.subscribeAsync('kept/+', { qos: 1 });
    await count(early, 3);
    expect(early.received.map(({ payload, qos, retain }) => `${payload} ${qos} ${retain}`).sort()).toEqual([
      'q0 0 true',
      'q1 1 true',
      'q2 1 true',
    ]);
    for (const qos of [0, 1, 2] as const) await publisher.publishAsync(`kept/${qos}`, '', { qos, retain: true });
    const late = await open('retained-late');
    await late.subscribeAsync('kept/#', { qos: 1 });
    await late.publishAsync('kept/mark', 'mark', { qos: 1 });
    await count(late, 1);
    expect(late.received.map(({ payload }) => payload)).toEqual(['mark']);
  });

  it('offline queueing: what was missed comes on return, once', async () => {
    const first = await open('sleeper', { clean: false });
    await first.subscribeAsync('sleep/+/m', { qos: 2 });
    await first.endAsync();
    const publisher = await open('waker');
    for (const index of [1, 2, 3, 4])
      await publisher.publishAsync(`sleep/${index}/m`, `${index}`, { qos: index % 2 === 0 ? 2 : 1 });
    await publisher.publishAsync('sleep/0/m', 'qos 0 is not queued', { qos: 0 });
    const back = await open('sleeper', { clean: false });
    await count(back, 4);
    // Ordered among those of one QoS; a QoS 2 message counts as received one exchange later.
    expect(back.received.map(({ payload }) => payload).sort()).toEqual(['1', '2', '3', '4']);
    await eventually('acknowledgements', () => rig.broker().health().figures['queuedMessages'] === 0);
    await back.endAsync();
    const again = await open('sleeper', { clean: false });
    await again.publishAsync('sleep/9/m', 'live', { qos: 1 });
    await count(again, 1);
    expect(again.received.map(({ payload }) => payload)).toEqual(['live']);
    await again.endAsync();
    const clean = await open('sleeper', { clean: true });
    await clean.endAsync();
    await publisher.publishAsync('sleep/1/m', 'nobody waits', { qos: 1 });
    expect(rig.broker().health().figures['queuedMessages']).toBe(0);
  });

  it.each([true, false])(
    'overlapping subscriptions: the best QoS holds, one copy (clean session %s)',
    async (clean) => {
      const client = await open(`overlap-${clean}`, { clean });
      await client.subscribeAsync(`lap/${clean}/#`, { qos: 2 });
      await client.subscribeAsync(`lap/${clean}/+`, { qos: 1 });
      await client.publishAsync(`lap/${clean}/x`, 'once', { qos: 2 });
      await client.publishAsync(`lap/${clean}/end`, 'end', { qos: 2 });
      await eventually('the last', () => client.received.some(({ payload }) => payload === 'end'));
      expect(client.received.map(({ payload, qos }) => [payload, qos])).toEqual([
        ['once', 2],
        ['end', 2],
      ]);
    },
  );

  it('a subscription of QoS 1 with a wildcard gets no QoS 2', async () => {
    const client = await open('downgrade');
    await client.subscribeAsync('down/+', { qos: 1 });
    await client.publishAsync('down/x', 'm', { qos: 2 });
    await count(client, 1);
    expect(client.received[0]?.qos).toBe(1);
  });

  it('keep-alive: a silent client is dropped and its will is published', async () => {
    const witness = await open('witness');
    await witness.subscribeAsync('will/#', { qos: 1 });
    const silent = await rig.raw(
      mqttPacket.generate({
        cmd: 'connect',
        clientId: 'silent',
        username: 'open',
        password: Buffer.from(RIG_PASSWORD),
        keepalive: 1,
        clean: true,
        will: { topic: 'will/silent', payload: Buffer.from('gone'), qos: 1, retain: false },
      }),
    );
    await silent.closed;
    await count(witness, 1);
    expect(witness.received[0]).toMatchObject({ topic: 'will/silent', payload: 'gone' });
  });

  it('will: published when the connection breaks, not after DISCONNECT', async () => {
    const witness = await open('will-witness');
    await witness.subscribeAsync('lastwords/+', { qos: 2 });
    const will = (name: string) => ({
      will: { topic: `lastwords/${name}`, payload: Buffer.from(name), qos: 2 as const, retain: false },
    });
    const polite = await open('polite', will('polite'));
    await polite.endAsync();
    const broken = await open('broken', will('broken'));
    broken.stream.destroy();
    await count(witness, 1);
    expect(witness.received.map(({ payload }) => payload)).toEqual(['broken']);
  });

  it('redelivery: what was not acknowledged comes again on reconnect, marked as a duplicate', async () => {
    const hello = (clean: boolean) =>
      mqttPacket.generate({
        cmd: 'connect',
        clientId: 'deaf',
        username: 'open',
        password: Buffer.from(RIG_PASSWORD),
        keepalive: 30,
        clean,
      });
    const deaf = await rig.raw(hello(false));
    deaf.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'again/+', qos: 1 }] }));
    await eventually('SUBACK', () => deaf.received().includes(Buffer.from([0x90])));
    const publisher = await open('again-publisher');
    await publisher.publishAsync('again/1', 'first', { qos: 1 });
    await eventually('delivery', () => deaf.received().includes('first'));
    deaf.socket.destroy();
    const back = await open('deaf', { clean: false });
    await count(back, 1);
    expect(back.received).toMatchObject([{ payload: 'first', dup: true, qos: 1 }]);
  });

  it('zero-length client id: given one with a clean session, refused with a kept one', async () => {
    const hello = (clean: boolean) =>
      mqttPacket
        .generate({
          cmd: 'connect',
          clientId: '',
          username: 'open',
          password: Buffer.from(RIG_PASSWORD),
          keepalive: 30,
          clean: true,
        })
        .map((byte, index) => (index === 9 && !clean ? byte & ~2 : byte));
    const given = await rig.raw(Buffer.from(hello(true)));
    await eventually('CONNACK', () => given.received().length >= 4);
    expect([...given.received().subarray(0, 4)]).toEqual([0x20, 2, 0, 0]);
    const refused = await rig.raw(Buffer.from(hello(false)));
    await refused.closed;
    expect([...refused.received()]).toEqual([0x20, 2, 0, 2]);
  });

  it('$-topics: no wildcard at the front matches them; the broker tells its figures there', async () => {
    const client = await open('dollar');
    await client.subscribeAsync(['+/+/#', '#'], { qos: 1 });
    await client.subscribeAsync('$SYS/broker/version', { qos: 0 });
    await eventually('the version', () => client.received.some(({ topic }) => topic === '$SYS/broker/version'));
    await client.publishAsync('plain/topic/x', 'plain', { qos: 1 });
    await eventually('the plain one', () => client.received.some(({ payload }) => payload === 'plain'));
    expect(client.received.filter(({ topic }) => topic.startsWith('$')).map(({ topic }) => topic)).toEqual([
      '$SYS/broker/version',
    ]);
  });

  it('unsubscribe: nothing more comes', async () => {
    const client = await open('leaver');
    await client.subscribeAsync(['leave/a', 'leave/b'], { qos: 1 });
    await client.unsubscribeAsync('leave/a');
    await client.publishAsync('leave/a', 'a', { qos: 1 });
    await client.publishAsync('leave/b', 'b', { qos: 1 });
    await count(client, 1);
    expect(client.received.map(({ payload }) => payload)).toEqual(['b']);
  });

  it('sessions, queues, retained messages and subscriptions outlive a restart of the broker', async () => {
    const first = await open('survivor', { clean: false });
    await first.subscribeAsync('survive/#', { qos: 2 });
    await first.endAsync();
    const publisher = await open('survive-publisher');
    for (const qos of [1, 2] as const) await publisher.publishAsync(`survive/${qos}`, `q${qos}`, { qos, retain: true });
    await rig.restart();
    const back = await open('survivor', { clean: false });
    await count(back, 2);
    expect(back.received.map(({ payload, qos }) => [payload, qos])).toEqual([
      ['q1', 1],
      ['q2', 2],
    ]);
    const reader = await open('survive-reader');
    await reader.subscribeAsync('survive/+', { qos: 0 });
    await count(reader, 2);
    expect(reader.received.map(({ retain, qos }) => [retain, qos])).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });

  describe('with permissions that refuse', () => {
    const closed = (clientId: string, options = {}) => rig.client('closed', { clientId, ...options });

    it('basic and retained: a publish is refused, reaches nobody and is not kept', async () => {
      const witness = await open('refused-witness');
      await witness.subscribeAsync('forbidden/#', { qos: 1 });
      for (const qos of [0, 1, 2] as const) {
        const client = await closed(`refused-${qos}`);
        client.publish('forbidden/x', 'm', { qos, retain: true });
        await gone(client);
      }
      await rig.told('topic-denied', 'forbidden/x');
      await witness.publishAsync('forbidden/end', 'end', { qos: 1 });
      await count(witness, 1);
      expect(witness.received.map(({ payload }) => payload)).toEqual(['end']);
      const late = await open('refused-late');
      await late.subscribeAsync('forbidden/x', { qos: 1 });
      await late.publishAsync('forbidden/x', 'live', { qos: 1 });
      await count(late, 1);
      expect(late.received.map(({ payload }) => payload)).toEqual(['live']);
    });

    it.each([true, false])(
      'refused subscription: 0x80 beside what is granted, and nothing is queued (clean %s)',
      async (clean) => {
        const client = await closed(`reader-${clean}`, { clean });
        expect(await granted(client, 'forbidden/#')).toBe(128);
        expect(await granted(client, 'forbidden/x')).toBe(128);
        expect(await granted(client, 'own/closed/+')).toBe(128);
        expect(await granted(client, '$SYS/broker/version')).toBe(128);
        expect(await granted(client, '#')).toBe(128);
        expect(await granted(client, 'own/closed/x')).toBe(1);
        await client.endAsync();
        const publisher = await open('to-refused');
        await publisher.publishAsync('forbidden/x', 'secret', { qos: 1 });
        await publisher.publishAsync('own/closed/x', 'own', { qos: 1 });
        const back = await closed(`reader-${clean}`, { clean: false });
        if (clean) await back.subscribeAsync('own/closed/x', { qos: 1 });
        await publisher.publishAsync('own/closed/x', 'live', { qos: 1 });
        await count(back, clean ? 1 : 2);
        expect(back.received.map(({ payload }) => payload)).toEqual(clean ? ['live'] : ['own', 'live']);
        await back.endAsync();
      },
    );

    it('will: refused at CONNECT', async () => {
      const will = { topic: 'forbidden/will', payload: Buffer.from('x'), qos: 1 as const, retain: false };
      expect(await rig.refusal({ username: 'closed', clientId: 'bad-will', will })).toBe(5);
      await rig.told('topic-denied', 'forbidden/will');
    });

    it('redelivery and offline queueing: another user gets neither session nor messages', async () => {
      const owner = await open('mine', { clean: false });
      await owner.subscribeAsync('mine/#', { qos: 1 });
      await owner.endAsync();
      expect(await rig.refusal({ username: 'closed', clientId: 'mine', clean: false })).toBe(2);
      expect(await rig.refusal({ username: 'closed', clientId: 'mine', clean: true })).toBe(2);
      await rig.told('client-id-takeover', 'mine');
    });

    it('unsubscribe of what was never granted is answered', async () => {
      const client = await closed('unsubscriber');
      await client.unsubscribeAsync('forbidden/#');
      expect(client.connected).toBe(true);
    });
  });
});
