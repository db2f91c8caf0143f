import { connect } from 'mqtt';
import { Compile } from 'typebox/compile';
import { Commit, ResendRequest } from '../../broker/contract/commit.ts';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import type { MqttClientSection } from '../../broker/contract/plant.ts';
import { topicFilters, topics } from '../../broker/contract/topic.ts';
import { pubSubState } from '../../broker/contract/status-message.ts';
import type { Outbox, OutboxRecord } from '../outbox/outbox.ts';
import { catchUp } from './catch-up.ts';

export type PublisherState = {
  readonly connected: boolean;
  readonly problem: { readonly code: string; readonly message: string; readonly remedy: string } | null;
};

export interface Publisher extends AsyncDisposable {
  readonly connected: boolean;
  /** Records acknowledged by the broker since the start. */
  readonly sentTotal: number;
  /** There is something new in the outbox. */
  wake(): void;
  /** Beside the outbox (metadata, health, events): dropped while the broker is away; retained ones are sent again on `onConnect`. */
  send(topic: string, payload: object, retain: boolean): void;
  /** Takes a retained message back. */
  withdraw(topic: string): void;
  /** Resolves when everything that was in the outbox is acknowledged, or the broker is away, or `timeoutMs` is over. */
  drain(timeoutMs: number): Promise<void>;
}

/** Records on their way to the broker without an acknowledgement. */
const IN_FLIGHT = 64;
/** A broker that no longer answers is noticed within one and a half of these, seconds. */
const KEEP_ALIVE_S = 10;
/** The sent position goes to disk this often; what was sent after it is sent again after a crash, and recognised as such. */
const MARK_INTERVAL_MS = 250;
const checkCommit = Compile(Commit);
const checkResend = Compile(ResendRequest);

