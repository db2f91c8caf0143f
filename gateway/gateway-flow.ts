import { randomUUID } from 'node:crypto';
import type { Logger } from '../broker/contract/deps.ts';
import { describeError } from '../broker/contract/error.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import { topics } from '../broker/contract/topic.ts';
import type { ValueColumns, WorkerEvent, WorkerMessage } from './opcua/protocol.ts';
import type { Outbox, OutboxMessage } from './outbox/outbox.ts';
import { ProblemList } from './problem-list.ts';
import type { Encoder } from './publish/encoder.ts';
import type { Publisher, PublisherState } from './publish/publisher.ts';
import { metadataMessage } from './publish/pubsub-json.ts';
import { MessageBuilder, type PlainDataSetMessage, type TagValue } from './tags/message-builder.ts';
import { ServerClock } from './tags/server-clock.ts';
import type { TagMap } from './tags/tag-map.ts';

export type FlowOptions = {
  readonly publisherId: string;
  readonly prefix: string;
  readonly map: TagMap;
  readonly outbox: Outbox;
  /** Last sequence number by writer id. */
  readonly sequences: ReadonlyMap<number, number>;
  readonly encoder: Encoder;
  readonly keepAliveMs: number;
  readonly log: Logger;
  readonly now: () => number;
  readonly version: string;
};

/** DataSetMessages per network message at most, so that no payload grows beyond some 100 kB. */
const MESSAGES_PER_PAYLOAD = 100;
const EVENTS_WAITING = 200;

