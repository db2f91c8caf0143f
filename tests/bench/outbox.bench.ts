/**
 * `npm run bench:outbox [-- --queued 1000000]`: what the outbox takes with an fsync per commit, how long a long queue needs to
 * be there again, and how fast it drains while live traffic goes on. Beside it a plain file that is appended to and synced,
 * which is the most this disk can do. Prints a table and a JSON line.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from 'mqtt';
import { ensureUsers, startBroker } from '../../broker/main.ts';
import { topicFilters } from '../../broker/contract/topic.ts';
import type { OutboxMessage } from '../../gateway/outbox/outbox.ts';
import { SqliteOutbox } from '../../gateway/outbox/sqlite-outbox.ts';
import { startPublisher } from '../../gateway/publish/publisher.ts';
import { printTable } from '../faults/print-table.ts';
import { eventually, recordingLog, temporaryFolder } from '../support/stack.ts';

const { values } = parseArgs({
  options: { queued: { type: 'string', default: '1000000' }, drained: { type: 'string', default: '200000' } },
});
const QUEUED = Number(values.queued);
const DRAINED = Number(values.drained);
const PAYLOAD = 300;
/** First byte of a live payload. */
const LIVE_MARK = 'L'.charCodeAt(0);
const ROUNDS = 3;
const SECONDS = 1.5;
const LIVE_EVERY_MS = 10;
const limits = { maxBytes: 4096 * 1_048_576, requiredConsumers: ['scoring'] };

type Row = {
  readonly figure: string;
  readonly outbox: number;
  readonly limit: number | null;
  readonly unit: string;
  readonly note: string;
};
const rows: Row[] = [];
const text = Buffer.from('{"MessageType":"ua-data"}'.padEnd(PAYLOAD, '.'));

await using folder = await temporaryFolder();
for (const group of [1, 10, 100]) {
  const [ours, raw]: [number[], number[]] = [[], []];
  // In turn, so that a slow moment of the disk hits both.
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await appendRate(group, `append-${group}-${round}.db`));
    raw.push(rawRate(group, `raw-${group}-${round}.log`));
  }
  rows.push({
    figure: `append, ${group} per commit`,
    outbox: median(ours),
    limit: median(raw),
    unit: 'messages/s',
    note: `fsync per commit, ${PAYLOAD} B, median of ${ROUNDS}`,
  });
}
await measureRecovery();
for (const drain of ['oldest-first', 'live-first'] as const) await measureDrain(drain);

printTable(
  ['figure', 'outbox', 'raw file', 'outbox / raw', 'unit', 'how'],
  rows.map(({ figure, outbox, limit, unit, note }) => [
    figure,
    show(outbox),
    limit === null ? '-' : show(limit),
    limit === null ? '-' : (outbox / limit).toFixed(2),
    unit,
    note,
  ]),
);
console.log(JSON.stringify({ benchmark: 'outbox', queued: QUEUED, drained: DRAINED, rows }));
process.exit(0);

async function appendRate(group: number, name: string): Promise<number> {
  await using outbox = await SqliteOutbox.open(join(folder.path, name), limits);
  const writer = await outbox.writerId('hall/line/machine');
  let sequence = 0;
  const begun = performance.now();
  while (performance.now() - begun < SECONDS * 1000) {
    await outbox.append(messages(writer, sequence + 1, group));
    sequence += group;
  }
  return (sequence / (performance.now() - begun)) * 1000;
}

/** The limit: the same bytes behind one another in a file, synced as often. */
function rawRate(group: number, name: string): number {
  const descriptor = openSync(join(folder.path, name), 'w');
  const bytes = Buffer.concat(Array.from({ length: group }, () => text));
  let count = 0;
  const begun = performance.now();
  while (performance.now() - begun < SECONDS * 1000) {
    writeSync(descriptor, bytes);
    fdatasyncSync(descriptor);
    count += group;
  }
  const rate = (count / (performance.now() - begun)) * 1000;
  closeSync(descriptor);
  return rate;
}

