import type { Logger } from '../broker/contract/deps.ts';
import { DEFAULT_TOPIC_PREFIX } from '../broker/contract/topic.ts';
import type { ScoringSection } from './config.ts';
import type { ScoringCore } from './core.ts';
import { startReader, type Reader } from './ingest/reader.ts';
import type { ReceiveWindow } from './ingest/receive-window.ts';
import { MessageStream } from './ingest/stream.ts';
import type { LivePlant } from './live-plant.ts';
import type { ProblemBook } from './problem-book.ts';

/** A gateway is asked for a resend at most this often. */
const RESEND_MS = 2000;
const defaultMqtt = { url: 'mqtt://127.0.0.1:1883', topicPrefix: DEFAULT_TOPIC_PREFIX } as const;

/** The stream of messages into the pipeline; what is missing is asked for again, what is wrong becomes a problem. */
export function createStream(
  core: ScoringCore,
  deps: {
    readonly problems: ProblemBook;
    readonly log: Logger;
    readonly now: () => number;
    readonly reader: () => Reader | null;
    readonly live: () => LivePlant | null;
  },
): MessageStream {
  const { pipeline } = core;
  const askedAt = new Map<string, number>();
  const stream: MessageStream = new MessageStream(
    {
      describe: (equipment, tags) => pipeline.describe(equipment, tags),
      sample: (machine, tag, value, at, statusCode) => pipeline.sample(machine, tag, value, at, statusCode),
      keepAlive: (machine, at) => pipeline.keepAlive(machine, at),
      isHolding: (machine) => pipeline.isHolding(machine),
      onRefusedField: ({ publisher, writer, field, reason }) => {
        deps.problems.raise({
          code: 'PAYLOAD_INVALID',
          severity: 'warning',
          where: `${publisher}/${writer}/${field}`,
          message: reason,
          remedy: 'correct the tag in the plant file of that gateway; the other fields are used',
        });
        deps.log.warn({ publisher, writer, field, reason }, 'field is not used');
      },
      onLoss: ({ publisher, writer, equipment, lost }) => {
        deps.problems.raise({
          code: 'MESSAGES_LOST',
          severity: 'warning',
          where: `${publisher}/${writer}`,
          equipment,
          message: `${lost} messages of ${equipment} (writer ${writer}) of gateway ${publisher} are gone for good: its outbox no longer has them`,
          remedy: 'raise gateway.outbox.maxMegabytes, or shorten outages; counters make up for the energy',
        });
        deps.live()?.noteEvent({
          id: `loss-${publisher}-${writer}-${deps.now()}`,
          kind: 'data-lost',
          at: deps.now(),
          service: 'scoring',
          source: publisher,
          severity: 'medium',
          subject: `${publisher}/${writer}`,
          equipment,
          message: `${lost} messages are missing`,
        });
      },
      onGap: ({ publisher, writer, after }) => {
        const last = askedAt.get(publisher) ?? Number.NEGATIVE_INFINITY;
        if (deps.now() - last < RESEND_MS) return;
        askedAt.set(publisher, deps.now());
        const writers = Object.fromEntries(stream.positions().get(publisher) ?? []);
        deps.reader()?.requestResend(publisher, { ...writers, [String(writer)]: after }, deps.now());
      },
    },
    deps.now,
  );
  return stream;
}

/** Connects the broker with the stream and the live plant. */
export function startPlantReader(options: {
  readonly scoring: ScoringSection;
  readonly stream: MessageStream;
  readonly live: LivePlant;
  readonly problems: ProblemBook;
  readonly log: Logger;
  readonly now: () => number;
  readonly window: ReceiveWindow;
}): Reader {
  const { window } = options;
  const { scoring, stream, live, problems, log, now } = options;
  const mqtt = scoring.mqtt ?? defaultMqtt;
  const reader: Reader = startReader({
    mqtt,
    consumer: scoring.id,
    log,
    handlers: {
      onMetadata: (message) => stream.metadata(message),
      onData: (message) => {
        stream.data(message);
        window.take(message.Messages.length);
      },
      room: () => window.room(),
      onHealth: (health) => {
        if (health.id !== scoring.id) live.noteHealth(health);
      },
      onEvent: (event) => live.noteEvent(event),
      onRefused: ({ topic, reason, sample }) => {
        problems.raise({
          code: 'PAYLOAD_INVALID',
          severity: 'warning',
          where: topic.slice(0, 200),
          message: `payload on ${topic.slice(0, 200)} is not used: ${reason}`,
          remedy: 'see who publishes there; the stream goes on',
        });
        live.noteEvent({
          id: `refused-${now()}-${topic.slice(0, 64)}`,
          kind: 'payload-refused',
          at: now(),
          service: 'scoring',
          source: scoring.id,
          severity: 'low',
          subject: topic.slice(0, 512),
          message: `${reason}: ${sample.replaceAll(/\p{Cc}/gu, '?').slice(0, 200)}`,
        });
      },
      onConnection: ({ problem }) => {
        if (problem !== null) {
          problems.raise({ code: 'BROKER_UNREACHABLE', severity: 'error', where: 'broker', ...problem });
          return;
        }
        problems.clear('BROKER_UNREACHABLE', 'broker');
        // After a restart of ours, or of a broker that lost what it had for us, a gap may be at the very end of a stream,
        // where no later number shows it.
        for (const [publisher, writers] of stream.positions())
          reader.requestResend(publisher, Object.fromEntries(writers), now());
      },
    },
  });
  return reader;
}
