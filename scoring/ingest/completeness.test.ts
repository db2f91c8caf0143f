import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from 'mqtt';
import { describe, expect, it } from 'vitest';
import type { Commit, ResendRequest } from '../../broker/contract/commit.ts';
import type { DataNetworkMessage } from '../../broker/contract/data-message.ts';
import { tagToProperties, type MetadataMessage } from '../../broker/contract/metadata-message.ts';
import { topicFilters, topics } from '../../broker/contract/topic.ts';
import { ensureUsers, startBroker, type BrokerService } from '../../broker/main.ts';
import { loadReportFont } from '../../seeds/load-font.ts';
import { accountRules } from '../../deploy/account-rules.ts';
import { freePort } from '../../tests/support/free-port.ts';
import { eventually, recordingLog, temporaryFolder } from '../../tests/support/stack.ts';
import { startScoring, type ScoringService } from '../main.ts';
import { startReader } from './reader.ts';
import { ReceiveWindow } from './receive-window.ts';
import { MessageStream } from './stream.ts';

const PUBLISHER = 'gateway-1';
const PRESS = { path: 'hall/line/press', site: 'pudong', enterprise: 'acme' };
const address = { publisherId: PUBLISHER, writerGroup: 'plc', dataSetWriter: PRESS.path };
const START = Date.UTC(2026, 10, 23, 8);

const metadata: MetadataMessage = {
  MessageId: 'm',
  MessageType: 'ua-metadata',
  PublisherId: PUBLISHER,
  DataSetWriterId: 1,
  DataSetWriterName: PRESS.path,
  WriterGroupName: 'plc',
  Timestamp: new Date(START).toISOString(),
  MetaData: {
    Name: PRESS.path,
    Fields: [
      {
        Name: 'temperature',
        BuiltInType: 11,
        ValueRank: -1,
        Properties: tagToProperties({ name: 'temperature', role: 'process' }, PRESS, undefined),
      },
    ],
    ConfigurationVersion: { MajorVersion: 1, MinorVersion: 0 },
  },
};

const data = (sequence: number, publisher = PUBLISHER): DataNetworkMessage => ({
  MessageId: `m-${sequence}`,
  MessageType: 'ua-data',
  PublisherId: publisher,
  Messages: [
    {
      DataSetWriterId: 1,
      SequenceNumber: sequence,
      Timestamp: new Date(START + sequence * 1000).toISOString(),
      MessageType: 'ua-deltaframe',
      Payload: { temperature: { Value: sequence } },
    },
  ],
});