async function measureRecovery(): Promise<void> {
  const file = join(folder.path, 'recovery.db');
  {
    await using outbox = await SqliteOutbox.open(file, limits);
    const writer = await outbox.writerId('hall/line/machine');
    for (let sequence = 1; sequence <= QUEUED; sequence += 1000)
      await outbox.append(messages(writer, sequence, Math.min(1000, QUEUED - sequence + 1)));
  }
  const begun = performance.now();
  await using outbox = await SqliteOutbox.open(file, limits);
  const opened = performance.now() - begun;
  const [first] = await outbox.read(0, 64);
  const { depth } = await outbox.state();
  if (depth !== QUEUED || first?.lastSequence !== 1) throw new Error(`recovered ${depth} of ${QUEUED} messages`);
  rows.push({
    figure: `recovery of ${QUEUED.toLocaleString('en')} queued messages`,
    outbox: opened,
    limit: null,
    unit: 'ms',
    note: `open with a check of the whole file; first records read after ${(performance.now() - begun).toFixed(0)} ms`,
  });
}

/** Outbox → publisher → our broker → a reader, with live messages every 10 ms; each live message carries its time. */
async function measureDrain(drain: 'oldest-first' | 'live-first'): Promise<void> {
  await using opening = new AsyncDisposableStack();
  const log = recordingLog();
  const deps = (name: string) => ({ log, now: Date.now, dataDir: join(folder.path, drain, name), version: 'bench' });
  const users = await ensureUsers(deps('broker').dataDir, [
    { username: 'gateway-1', role: 'gateway' },
    { username: 'scoring', role: 'scoring' },
  ]);
  const login = (name: string) => users.find(({ username }) => username === name) ?? { username: name, password: '' };
  const broker = opening.use(await startBroker({ id: 'broker-1', host: '127.0.0.1', port: 0 }, deps('broker')));
  const outbox = opening.use(await SqliteOutbox.open(join(folder.path, drain, 'outbox.db'), limits));
  const writers: number[] = [];
  for (let index = 0; index < 20; index += 1) writers.push(await outbox.writerId(`hall/line/${index}`));
  const perWriter = DRAINED / writers.length;
  for (let from = 1; from <= perWriter; from += 50)
    await outbox.append(writers.flatMap((writer) => messages(writer, from, Math.min(50, perWriter - from + 1))));
  const fresh = await outbox.writerId('hall/line/fresh');
  let received = 0;
  const ages: number[] = [];
  const reader = connect(broker.url, { ...login('scoring'), clientId: 'scoring-bench' });
  opening.defer(() => reader.endAsync(true));
  reader.on('message', (_topic, payload) => {
    received += 1;
    if (payload[0] === LIVE_MARK) ages.push(Date.now() - Number(payload.toString('utf8', 1)));
  });
  await new Promise<void>((resolve) => reader.once('connect', () => resolve()));
  await reader.subscribeAsync(topicFilters.data('opcua'), { qos: 1 });
  const begun = performance.now();
  const publisher = opening.use(
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
  let live = 0;
  const timer = setInterval(() => {
    live += 1;
    const payload = Buffer.from(`L${Date.now()}`);
    const message = { ...(messages(fresh, live, 1)[0] as OutboxMessage), payload };
    void outbox.append([message]).then(() => publisher.wake());
  }, LIVE_EVERY_MS);
  await eventually('the backlog', () => received - ages.length >= DRAINED, 300_000);
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(timer);
  await eventually('the live messages', () => ages.length >= live, 60_000);
  ages.sort((a, b) => a - b);
  const at = (share: number): string => show(ages[Math.floor(ages.length * share)] ?? 0);
  rows.push({
    figure: `drain ${drain}, live traffic on`,
    outbox: DRAINED / seconds,
    limit: null,
    unit: 'messages/s',
    note: `${DRAINED.toLocaleString('en')} queued of 20 machines to a reader behind our broker; a live value of another machine waits p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  });
}

function messages(writerId: number, from: number, count: number): OutboxMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    writerId,
    firstSequence: from + index,
    lastSequence: from + index,
    topic: `opcua/json/data/gateway-1/s/w${writerId}`,
    payload: text,
  }));
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}

function show(figure: number): string {
  return Math.round(figure).toLocaleString('en');
}
