import { connect, type MqttClient } from 'mqtt';
import { Compile } from 'typebox/compile';
import { Commit, ResendRequest } from '../../broker/contract/commit.ts';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError } from '../../broker/contract/error.ts';
import type { MqttClientSection } from '../../broker/contract/plant.ts';
import { topicFilters, topics } from '../../broker/contract/topic.ts';
import { pubSubState } from '../../broker/contract/status-message.ts';
import type { Outbox, OutboxRecord } from '../outbox/outbox.ts';

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
  /** Resolves when everything that was in the outbox is acknowledged, or the broker is away, or `timeoutMs` is over. */
  drain(timeoutMs: number): Promise<void>;
}

/** Records on their way to the broker without an acknowledgement. */
const IN_FLIGHT = 64;
const checkCommit = Compile(Commit);
const checkResend = Compile(ResendRequest);

/** Publishes the outbox in order, QoS 1; moves "sent" on PUBACK; hears commits and resend requests. Keeps trying for ever. */
export function startPublisher(options: {
  readonly mqtt: MqttClientSection;
  readonly publisherId: string;
  readonly outbox: Outbox;
  readonly sentId: number;
  readonly log: Logger;
  readonly now: () => number;
  readonly onState: (state: PublisherState) => void;
  /** Called after every connect: send the retained messages. */
  readonly onConnect: () => void;
}): Publisher {
  const { mqtt, publisherId, outbox, log, now } = options;
  let position = options.sentId;
  let sentTotal = 0;
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
    queueQoSZero: false,
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
    will: { topic: statusTopic, payload: Buffer.from(status(pubSubState.disabled)), qos: 1, retain: true },
  });

  client.setMaxListeners(IN_FLIGHT + 20);
  client.on('connect', () => {
    log.info({ broker: mqtt.url }, 'connected to broker');
    options.onState({ connected: true, problem: null });
    client.subscribe([topicFilters.commits(publisherId), topicFilters.resends(publisherId)], { qos: 1 });
    client.publish(statusTopic, status(pubSubState.operational), { qos: 1, retain: true });
    options.onConnect();
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
      if (checkCommit.Check(message)) await outbox.commit(message.consumer, message.writers);
      return;
    }
    if (!checkResend.Check(message)) return;
    const before = await outbox.positionBefore(message.writers);
    if (before < position) {
      log.info({ consumer: message.consumer, from: before, to: position }, 'resending on request');
      position = before;
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

  async function pump(): Promise<void> {
    while (woken && client.connected && !stopped) {
      woken = false;
      for (;;) {
        const begun = position;
        const records = await outbox.read(begun, IN_FLIGHT);
        const last = records.at(-1);
        if (last === undefined || !client.connected || stopped) break;
        try {
          await Promise.all(records.map((record) => publishRecord(client, record)));
        } catch (error) {
          // Without the acknowledgement they are sent again after the reconnect.
          log.debug({ err: describeError(error) }, 'batch was not acknowledged');
          return;
        }
        sentTotal += records.length;
        // A resend request may have moved the position back meanwhile.
        if (position === begun) position = last.id;
        await outbox.markSent(last.id);
      }
    }
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
      await running;
    },
  };
}

/** Resolves with the PUBACK; rejects when the connection ends before it. */
function publishRecord(client: MqttClient, { topic, payload }: OutboxRecord): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new Error('connection closed'));
    client.once('close', closed);
    client.publish(topic, payload, { qos: 1 }, (error) => {
      client.off('close', closed);
      if (error) reject(error);
      else resolve();
    });
  });
}
