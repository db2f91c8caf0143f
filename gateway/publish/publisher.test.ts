import { join } from 'node:path';
import { connect } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { ensureUsers, startBroker } from '../../broker/main.ts';
import { topicFilters, topics } from '../../broker/contract/topic.ts';
import { eventually, recordingLog, temporaryFolder } from '../../tests/support/stack.ts';
import { SqliteOutbox } from '../outbox/sqlite-outbox.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { startPublisher } from './publisher.ts';

const BACKLOG = 400;
const WRITERS = 4;

/** A real broker, an outbox, and what a reader received: writer and sequence number in order of arrival. */
async function startRig(requiredConsumers: readonly string[] = ['scoring']) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const log = recordingLog();
  const deps = (name: string) => ({ log, now: Date.now, dataDir: join(folder.path, name), version: 'test' });
  const users = await ensureUsers(deps('broker').dataDir, [
    { username: 'gateway-1', role: 'gateway' },
    { username: 'scoring', role: 'scoring' },
  ]);
  const login = (name: string) => users.find(({ username }) => username === name) ?? { username: name, password: '' };
  const broker = opening.use(await startBroker({ id: 'broker-1', host: '127.0.0.1', port: 0 }, deps('broker')));
  const outbox = opening.use(
    await SqliteOutbox.open(join(folder.path, 'outbox.db'), { maxBytes: 64 * 1_048_576, requiredConsumers }),
  );
  const arrived: { writer: number; sequence: number }[] = [];
  const consumer = connect(broker.url, { ...login('scoring'), clientId: 'scoring-test' });
  opening.defer(() => consumer.endAsync(true));
  consumer.on('message', (_topic, payload) => arrived.push(JSON.parse(payload.toString()) as (typeof arrived)[number]));
  await new Promise<void>((resolve) => consumer.once('connect', () => resolve()));
  await consumer.subscribeAsync(topicFilters.data('opcua'), { qos: 1 });
  const resources = opening.move();
  const publish = (drain: 'oldest-first' | 'live-first') =>
    resources.use(
      startPublisher({
        mqtt: { url: broker.url, topicPrefix: 'opcua', ...login('gateway-1') },
        publisherId: 'gateway-1',
        outbox,
        sentId: 0,
        drain,
        log,
        now: Date.now,
        onState: () => undefined,
        onConnect: () => undefined,
      }),
    );
  return { outbox, arrived, consumer, publish, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const messagesOf = (writer: number, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    writerId: writer,
    firstSequence: from + index,
    lastSequence: from + index,
    topic: topics.data('opcua', { publisherId: 'gateway-1', writerGroup: 's', dataSetWriter: `w${writer}` }),
    payload: Buffer.from(JSON.stringify({ writer, sequence: from + index })),
  }));

/** A backlog as an outage leaves it: the writers' messages in turn. */
async function fillBacklog(outbox: Outbox): Promise<number[]> {
  const writers: number[] = [];
  for (let index = 0; index < WRITERS; index += 1) writers.push(await outbox.writerId(`hall/line/${index}`));
  for (let from = 1; from <= BACKLOG; from += 50)
    await outbox.append(
      Array.from({ length: 50 }, (_, step) => writers.flatMap((writer) => messagesOf(writer, from + step, 1))).flat(),
    );
  return writers;
}

const numbersOf = (arrived: readonly { writer: number; sequence: number }[], writer: number): number[] =>
  arrived.filter((entry) => entry.writer === writer).map(({ sequence }) => sequence);

describe('a backlog drains', () => {
  for (const drain of ['oldest-first', 'live-first'] as const) {
    it(`${drain}, complete, once, and in order per writer while new messages come`, async () => {
      await using rig = await startRig();
      const writers = await fillBacklog(rig.outbox);
      const publisher = rig.publish(drain);
      for (let step = 1; step <= 20; step += 1) {
        await rig.outbox.append(writers.flatMap((writer) => messagesOf(writer, BACKLOG + step, 1)));
        publisher.wake();
      }
      const all = WRITERS * (BACKLOG + 20);
      await eventually('all messages', () => rig.arrived.length >= all);
      for (const writer of writers)
        expect(numbersOf(rig.arrived, writer)).toEqual(Array.from({ length: BACKLOG + 20 }, (_, index) => index + 1));
      expect(rig.arrived).toHaveLength(all);
    });
  }

  it('live-first brings a machine with little to catch up to its newest value long before the others, and starves none', async () => {
    await using rig = await startRig();
    const writers = await fillBacklog(rig.outbox);
    const quick = await rig.outbox.writerId('hall/line/quick');
    await rig.outbox.append(messagesOf(quick, 1, 3));
    rig.publish('live-first');
    await eventually('all messages', () => rig.arrived.length >= WRITERS * BACKLOG + 3);
    const placeOf = (writer: number): number => rig.arrived.findLastIndex((entry) => entry.writer === writer);
    expect(placeOf(quick)).toBeLessThan(100);
    const ends = writers.map(placeOf).sort((a, b) => a - b);
    // One after the other is up to date, instead of all at the very end.
    expect(ends[0]).toBeLessThan(rig.arrived.length / 2);
    const firstHalf = new Set(rig.arrived.slice(0, rig.arrived.length / 2).map(({ writer }) => writer));
    expect(firstHalf.size).toBeGreaterThan(2);
  });
});

describe('commits and resend requests', () => {
  it('are taken from the topic of the consumer they name only', async () => {
    await using rig = await startRig();
    const writer = await rig.outbox.writerId('a');
    await rig.outbox.append(messagesOf(writer, 1, 5));
    rig.publish('oldest-first');
    await eventually('all messages', () => rig.arrived.length === 5);
    const commit = (consumer: string, to: number) =>
      JSON.stringify({ consumer, at: Date.now(), writers: { [String(writer)]: to } });
    await rig.consumer.publishAsync(topics.commit('gateway-1', 'scoring'), commit('someone-else', 5), { qos: 1 });
    await rig.consumer.publishAsync(topics.commit('gateway-1', 'scoring'), commit('scoring', 2), { qos: 1 });
    await eventually('the commit', async () => (await rig.outbox.state()).depth === 3);
    expect((await rig.outbox.read(0, 10)).map(({ lastSequence }) => lastSequence)).toEqual([3, 4, 5]);
  });

  it('send again from the number that is asked for', async () => {
    for (const drain of ['oldest-first', 'live-first'] as const) {
      await using rig = await startRig();
      const [a, b] = [await rig.outbox.writerId('a'), await rig.outbox.writerId('b')];
      await rig.outbox.append([...messagesOf(a, 1, 5), ...messagesOf(b, 1, 5)]);
      rig.publish(drain);
      await eventually('all messages', () => rig.arrived.length === 10);
      const request = { consumer: 'scoring', at: Date.now(), writers: { [String(a)]: 5, [String(b)]: 3 } };
      await rig.consumer.publishAsync(topics.resend('gateway-1', 'scoring'), JSON.stringify(request), { qos: 1 });
      await eventually('the resend', () => rig.arrived.length === 12);
      expect(rig.arrived.slice(10)).toEqual([
        { writer: b, sequence: 4 },
        { writer: b, sequence: 5 },
      ]);
    }
  });
});