/** Publishes the outbox in order, QoS 1; moves "sent" on PUBACK; hears commits and resend requests. Keeps trying for ever. */
export function startPublisher(options: {
  readonly mqtt: MqttClientSection;
  readonly publisherId: string;
  readonly outbox: Outbox;
  readonly sentId: number;
  /** After an outage: in order of the log, or machine by machine with the least behind first. Order per writer is kept in both. */
  readonly drain?: 'oldest-first' | 'live-first';
  readonly log: Logger;
  readonly now: () => number;
  readonly onState: (state: PublisherState) => void;
  /** Called after every connect: send the retained messages. */
  readonly onConnect: () => void;
  /** Told how long each record took from the call of publish to its PUBACK, in seconds. */
  readonly onAcknowledged?: (seconds: number) => void;
}): Publisher {
  const { mqtt, publisherId, outbox, log, now } = options;
  let position = options.sentId;
  let sentTotal = 0;
  /** A resend request has moved the position back. */
  let rewound = false;
  /** There may be a backlog: after a connect or a rewind. */
  let behind = true;
  let markedAt = 0;
  const abandons = new Set<() => void>();
  let running: Promise<void> | null = null;
  let woken = false;
  let stopped = false;
  const status = (state: number): string =>
    JSON.stringify({
      MessageId: `${publisherId}-${now()}`,
      MessageType: 'ua-status',
      PublisherId: publisherId,
      Timestamp: new Date(now()).toISOString(),
      IsCyclic: false,
      Status: state,
    });
  const statusTopic = topics.status(mqtt.topicPrefix, publisherId);
  const client = connect(mqtt.url, {
    clientId: `gateway-${publisherId}`,
    clean: true,
    reconnectPeriod: 1000,
    connectTimeout: 5000,
    keepalive: KEEP_ALIVE_S,
    queueQoSZero: false,
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
    will: { topic: statusTopic, payload: Buffer.from(status(pubSubState.disabled)), qos: 1, retain: true },
  });

  client.on('connect', () => {
    log.info({ broker: mqtt.url }, 'connected to broker');
    options.onState({ connected: true, problem: null });
    client.subscribe([topicFilters.commits(publisherId), topicFilters.resends(publisherId)], { qos: 1 });
    client.publish(statusTopic, status(pubSubState.operational), { qos: 1, retain: true });
    options.onConnect();
    behind = true;
    wake();
  });
  client.on('close', () => {
    if (stopped) return;
    options.onState({
      connected: false,
      problem: {
        code: 'BROKER_UNREACHABLE',
        message: `connection to broker ${mqtt.url} is closed`,
        remedy: 'the outbox keeps everything; check that the broker runs',
      },
    });
  });
  client.on('error', (error) => {
    const code = 'code' in error ? error.code : undefined;
    options.onState({
      connected: false,
      problem:
        code === 4 || code === 5
          ? {
              code: 'BROKER_REFUSED',
              message: `broker ${mqtt.url} refused user "${mqtt.username ?? ''}": wrong user name or password`,
              remedy: 'set gateway.mqtt.username and password to what the broker knows',
            }
          : {
              code: 'BROKER_UNREACHABLE',
              message: `broker ${mqtt.url} cannot be reached: ${error.message}`,
              remedy: 'check that the broker runs and gateway.mqtt.url is right; the outbox keeps everything',
            },
    });
  });
  client.on('message', (topic, payload) => {
    void hear(topic, payload).catch((error: unknown) =>
      log.warn({ topic, err: describeError(error) }, 'commit or resend request could not be used'),
    );
  });

  async function hear(topic: string, payload: Buffer): Promise<void> {
    if (payload.length === 0 || payload.length > 1_048_576) return;
    const message: unknown = JSON.parse(payload.toString('utf8'));
    if (topic.startsWith('joulegate/commit/')) {
      // The broker lets a principal publish under its own name only, so the topic says who commits.
      if (checkCommit.Check(message) && topic === topics.commit(publisherId, message.consumer))
        await outbox.commit(message.consumer, message.writers);
      return;
    }
    if (!checkResend.Check(message) || topic !== topics.resend(publisherId, message.consumer)) return;
    const before = await outbox.positionBefore(message.writers);
    if (before < position) {
      log.info({ consumer: message.consumer, from: before, to: position }, 'resending on request');
      position = before;
      rewound = true;
      behind = true;
    }
    wake();
  }

  function wake(): void {
    woken = true;
    running ??= pump().finally(() => {
      running = null;
      if (woken && client.connected && !stopped) wake();
    });
  }

  /**
   * Keeps up to IN_FLIGHT records on their way, in order of the log. The position moves to the newest record with nothing
   * unacknowledged before it; a lost connection ends the round, and the next one begins at the position.
   */
  async function pump(): Promise<void> {
    while (woken && client.connected && !stopped) {
      woken = false;
      const catchesUp = behind && options.drain === 'live-first';
      behind = false;
      if (catchesUp) await sendLiveFirst();
      let next = position;
      const flights = createFlights((id) => acknowledge(id));
      for (;;) {
        if (rewound) {
          rewound = false;
          next = position;
          if (options.drain === 'live-first') break;
        }
        const records = flights.failed || !client.connected || stopped ? [] : await outbox.read(next, IN_FLIGHT);
        for (const record of records) {
          await flights.room();
          if (flights.failed || rewound) break;
          next = record.id;
          flights.add(record);
        }
        if (records.length > 0) continue;
        await flights.landed();
        if (!rewound) break;
      }
      await flights.landed();
      await outbox.markSent(position);
    }
  }

  /** The position stays until all of the backlog is acknowledged; after a crash on the way it is sent again. */
  async function sendLiveFirst(): Promise<void> {
    rewound = false;
    const flights = createFlights(() => undefined);
    const { upTo } = await catchUp({
      outbox,
      from: position,
      send: async (record) => {
        await flights.room();
        flights.add(record);
      },
      mayGoOn: () => client.connected && !flights.failed && !rewound && !stopped,
      now: () => performance.now(),
    });
    await flights.landed();
    if (upTo !== null && !flights.failed && !rewound && upTo > position) position = upTo;
    else {
      behind = true;
      woken = true;
    }
  }

  /** Records under way. `onOldest` is told the newest id with nothing unacknowledged before it. */
  function createFlights(onOldest: (id: number) => void) {
    const flying = new Set<Promise<void>>();
    const unacknowledged = new Set<number>();
    let failed = false;
    return {
      get failed() {
        return failed;
      },
      room: async (): Promise<void> => {
        while (flying.size >= IN_FLIGHT) await Promise.race(flying);
      },
      landed: async (): Promise<void> => {
        await Promise.all(flying);
      },
      add: (record: OutboxRecord): void => {
        unacknowledged.add(record.id);
        const begun = performance.now();
        const flight: Promise<void> = publishRecord(record).then(
          () => {
            options.onAcknowledged?.((performance.now() - begun) / 1000);
            flying.delete(flight);
            unacknowledged.delete(record.id);
            sentTotal += 1;
            const oldest = unacknowledged.values().next().value;
            onOldest(oldest === undefined ? record.id : oldest - 1);
          },
          (error: unknown) => {
            flying.delete(flight);
            failed = true;
            log.debug({ err: describeError(error) }, 'a record was not acknowledged');
          },
        );
        flying.add(flight);
      },
    };
  }

  /** Resolves with the PUBACK, after a reconnect too: the library sends what was not acknowledged again. Rejects at stop. */
  function publishRecord({ topic, payload }: OutboxRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new Error('the publisher has stopped'));
      abandons.add(giveUp);
      client.publish(topic, asBuffer(payload), { qos: 1 }, (error) => {
        abandons.delete(giveUp);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  function acknowledge(id: number): void {
    if (rewound || id <= position) return;
    position = id;
    if (now() - markedAt < MARK_INTERVAL_MS) return;
    markedAt = now();
    void outbox
      .markSent(position)
      .catch((error: unknown) => log.warn({ err: describeError(error) }, 'sent position was not kept'));
  }

  return {
    get connected() {
      return client.connected;
    },
    get sentTotal() {
      return sentTotal;
    },
    wake,
    send: (topic, payload, retain) => {
      if (client.connected) client.publish(topic, JSON.stringify(payload), { qos: 1, retain });
    },
    withdraw: (topic) => {
      if (client.connected) client.publish(topic, '', { qos: 1, retain: true });
    },
    drain: async (timeoutMs) => {
      wake();
      const timer = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([running ?? Promise.resolve(), timer]);
    },
    [Symbol.asyncDispose]: async () => {
      if (stopped) return;
      stopped = true;
      if (client.connected) {
        await Promise.race([
          client
            .publishAsync(statusTopic, status(pubSubState.disabled), { qos: 1, retain: true })
            .catch(() => undefined),
          new Promise((resolve) => setTimeout(resolve, 500).unref()),
        ]);
      }
      client.end(true);
      for (const giveUp of abandons) giveUp();
      await running;
    },
  };
}

function asBuffer(payload: Uint8Array): Buffer {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
