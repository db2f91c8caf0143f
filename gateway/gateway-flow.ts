import { randomUUID } from 'node:crypto';
import type { Logger } from '../broker/contract/deps.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import { topics } from '../broker/contract/topic.ts';
import type { FlowMessage, WorkerEvent, WorkerProblem } from './opcua/protocol.ts';
import { ConnectionStates } from './connection-states.ts';
import type { Outbox } from './outbox/outbox.ts';
import { OutboxWatch, type OutboxNotice } from './outbox/outbox-watch.ts';
import { FactBook } from './fact-book.ts';
import { Heartbeats } from './heartbeats.ts';
import type { NewestKept } from './newest-kept.ts';
import { ProblemList } from './problem-list.ts';
import type { Encoder, Refusal } from './publish/encoder.ts';
import type { Publisher, PublisherState } from './publish/publisher.ts';
import { connectionMessage } from './publish/connection-message.ts';
import { metadataMessage } from './publish/pubsub-json.ts';
import { refusedValue } from './refused-value.ts';
import { ServerClock } from './tags/server-clock.ts';
import type { TagMap, Writer } from './tags/tag-map.ts';
import { ValueFlow } from './value-flow.ts';

type ValuesMessage = Extract<FlowMessage, { kind: 'values' }>;

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
  readonly newest: NewestKept;
  /** How long values are gathered for one write to disk, ms. */
  readonly gatherMs?: number;
};

const EVENTS_WAITING = 200;

