import { describeError } from '../broker/contract/error.ts';
import type { Logger } from '../broker/contract/deps.ts';
import { topics } from '../broker/contract/topic.ts';
import type { Outbox, OutboxMessage } from './outbox/outbox.ts';
import type { EncodedPayload, Encoder, Refusal } from './publish/encoder.ts';
import { BatchOrder } from './tags/batch-order.ts';
import type { NewestKept } from './newest-kept.ts';
import type { TagMap, Writer } from './tags/tag-map.ts';
import type { ValueBatch } from './tags/value-batch.ts';

export type ValueFlowOptions = {
  readonly publisherId: string;
  readonly prefix: string;
  readonly outbox: Outbox;
  /** Last sequence number by writer id. */
  readonly sequences: ReadonlyMap<number, number>;
  readonly log: Logger;
  /** What is kept of tags whose server has a history. */
  readonly newest: NewestKept;
  readonly onRefused: (refusal: Refusal) => void;
  /** Old records had to go, or new ones could not be kept. */
  readonly onLost: (count: number) => void;
  readonly onKept: (failure: string | null) => void;
};

/** The values of one server that wait for a commit of the outbox. */
type Waiting = { messages: OutboxMessage[]; readonly kept: (() => void)[]; readonly notes: Map<number, string> };

const utf8 = new TextEncoder();

/** The way of values: order, number, encode, keep. One commit of the outbox at a time holds all that came meanwhile. */
export class ValueFlow {
  readonly #options: ValueFlowOptions;
  readonly #sequences: Map<number, number>;
  #map: TagMap;
  #encoder: Encoder;
  #order: BatchOrder;
  #waiting: Waiting = { messages: [], kept: [], notes: new Map() };
  #running: Promise<void> | null = null;
  messagesTotal = 0;

  constructor(options: ValueFlowOptions, map: TagMap, encoder: Encoder) {
    this.#options = options;
    this.#sequences = new Map(options.sequences);
    this.#map = map;
    this.#encoder = encoder;
    this.#order = orderOf(map);
  }

  /** From now on another set of tags; sequence numbers of the writers go on. */
  remap(map: TagMap, encoder: Encoder): void {
    this.#map = map;
    this.#encoder = encoder;
    this.#order = orderOf(map);
    this.#options.newest.remap(map);
  }

  /** Takes the values of a batch. `onKept` is called once they are on disk. @returns the writers they belong to. */
  take(batch: ValueBatch, onKept: () => void): number[] {
    const groups = this.#order.order(batch);
    for (const { writer: index, rows } of groups) {
      const writer = this.#map.writers[index];
      if (writer === undefined) continue;
      const sequence = this.#next(writer);
      for (const payload of this.#encoder.encodeRows(writer, batch, rows, sequence, this.#options.onRefused))
        this.#add(writer, payload);
      const times = this.#options.newest.note(writer, batch, rows);
      if (times !== null) this.#waiting.notes.set(writer.id, JSON.stringify(times));
    }
    this.#waiting.kept.push(onKept);
    this.#keep();
    return groups.map(({ writer }) => writer);
  }

  /** Says that all values of a writer are unchanged up to `at`, epoch ms. */
  keepAlive(writer: Writer, at: number): void {
    this.#add(writer, this.#encoder.encodeKeepAlive(writer, at, this.#next(writer)));
    this.#keep();
  }

  /** Resolves when everything taken is on disk. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  #next(writer: Writer): number {
    return (this.#sequences.get(writer.id) ?? 0) + 1;
  }

  #add(writer: Writer, payload: EncodedPayload): void {
    const { publisherId, prefix } = this.#options;
    this.#sequences.set(writer.id, payload.lastSequence);
    this.messagesTotal += payload.lastSequence - payload.firstSequence + 1;
    this.#waiting.messages.push({
      writerId: writer.id,
      firstSequence: payload.firstSequence,
      lastSequence: payload.lastSequence,
      topic: topics.data(prefix, { publisherId, writerGroup: writer.server, dataSetWriter: writer.equipment.path }),
      payload: utf8.encode(payload.text),
    });
  }

  #keep(): void {
    this.#running ??= this.#append().finally(() => {
      this.#running = null;
      if (this.#waiting.messages.length > 0 || this.#waiting.kept.length > 0) this.#keep();
    });
  }

  async #append(): Promise<void> {
    const { outbox, log, onKept, onLost } = this.#options;
    const { messages, kept, notes } = this.#waiting;
    this.#waiting = { messages: [], kept: [], notes: new Map() };
    try {
      if (messages.length > 0) {
        const { dropped } = await outbox.append(messages, notes);
        onKept(null);
        if (dropped > 0) onLost(dropped);
      }
      for (const done of kept) done();
    } catch (error) {
      log.error({ err: describeError(error), messages: messages.length }, 'messages could not be kept');
      onKept(describeError(error));
      onLost(messages.length);
    }
  }
}

function orderOf(map: TagMap): BatchOrder {
  const writerOf = new Int32Array(map.highestHandle + 1).fill(-1);
  for (const { handle, writer } of map.tags.values()) writerOf[handle] = writer;
  return new BatchOrder(writerOf, map.writers.length);
}
