import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { Compile } from 'typebox/compile';
import { DataNetworkMessage } from '../../broker/contract/data-message.ts';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import { SystemEvent } from '../../broker/contract/event.ts';
import { ServiceHealth } from '../../broker/contract/health.ts';
import { MetadataMessage } from '../../broker/contract/metadata-message.ts';
import type { MqttClientSection } from '../../broker/contract/plant.ts';
import { topicFilters, topicLevel, topics } from '../../broker/contract/topic.ts';

/** What arrives from the broker, validated. Handlers must not throw; they are called one after the other. */
export type ReaderHandlers = {
  /** null when the next message can be taken, otherwise resolves when it can; until then the broker gets no acknowledgement. */
  readonly room?: () => Promise<void> | null;
  readonly onMetadata: (message: MetadataMessage) => void;
  readonly onData: (message: DataNetworkMessage) => void;
  readonly onHealth: (health: ServiceHealth) => void;
  readonly onEvent: (event: SystemEvent) => void;
  /** A payload that fits no schema: kept out, counted, named. */
  readonly onRefused: (refusal: { readonly topic: string; readonly reason: string; readonly sample: string }) => void;
  readonly onConnection: (state: {
    readonly connected: boolean;
    readonly problem: { readonly message: string; readonly remedy: string } | null;
  }) => void;
};

export interface Reader extends AsyncDisposable {
  readonly connected: boolean;
  /** Retained or not, QoS 1; resolves with the broker's acknowledgement. @throws JoulegateError BROKER_UNREACHABLE. */
  publish(topic: string, payload: object, retain: boolean): Promise<void>;
  /** Asks a gateway to send again what follows these sequence numbers. */
  requestResend(publisherId: string, writers: Readonly<Record<string, number>>, at: number): void;
}

const checks = {
  data: Compile(DataNetworkMessage),
  metadata: Compile(MetadataMessage),
  health: Compile(ServiceHealth),
  event: Compile(SystemEvent),
} as const;

const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const STOP_TIMEOUT_MS = 1000;
/** A broker that no longer answers is noticed within one and a half of these, seconds. */
const KEEP_ALIVE_S = 10;

/** Subscribes to everything gateways and broker publish. Starts also when the broker is away and keeps trying. */
export function startReader(options: {
  readonly mqtt: MqttClientSection;
  readonly consumer: string;
  readonly log: Logger;
  readonly handlers: ReaderHandlers;
}): Reader {
  const { mqtt, consumer, log, handlers } = options;
  const client = connect(mqtt.url, {
    clientId: `${consumer}-${Math.random().toString(36).slice(2, 10)}`,
    clean: true,
    reconnectPeriod: 1000,
    connectTimeout: 5000,
    keepalive: KEEP_ALIVE_S,
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
  });
  // Handled one by one before the PUBACK leaves, so that a slow scorer slows the broker down instead of growing.
  client.handleMessage = (packet: IPublishPacket, done: (error?: Error) => void) => {
    try {
      dispatch(packet, mqtt.topicPrefix, handlers);
    } catch (error) {
      log.error({ topic: packet.topic, err: describeError(error) }, 'message could not be handled');
    }
    const room = handlers.room?.() ?? null;
    if (room === null) return done();
    // eslint-disable-next-line promise/no-callback-in-promise -- the library takes a callback, not a promise
    void room.then(() => done());
  };
  watchConnection(client, { mqtt, log, handlers });
  return {
    get connected() {
      return client.connected;
    },
    publish: (topic, payload, retain) =>
      new Promise((resolve, reject) => {
        if (!client.connected) {
          reject(new JoulegateError('BROKER_UNREACHABLE', `broker ${mqtt.url} is away; "${topic}" was not published`));
          return;
        }
        client.publish(topic, JSON.stringify(payload), { qos: 1, retain }, (error) => {
          if (error)
            reject(
              new JoulegateError('BROKER_UNREACHABLE', `"${topic}" was not published: ${error.message}`, {
                cause: error,
              }),
            );
          else resolve();
        });
      }),
    requestResend: (publisherId, writers, at) => {
      if (!client.connected) return;
      client.publish(topics.resend(publisherId, consumer), JSON.stringify({ consumer, at, writers }), { qos: 1 });
    },
    [Symbol.asyncDispose]: async () => {
      const stopped = client.endAsync(false).catch(() => undefined);
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())]);
      client.end(true);
    },
  };
}