/** The way of a value through the gateway: worker → messages → outbox → publisher, with health and events beside it. */
export class GatewayFlow {
  readonly #options: FlowOptions;
  readonly #values: ValueFlow;
  #map: TagMap;
  readonly #problems: ProblemList;
  readonly #clocks = new Map<string, ServerClock>();
  readonly #states: ConnectionStates;
  readonly #heartbeats: Heartbeats;
  /** Our clock when a writer last said something. */
  readonly #spokeAt = new Map<number, number>();
  readonly #facts = new FactBook();
  readonly #badValues = new Set<string>();
  #publisher: Publisher | null = null;
  #waitingEvents: object[] = [];
  readonly #figures = {
    valuesTotal: 0,
    historyTotal: 0,
    workerRestartsTotal: 0,
    droppedTotal: 0,
    serverLostTotal: 0,
    appendErrorsTotal: 0,
    lastValueAt: 0,
  };
  readonly #watch = new OutboxWatch();
  #outbox = { depth: 0, bytes: 0, damaged: 0 };
  #ownValidTo: number | null = null;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#map = options.map;
    this.#problems = new ProblemList(options.now);
    this.#states = new ConnectionStates(options.map, options.now);
    this.#heartbeats = new Heartbeats(options.map);
    this.#values = new ValueFlow(
      {
        ...options,
        onRefused: (refusal) => this.#refuseValue(refusal),
        onLost: (count) => this.#noteDropped(count),
        onKept: (failure) => this.#noteKept(failure),
      },
      options.map,
      options.encoder,
    );
  }

  attach(publisher: Publisher): void {
    this.#publisher = publisher;
  }

  /** One message of a connection worker. `onDurable` is called when a batch of values is on disk. */
  handle(server: string, message: FlowMessage, onDurable: (number: number) => void): void {
    switch (message.kind) {
      case 'values':
        return this.#takeValues(server, message, onDurable);
      case 'alive':
        return this.#clockOf(server).alive(message.at);
      case 'state':
        this.#states.setServer(server, message);
        return this.sendHealth('running');
      case 'reading':
        return this.#states.setReading(server, message);
      case 'tag':
        return this.#states.setTag(message);
      case 'problem':
        return this.#takeProblem(server, message.problem);
      case 'clear':
        if (this.#problems.clear(message.code, message.where, server))
          this.#options.log.info({ server, code: message.code, where: message.where }, 'problem is over');
        return;
      case 'died':
        this.#figures.workerRestartsTotal += 1;
        return;
      case 'own-certificate':
        this.#ownValidTo = message.validTo;
        return;
      case 'event':
        if (message.event.kind === 'endpoint-connected') this.#states.noteSession(server);
        return this.sendEvent(message.event);
      case 'lost':
        this.#figures.serverLostTotal += message.count;
        return this.sendEvent({
          kind: 'data-lost',
          severity: 'low',
          message: `server "${server}" dropped values of ${message.count} tags: its queue was full`,
          subject: server,
        });
      case 'server':
        return this.#states.setSaid(server, message);
      case 'historized':
        return this.#options.newest.setHistorized(message.handles);
      case 'gaps':
        return this.#options.newest.openGaps(message.gaps);
      case 'gaps-over':
        return this.#options.newest.endGaps(message.gaps);
      case 'facts':
        for (const writer of this.#facts.learn(this.#map, message.facts)) this.#sendMetadata(writer);
        return;
      case 'log':
        return this.#options.log[message.level]({ server, ...message.fields }, message.message);
      default:
        message satisfies never;
    }
  }

  /** A connection is closed for good; another one to the same server says anew what is wrong. */
  forgetServer(server: string): void {
    this.#problems.clearScope(server);
  }

  setBrokerState({ connected, problem }: PublisherState): void {
    if (connected) {
      for (const code of ['BROKER_UNREACHABLE', 'BROKER_REFUSED']) this.#problems.clear(code, 'broker');
    } else if (problem !== null) {
      const isNew = this.#problems.raise({ ...problem, severity: 'error', where: 'broker' });
      if (isNew) this.#options.log.warn({ code: problem.code }, problem.message);
    }
  }

  /** Another set of tags: metadata anew, that of writers that are gone is withdrawn. */
  remap(map: TagMap, encoder: Encoder): void {
    const { publisherId, prefix } = this.#options;
    const addressOf = ({ server, equipment }: Writer): string =>
      topics.metadata(prefix, { publisherId, writerGroup: server, dataSetWriter: equipment.path });
    const staying = new Set(map.writers.map(addressOf));
    for (const writer of this.#map.writers) {
      const topic = addressOf(writer);
      if (!staying.has(topic)) this.#publisher?.withdraw(topic);
    }
    this.#map = map;
    this.#states.remap(map);
    this.#heartbeats.remap(map);
    this.#spokeAt.clear();
    this.#values.remap(map, encoder);
    this.sendRetained();
  }

  /** Metadata, health and events that waited for the broker. */
  sendRetained(): void {
    const { publisherId, prefix } = this.#options;
    for (const writer of this.#map.writers) this.#sendMetadata(writer);
    this.#publisher?.send(topics.connection(prefix, publisherId), connectionMessage(publisherId, this.#map), true);
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
        ...this.#states.figures,
        messagesTotal: this.#values.messagesTotal,
        outboxDepth: this.#outbox.depth,
        outboxBytes: this.#outbox.bytes,
        ...daysLeft(this.#ownValidTo, this.#options.now()),
        outboxDamagedTotal: this.#outbox.damaged,
        unwrittenMsMax: Math.ceil(this.#values.unwrittenMsMax),
        sentTotal: this.#publisher?.sentTotal ?? 0,
      },
      connections: this.#states.list(),
    };
  }

  /** Once a second: keep-alives of quiet writers, and a look at the outbox. */
  tick(): void {
    const now = this.#options.now();
    for (const writer of this.#map.writers) {
      const known = this.#clocks.get(writer.server)?.knownUntil() ?? null;
      const quiet = now - (this.#spokeAt.get(writer.index) ?? now) >= this.#options.keepAliveMs;
      if (quiet && known !== null && this.#states.isRunning(writer.server)) this.#values.keepAlive(writer, known);
      if (quiet || !this.#spokeAt.has(writer.index)) this.#spokeAt.set(writer.index, now);
    }
    const beats = this.#heartbeats.due(now, (handle) => this.#isUp(handle));
    if (beats !== null) this.#values.take(beats, () => undefined);
    void this.#options.outbox.state().then(
      (state) => {
        this.#outbox = state;
        this.#tell(this.#watch.look(state));
      },
      () => undefined,
    );
  }

  #isUp(handle: number): boolean {
    const writer = this.#map.writers[this.#map.tags.get(handle)?.writer ?? -1];
    return writer !== undefined && this.#states.isRunning(writer.server);
  }

  /** Resolves when everything received is on disk. */
  settle(): Promise<void> {
    return this.#values.settled();
  }

  #takeValues(server: string, { batch, publishedAt, number }: ValuesMessage, done: (number: number) => void): void {
    const { now } = this.#options;
    const { times, statuses } = batch;
    let newest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < times.length; row += 1) {
      const at = times[row] ?? Number.NaN;
      if (at > newest && (statuses[row] ?? 0) >>> 30 === 0) newest = at;
    }
    this.#figures.valuesTotal += times.length;
    this.#states.note(batch);
    this.#heartbeats.note(batch, now());
    if (batch.origin === 'history') this.#figures.historyTotal += times.length;
    this.#figures.lastValueAt = now();
    if (batch.origin === undefined && newest > Number.NEGATIVE_INFINITY)
      this.#clockOf(server).notification(publishedAt, newest, now());
    for (const writer of this.#values.take(batch, () => done(number))) this.#spokeAt.set(writer, now());
  }

  #takeProblem(server: string, problem: WorkerProblem): void {
    const { code, where, message } = problem;
    if (this.#problems.raise(problem, server)) this.#options.log.warn({ server, code, where }, message);
  }

  #sendMetadata(writer: Writer): void {
    const { publisherId, prefix, now } = this.#options;
    const address = { publisherId, writerGroup: writer.server, dataSetWriter: writer.equipment.path };
    const message = metadataMessage(publisherId, writer, now(), this.#facts.of(writer));
    this.#publisher?.send(topics.metadata(prefix, address), message, true);
  }

  #refuseValue({ handle, value }: Refusal): void {
    const mapped = this.#map.tags.get(handle);
    if (mapped === undefined) return;
    const equipment = this.#map.writers[mapped.writer]?.equipment.path ?? '';
    const { problem, event } = refusedValue(equipment, mapped.tag.name, value);
    this.#problems.raise(problem);
    if (this.#badValues.has(problem.where)) return;
    this.#badValues.add(problem.where);
    this.sendEvent(event);
  }

  #noteKept(failure: string | null): void {
    if (failure === null) {
      this.#problems.clear('OUTBOX_FULL', 'outbox');
      this.#publisher?.wake();
      return;
    }
    this.#figures.appendErrorsTotal += 1;
    this.#problems.raise({
      code: 'OUTBOX_FULL',
      severity: 'error',
      where: 'outbox',
      message: failure,
      remedy: 'free disk space in the data folder',
    });
  }

  #tell(notices: readonly OutboxNotice[]): void {
    for (const notice of notices) this.sendEvent({ ...notice, subject: 'outbox' });
  }

  #noteDropped(count: number): void {
    this.#figures.droppedTotal += count;
    this.#tell(this.#watch.dropped(count));
    this.sendEvent({
      kind: 'data-lost',
      severity: 'high',
      message: `the outbox had to drop ${count} messages`,
      subject: 'outbox',
    });
  }

  #clockOf(server: string): ServerClock {
    const clock = this.#clocks.get(server) ?? new ServerClock();
    this.#clocks.set(server, clock);
    return clock;
  }
}

const daysLeft = (validTo: number | null, now: number): Record<string, number> =>
  validTo === null ? {} : { ownCertificateDaysLeft: Math.floor((validTo - now) / 86_400_000) };
