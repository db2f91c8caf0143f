import { setTimeout as wait } from 'node:timers/promises';
import mqttPacket from 'mqtt-packet';
import { openLoadClient, type LoadClient } from './load-client.ts';
import { BENCH_PASSWORD, BENCH_USER, type Contender } from './contenders.ts';

export type LoadCase = {
  readonly qos: 0 | 1;
  readonly bytes: number;
  readonly publishers: number;
  readonly subscribers: number;
  /** Subscribers keep their session, so that what they miss is queued. */
  readonly kept: boolean;
};

/** Messages published and not yet seen by every subscriber; a closed loop, so that no broker has to drop any. */
const WINDOW = 1000;
const WARM_UP_MS = 300;

const as = (clientId: string) => ({ username: BENCH_USER, password: BENCH_PASSWORD, clientId });

/** Deliveries per second over `durationMs`. */
export async function measureRate({ port }: Contender, load: LoadCase, durationMs: number): Promise<number> {
  const { qos, bytes, publishers, subscribers, kept } = load;
  let sent = 0;
  let delivered = 0;
  let publishing = true;
  const clients: LoadClient[] = [];
  const writers: { readonly client: LoadClient; readonly packet: (id: number) => Buffer; id: number }[] = [];
  let next = 0;
  const window = bytes > 4096 ? 200 : WINDOW;
  const feed = (): void => {
    if (!publishing) return;
    const free = window - (sent - Math.floor(delivered / subscribers));
    if (free < window / 4 && sent > 0) return;
    const perWriter = Math.floor(free / publishers);
    for (let count = 0; count < publishers && perWriter > 0; count += 1) {
      const writer = writers[(next = (next + 1) % writers.length)];
      if (writer === undefined) return;
      const packets: Buffer[] = [];
      for (let index = 0; index < perWriter; index += 1) {
        writer.id = (writer.id % 65_000) + 1;
        packets.push(writer.packet(writer.id));
      }
      writer.client.publish(Buffer.concat(packets));
      sent += perWriter;
    }
  };
  for (let index = 0; index < subscribers; index += 1) {
    clients.push(
      await openLoadClient({
        port,
        ...as(`sub-${index}`),
        clean: !kept,
        subscribe: { filter: 'bench/#', qos },
        handlers: {
          onPublish: () => {
            delivered += 1;
            feed();
          },
        },
      }),
    );
  }
  for (let index = 0; index < publishers; index += 1) {
    const client = await openLoadClient({ port, ...as(`pub-${index}`) });
    clients.push(client);
    const template = mqttPacket.generate({
      cmd: 'publish',
      topic: `bench/line-${index}/machine`,
      payload: Buffer.alloc(bytes, 0x61),
      qos,
      messageId: 1,
      retain: false,
      dup: false,
    });
    const idAt = template.length - bytes - 2;
    const packet = (id: number): Buffer => {
      if (qos === 0) return template;
      const copy = Buffer.from(template);
      copy.writeUInt16BE(id, idAt);
      return copy;
    };
    writers.push({ client, packet, id: 0 });
  }
  feed();
  await wait(WARM_UP_MS);
  const before = delivered;
  const from = performance.now();
  await wait(durationMs);
  const rate = ((delivered - before) / (performance.now() - from)) * 1000;
  publishing = false;
  for (let idle = 0, last = -1; delivered < sent * subscribers && idle < 40; idle = delivered === last ? idle + 1 : 0) {
    last = delivered;
    await wait(25);
  }
  for (const client of clients) client.close();
  if (delivered < sent * subscribers) throw new Error(`${sent * subscribers - delivered} messages did not arrive`);
  if (kept) await endSessions(port, subscribers);
  return rate;
}

async function endSessions(port: number, subscribers: number): Promise<void> {
  for (let index = 0; index < subscribers; index += 1) (await openLoadClient({ port, ...as(`sub-${index}`) })).close();
}

/** p50 and p99 in ms from send to receipt at a fixed rate of QoS 1 messages of 200 B. */
export async function measureLatency(
  { port }: Contender,
  perSecond: number,
  durationMs: number,
): Promise<{ readonly p50: number; readonly p99: number }> {
  const samples: number[] = [];
  const subscriber = await openLoadClient({
    port,
    ...as('latency-sub'),
    subscribe: { filter: 'bench/#', qos: 1 },
    handlers: { onPublish: (payload) => samples.push(performance.now() - payload.readDoubleBE(0)) },
  });
  const publisher = await openLoadClient({ port, ...as('latency-pub') });
  const payload = Buffer.alloc(200, 0x61);
  const from = performance.now();
  let sent = 0;
  while (performance.now() - from < durationMs) {
    const due = Math.floor(((performance.now() - from) / 1000) * perSecond);
    for (; sent < due; sent += 1) {
      payload.writeDoubleBE(performance.now(), 0);
      publisher.publish(
        mqttPacket.generate({
          cmd: 'publish',
          topic: 'bench/latency',
          payload,
          qos: 1,
          messageId: (sent % 65_000) + 1,
          retain: false,
          dup: false,
        }),
      );
    }
    await wait(1);
  }
  await wait(200);
  subscriber.close();
  publisher.close();
  const sorted = samples.slice(Math.floor(samples.length / 5)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Resident memory in MB with that many clients that are connected and subscribed and say nothing. */
export async function measureIdle(contender: Contender, count: number): Promise<number> {
  const clients: LoadClient[] = [];
  for (let index = 0; index < count; index += 50) {
    clients.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(50, count - index) }, (_, offset) =>
          openLoadClient({
            port: contender.port,
            ...as(`idle-${index + offset}`),
            subscribe: { filter: `bench/idle/${index + offset}`, qos: 1 },
          }),
        ),
      )),
    );
  }
  await wait(2000);
  const mb = contender.residentMb();
  for (const client of clients) client.close();
  return mb;
}