function watchConnection(
  client: MqttClient,
  {
    mqtt,
    log,
    handlers,
  }: { readonly mqtt: MqttClientSection; readonly log: Logger; readonly handlers: ReaderHandlers },
): void {
  const prefix = mqtt.topicPrefix;
  // Metadata first: a value of a writer that is not described yet cannot be placed.
  const filters = [topicFilters.metadata(prefix), topicFilters.health, topicFilters.events, topicFilters.data(prefix)];
  let failing = false;
  client.on('connect', () => {
    failing = false;
    log.info({ broker: mqtt.url }, 'connected to broker');
    client.subscribe(filters, { qos: 1 }, (error, granted) => {
      const refused = (granted ?? []).filter((grant) => grant.qos === 128).map((grant) => grant.topic);
      if (error === null && refused.length === 0) {
        handlers.onConnection({ connected: true, problem: null });
        return;
      }
      handlers.onConnection({
        connected: true,
        problem: {
          message: `broker ${mqtt.url} refuses to let user "${mqtt.username ?? ''}" subscribe to ${refused.join(', ') || describeError(error)}`,
          remedy: 'give the user the role scoring on the broker',
        },
      });
    });
  });
  client.on('error', (error) => {
    const code = 'code' in error ? error.code : undefined;
    const refused = code === 4 || code === 5;
    if (!failing) log.warn({ broker: mqtt.url, err: error.message }, 'broker cannot be used');
    failing = true;
    handlers.onConnection({
      connected: false,
      problem: refused
        ? {
            message: `broker ${mqtt.url} refused user "${mqtt.username ?? ''}": wrong user name or password`,
            remedy:
              'set scoring.mqtt.username and password, or let the broker of this data folder create the credentials',
          }
        : {
            message: `broker ${mqtt.url} cannot be reached: ${error.message}`,
            remedy: 'check that the broker runs and scoring.mqtt.url is right; scoring keeps trying',
          },
    });
  });
  client.on('close', () =>
    handlers.onConnection({
      connected: false,
      problem: {
        message: `connection to broker ${mqtt.url} is closed`,
        remedy: 'scoring keeps trying; nothing is lost while gateways keep their outbox',
      },
    }),
  );
}

function dispatch(packet: IPublishPacket, prefix: string, handlers: ReaderHandlers): void {
  const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
  const refuse = (reason: string): void =>
    handlers.onRefused({ topic: packet.topic, reason, sample: payload.subarray(0, 256).toString('utf8') });
  if (payload.length === 0) return;
  if (payload.length > MAX_PAYLOAD_BYTES)
    return refuse(`payload of ${payload.length} bytes is larger than ${MAX_PAYLOAD_BYTES}`);
  let message: unknown;
  try {
    message = JSON.parse(payload.toString('utf8'));
  } catch (error) {
    return refuse(`payload is no JSON: ${describeError(error)}`);
  }
  if (packet.topic.startsWith(`${prefix}/json/data/`)) {
    if (!checks.data.Check(message)) return refuse(why(checks.data.Errors(message)));
    // Broker permissions hold for topics, so the topic says who speaks.
    if (!packet.topic.startsWith(`${prefix}/json/data/${topicLevel(message.PublisherId)}/`))
      return refuse(`payload names publisher "${message.PublisherId}", which its topic is not of`);
    return handlers.onData(message);
  }
  if (packet.topic.startsWith(`${prefix}/json/metadata/`)) {
    return checks.metadata.Check(message) ? handlers.onMetadata(message) : refuse(why(checks.metadata.Errors(message)));
  }
  if (packet.topic.startsWith('joulegate/health/')) {
    return checks.health.Check(message) ? handlers.onHealth(message) : refuse(why(checks.health.Errors(message)));
  }
  if (packet.topic.startsWith('joulegate/events/')) {
    return checks.event.Check(message) ? handlers.onEvent(message) : refuse(why(checks.event.Errors(message)));
  }
}

function why(errors: readonly { readonly instancePath: string; readonly message: string }[]): string {
  const [first] = errors;
  return first === undefined ? 'payload fits no schema' : `${first.instancePath || 'payload'} ${first.message}`;
}