/** A real broker that can be killed and come back without memory, scoring, and a client that speaks as the gateway does. */
async function startRig() {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const log = recordingLog();
  const deps = (name: string) => ({ log, now: Date.now, dataDir: join(folder.path, name), version: 'test' });
  const users = await ensureUsers(deps('broker').dataDir, [
    { username: PUBLISHER, role: 'gateway' },
    { username: 'scoring', role: 'scoring' },
  ]);
  const login = (name: string) => users.find(({ username }) => username === name) ?? { username: name, password: '' };
  const port = await freePort();
  const openBroker = (): Promise<BrokerService> =>
    startBroker({ id: 'broker-1', host: '127.0.0.1', port }, deps('broker'));
  let broker = await openBroker();
  opening.defer(() => broker[Symbol.asyncDispose]());
  const commits: number[] = [];
  const resends: Readonly<Record<string, number>>[] = [];
  const gateway = connect(broker.url, { ...login(PUBLISHER), clientId: `gateway-${PUBLISHER}`, reconnectPeriod: 100 });
  opening.defer(() => gateway.endAsync(true));
  gateway.on('error', () => undefined);
  gateway.on('message', (topic, payload) => {
    if (payload.length === 0) return;
    const message = JSON.parse(payload.toString()) as Commit | ResendRequest;
    if (topic.startsWith('joulegate/commit/')) commits.push(message.writers['1'] ?? 0);
    else resends.push(message.writers);
  });
  await new Promise<void>((resolve) => gateway.once('connect', () => resolve()));
  await gateway.subscribeAsync([topicFilters.commits(PUBLISHER), topicFilters.resends(PUBLISHER)], { qos: 1 });
  const openScoring = async (): Promise<ScoringService> =>
    startScoring(
      {
        plant: { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' },
        scoring: {
          id: 'scoring',
          mqtt: { url: broker.url, topicPrefix: 'opcua', ...login('scoring') },
          api: { host: '127.0.0.1', port: 0, openLoopback: false },
          maxGap: '5m',
          lateness: '2m',
          targets: [],
        },
        consoleDir: null,
      },
      {
        ...deps('scoring'),
        apiToken: 'test-token-0123456789abcdef',
        founding: new Map(),
        accounts: await accountRules(undefined, 'Asia/Shanghai', 'plant.yaml'),
        reportFont: loadReportFont,
      },
    );
  const resources = opening.move();
  const publishAll = async (messages: readonly DataNetworkMessage[]): Promise<void> => {
    await gateway.publishAsync(topics.metadata('opcua', address), JSON.stringify(metadata), { qos: 1, retain: true });
    for (const message of messages)
      await gateway.publishAsync(topics.data('opcua', address), JSON.stringify(message), { qos: 1 });
  };
  /** Sends until scoring, which may still be subscribing, has committed the last of them. */
  const deliver = async (messages: readonly DataNetworkMessage[]): Promise<void> => {
    const last = messages.at(-1)?.Messages[0]?.SequenceNumber;
    await eventually('the commit', async () => {
      if (commits.at(-1) !== last) await publishAll(messages);
      return commits.at(-1) === last;
    });
  };
  return {
    deliver,
    commits,
    resends,
    login,
    log,
    gateway,
    openScoring,
    publishAll,
    url: broker.url,
    /** What the store says it holds of the writer. */
    stored: () => readStored(join(folder.path, 'scoring', 'joulegate.db')),
    restartBroker: async () => {
      await broker[Symbol.asyncDispose]();
      broker = await openBroker();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function readStored(file: string): { readonly sequence: number; readonly values: number; readonly sum: number } {
  if (!existsSync(file)) return { sequence: 0, values: 0, sum: 0 };
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    const read = (name: string): string =>
      String(database.prepare('SELECT body FROM checkpoint WHERE name = ?').get(name)?.['body'] ?? '0');
    const { values, sum } = JSON.parse(read(`receipt/${PUBLISHER}/1`)) as { values?: number; sum?: number };
    return { sequence: Number(read(`stream/${PUBLISHER}/1`)), values: values ?? 0, sum: sum ?? 0 };
  } finally {
    database.close();
  }
}

const sequences = (from: number, to: number): DataNetworkMessage[] =>
  Array.from({ length: to - from + 1 }, (_, index) => data(from + index));

describe('what scoring tells the gateway', () => {
  it('is a commit of what the store has, each value counted once though it came twice', async () => {
    await using rig = await startRig();
    await using _scoring = await rig.openScoring();
    await rig.deliver([...sequences(1, 20), ...sequences(5, 20)]);
    expect(rig.stored()).toEqual({ sequence: 20, values: 20, sum: 210 });
    expect(rig.commits).toEqual([...rig.commits].sort((a, b) => a - b));
  });

  it('after a restart of its own is from where to send again, without anything new having to come first', async () => {
    await using rig = await startRig();
    const first = await rig.openScoring();
    await rig.deliver(sequences(1, 8));
    await first[Symbol.asyncDispose]();
    rig.resends.length = 0;
    await using _again = await rig.openScoring();
    await eventually('the request', () => rig.resends.some((writers) => writers['1'] === 8));
    await rig.publishAll(sequences(6, 10));
    await eventually('the rest', () => rig.stored().sequence === 10);
    expect(rig.stored()).toEqual({ sequence: 10, values: 10, sum: 55 });
  });

  it('after a broker came back without what it had for us is the same', async () => {
    await using rig = await startRig();
    await using _scoring = await rig.openScoring();
    await rig.deliver(sequences(1, 3));
    rig.resends.length = 0;
    const back = new Promise<void>((resolve) => rig.gateway.once('connect', () => resolve()));
    await rig.restartBroker();
    await back;
    await rig.gateway.subscribeAsync([topicFilters.commits(PUBLISHER), topicFilters.resends(PUBLISHER)], { qos: 1 });
    // The request may have gone out before the gateway was back; the gap that shows next asks once more.
    await rig.publishAll([data(5)]);
    await eventually('the request', () => rig.resends.some((writers) => writers['1'] === 3));
    await rig.publishAll(sequences(4, 6));
    await eventually('the rest', () => rig.stored().sequence === 6);
    expect(rig.stored().values).toBe(6);
  });
});

describe('the receive window', () => {
  it('holds back the broker while the store takes nothing, and loses nothing when it does again', async () => {
    await using rig = await startRig();
    let received = 0;
    let full = 0;
    const window = new ReceiveWindow(10, () => {
      full += 1;
    });
    await using reader = startReader({
      mqtt: { url: rig.url, topicPrefix: 'opcua', ...rig.login('scoring') },
      consumer: 'scoring',
      log: rig.log,
      handlers: {
        onMetadata: () => undefined,
        onHealth: () => undefined,
        onEvent: () => undefined,
        onRefused: () => undefined,
        onConnection: () => undefined,
        onData: () => {
          received += 1;
          window.take(1);
        },
        room: () => window.room(),
      },
    });
    await eventually('the reader', () => reader.connected);
    await eventually('a first message', async () => {
      await rig.publishAll([data(1)]);
      return received > 0;
    });
    await rig.publishAll(sequences(2, 40));
    await eventually('a full window', () => full > 0);
    expect(received).toBe(10);
    while (received < 40) {
      window.stored(window.taken);
      const before = received;
      await eventually('more', () => received > before || received >= 40);
    }
    expect(window.open).toBeLessThanOrEqual(10);
  });
});

describe('a gap', () => {
  it('is told with the equipment it is in, once nothing can fill it, and is counted', () => {
    let now = 0;
    const losses: { equipment: string; lost: number }[] = [];
    const stream = new MessageStream(
      {
        describe: () => 0,
        sample: () => undefined,
        keepAlive: () => undefined,
        isHolding: () => false,
        onRefusedField: () => undefined,
        onLoss: ({ equipment, lost }) => void losses.push({ equipment, lost }),
        onGap: () => undefined,
      },
      () => now,
    );
    stream.metadata(metadata);
    stream.data(data(1));
    for (const sequence of [5, 6]) stream.data(data(sequence));
    now = 60_000;
    stream.data(data(5));
    expect(losses).toEqual([{ equipment: PRESS.path, lost: 3 }]);
    expect({ gaps: stream.gaps, lost: stream.lost }).toEqual({ gaps: 1, lost: 3 });
  });
});

describe('a gateway that speaks for another', () => {
  it('is refused by its topic, so that it cannot move the sequence of the other', async () => {
    await using rig = await startRig();
    const refused: string[] = [];
    let received = 0;
    await using reader = startReader({
      mqtt: { url: rig.url, topicPrefix: 'opcua', ...rig.login('scoring') },
      consumer: 'scoring',
      log: rig.log,
      handlers: {
        onMetadata: () => undefined,
        onHealth: () => undefined,
        onEvent: () => undefined,
        onConnection: () => undefined,
        onRefused: ({ reason }) => void refused.push(reason),
        onData: () => {
          received += 1;
        },
      },
    });
    await eventually('the reader', () => reader.connected);
    await eventually('the refusal', async () => {
      await rig.publishAll([data(1, 'gateway-2')]);
      return refused.length > 0;
    });
    expect(refused[0]).toContain('gateway-2');
    expect(received).toBe(0);
  });
});