/** The way of a value through the gateway: worker → messages → outbox → publisher, with health and events beside it. */
export class GatewayFlow {
  readonly #options: FlowOptions;
  readonly #builder: MessageBuilder;
  readonly #problems: ProblemList;
  readonly #clocks = new Map<string, ServerClock>();
  readonly #connected = new Set<string>();
  /** Our clock when a writer last said something. */
  readonly #spokeAt = new Map<number, number>();
  readonly #badValues = new Set<string>();
  #publisher: Publisher | null = null;
  #appending: Promise<void> = Promise.resolve();
  #waitingEvents: object[] = [];
  readonly #figures = {
    valuesTotal: 0,
    messagesTotal: 0,
    droppedTotal: 0,
    serverLostTotal: 0,
    appendErrorsTotal: 0,
    lastValueAt: 0,
  };
  #outboxDepth = 0;

  constructor(options: FlowOptions) {
    this.#options = options;
    const byIndex = new Map(options.map.writers.map((writer) => [writer.index, options.sequences.get(writer.id) ?? 0]));
    this.#builder = new MessageBuilder(options.map.tags, byIndex);
    this.#problems = new ProblemList(options.now);
  }

  attach(publisher: Publisher): void {
    this.#publisher = publisher;
  }

  /** One message of a connection worker. */
  handle(server: string, message: WorkerMessage): void {
    switch (message.kind) {
      case 'values':
        return this.#takeValues(server, message.columns, message.publishedAt);
      case 'alive':
        return this.#clockOf(server).alive(message.at);
      case 'connected':
        this.#connected.add(server);
        return;
      case 'disconnected':
        this.#connected.delete(server);
        return;
      case 'problem':
        if (this.#problems.raise(message.problem))
          this.#options.log.warn({ code: message.problem.code, where: message.problem.where }, message.problem.message);
        return;
      case 'clear':
        if (this.#problems.clear(message.code, message.where))
          this.#options.log.info({ code: message.code, where: message.where }, 'problem is over');
        return;
      case 'event':
        return this.sendEvent(message.event);
      case 'lost':
        this.#figures.serverLostTotal += message.count;
        return this.sendEvent({
          kind: 'data-lost',
          severity: 'low',
          message: `server "${server}" dropped values of ${message.count} tags: its queue was full`,
          subject: server,
        });
      case 'log':
        return this.#options.log[message.level](message.fields, message.message);
      default:
        message satisfies never;
    }
  }

  setBrokerState({ connected, problem }: PublisherState): void {
    if (connected) {
      for (const code of ['BROKER_UNREACHABLE', 'BROKER_REFUSED']) this.#problems.clear(code, 'broker');
    } else if (problem !== null) {
      const isNew = this.#problems.raise({ ...problem, severity: 'error', where: 'broker' });
      if (isNew) this.#options.log.warn({ code: problem.code }, problem.message);
    }
  }

  /** Metadata, health and events that waited for the broker. */
  sendRetained(): void {
    const { map, publisherId, prefix, now } = this.#options;
    for (const writer of map.writers) {
      const address = { publisherId, writerGroup: writer.server, dataSetWriter: writer.equipment.path };
      this.#publisher?.send(topics.metadata(prefix, address), metadataMessage(publisherId, writer, now()), true);
    }
    this.#publisher?.send(topics.connection(prefix, publisherId), this.#connectionMessage(), true);
    this.sendHealth('running');
    const events = this.#waitingEvents;
    this.#waitingEvents = [];
    for (const event of events) this.#publisher?.send(topics.event(publisherId), event, false);
  }

  sendEvent(event: WorkerEvent): void {
    const { publisherId, now } = this.#options;
    const full = { id: randomUUID(), at: now(), service: 'gateway', source: publisherId, ...event };
    if (this.#publisher?.connected === true) this.#publisher.send(topics.event(publisherId), full, false);
    else if (this.#waitingEvents.length < EVENTS_WAITING) this.#waitingEvents.push(full);
  }

  sendHealth(state: 'running' | 'stopped'): void {
    this.#publisher?.send(topics.health(this.#options.publisherId), this.health(state), true);
  }

  health(state: 'running' | 'stopped'): ServiceHealth {
    const problems = this.#problems.list();
    return {
      service: 'gateway',
      id: this.#options.publisherId,
      version: this.#options.version,
      state: state === 'running' && problems.length > 0 ? 'degraded' : state,
      at: this.#options.now(),
      problems,
      figures: {
        ...this.#figures,
        outboxDepth: this.#outboxDepth,
        sentTotal: this.#publisher?.sentTotal ?? 0,
        serversConnected: this.#connected.size,
      },
    };
  }

  /** Once a second: keep-alives of quiet writers, and a look at the outbox. */
  tick(): void {
    const now = this.#options.now();
    const messages = new Map<number, PlainDataSetMessage[]>();
    for (const writer of this.#options.map.writers) {
      const known = this.#clocks.get(writer.server)?.knownUntil() ?? null;
      const quiet = now - (this.#spokeAt.get(writer.index) ?? now) >= this.#options.keepAliveMs;
      if (quiet && known !== null && this.#connected.has(writer.server))
        messages.set(writer.index, [this.#builder.keepAlive(writer.index, known)]);
      if (quiet || !this.#spokeAt.has(writer.index)) this.#spokeAt.set(writer.index, now);
    }
    this.#append(messages);
    void this.#options.outbox.state().then(
      ({ depth }) => {
        this.#outboxDepth = depth;
      },
      () => undefined,
    );
  }

  /** Resolves when everything received is on disk. */
  async settle(): Promise<void> {
    await this.#appending;
  }

  #takeValues(server: string, columns: ValueColumns, publishedAt: number): void {
    const { now } = this.#options;
    const values: TagValue[] = [];
    let newest = Number.NEGATIVE_INFINITY;
    columns.handles.forEach((handle, index) => {
      const at = columns.times[index] ?? Number.NaN;
      const number = columns.numbers[index] ?? Number.NaN;
      const isGood = (columns.statuses[index] ?? 0) >>> 30 === 0;
      if (isGood && at > newest) newest = at;
      values.push({ handle, at, value: columns.texts.get(index) ?? number, statusCode: columns.statuses[index] ?? 0 });
    });
    this.#figures.valuesTotal += values.length;
    this.#figures.lastValueAt = now();
    if (newest > Number.NEGATIVE_INFINITY) this.#clockOf(server).notification(publishedAt, newest, now());
    this.#append(
      this.#builder.pack(values, ({ tag, writer, value }) => {
        const equipment = this.#options.map.writers[writer]?.equipment.path ?? '';
        this.#refuseValue(`${equipment}/${tag.name}`, equipment, value);
      }),
    );
  }

  #refuseValue(where: string, equipment: string, value: number | string | boolean | null): void {
    const shown = String(value).slice(0, 40);
    this.#problems.raise({
      code: 'VALUE_NOT_A_NUMBER',
      severity: 'warning',
      where,
      equipment,
      message: `tag ${where} delivered "${shown}", which is no number; it is passed on as Bad`,
      remedy: 'check the node and its data type in the PLC, or the role of the tag in plant.yaml',
    });
    if (this.#badValues.has(where)) return;
    this.#badValues.add(where);
    this.sendEvent({
      kind: 'value-not-a-number',
      severity: 'low',
      message: `tag ${where} delivered "${shown}"`,
      subject: where,
      equipment,
    });
  }

  #append(packed: ReadonlyMap<number, readonly PlainDataSetMessage[]>): void {
    if (packed.size === 0) return;
    const { map, publisherId, prefix, encoder, outbox, now, log } = this.#options;
    const messages: OutboxMessage[] = [];
    for (const [index, plain] of packed) {
      const writer = map.writers[index];
      if (writer === undefined) continue;
      this.#spokeAt.set(index, now());
      const topic = topics.data(prefix, {
        publisherId,
        writerGroup: writer.server,
        dataSetWriter: writer.equipment.path,
      });
      for (let at = 0; at < plain.length; at += MESSAGES_PER_PAYLOAD) {
        const part = plain.slice(at, at + MESSAGES_PER_PAYLOAD);
        const first = part[0]?.sequence ?? 0;
        messages.push({
          writerId: writer.id,
          firstSequence: first,
          lastSequence: part.at(-1)?.sequence ?? first,
          topic,
          payload: encoder.encode(writer, part, `${publisherId}-${writer.id}-${first}`),
        });
      }
      this.#figures.messagesTotal += plain.length;
    }
    this.#appending = this.#appending
      .then(() => outbox.append(messages))
      .then(
        ({ dropped }) => {
          this.#problems.clear('OUTBOX_FULL', 'outbox');
          this.#publisher?.wake();
          if (dropped > 0) this.#noteDropped(dropped);
        },
        (error: unknown) => {
          this.#figures.appendErrorsTotal += messages.length;
          log.error({ err: describeError(error), messages: messages.length }, 'messages could not be kept');
          this.#problems.raise({
            code: 'OUTBOX_FULL',
            severity: 'error',
            where: 'outbox',
            message: describeError(error),
            remedy: 'free disk space in the data folder',
          });
          this.#noteDropped(messages.length);
        },
      );
  }

  #noteDropped(count: number): void {
    this.#figures.droppedTotal += count;
    this.sendEvent({
      kind: 'data-lost',
      severity: 'high',
      message: `the outbox had to drop ${count} messages`,
      subject: 'outbox',
    });
  }

  #clockOf(server: string): ServerClock {
    const known = this.#clocks.get(server);
    if (known !== undefined) return known;
    const clock = new ServerClock();
    this.#clocks.set(server, clock);
    return clock;
  }

  #connectionMessage(): object {
    const { publisherId, map } = this.#options;
    const groups = [...map.sampled.keys()].map((name) => ({
      Name: name,
      DataSetWriters: map.writers
        .filter((writer) => writer.server === name)
        .map((writer) => ({ Name: writer.equipment.path, DataSetWriterId: writer.id })),
    }));
    return {
      MessageId: randomUUID(),
      MessageType: 'ua-connection',
      PublisherId: publisherId,
      Connection: {
        Name: publisherId,
        PublisherId: publisherId,
        TransportProfileUri: 'http://opcfoundation.org/UA-Profile/Transport/pubsub-mqtt-json',
        WriterGroups: groups,
      },
    };
  }
}
