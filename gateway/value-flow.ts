import { setTimeout as wait } from 'node:timers/promises';
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
  /** How long values are gathered for one write, ms. */
  readonly gatherMs?: number;
  readonly onRefused: (refusal: Refusal) => void;
  /** Old records had to go, or new ones could not be kept. */
  readonly onLost: (count: number) => void;
  readonly onKept: (failure: string | null) => void;
};

/** What waits for a commit of the outbox. */
type Waiting = {
  readonly messages: OutboxMessage[];
  readonly kept: (() => void)[];
  readonly notes: Map<number, string>;
  /** When the first of it came, ms of a clock that only moves forward. */
  readonly since: number;
};

const nothing = (): Waiting => ({ messages: [], kept: [], notes: new Map(), since: performance.now() });
/** Payloads that wait in memory while the disk takes nothing, at most. Beyond it the oldest go, counted. */
const WAITING_BYTES = 32 * 1_048_576;
/** A disk that took nothing is tried again this often. */
const RETRY_MS = 500;

const utf8 = new TextEncoder();

/** The way of values: order, number, encode, keep. One commit of the outbox at a time holds all that came meanwhile. */
export class ValueFlow {
  readonly #options: ValueFlowOptions;
  readonly #sequences: Map<number, number>;
  #map: TagMap;
  #encoder: Encoder;
  #order: BatchOrder;
  #waiting: Waiting = nothing();
  #running: Promise<void> | null = null;
  messagesTotal = 0;
  #retry: NodeJS.Timeout | null = null;
  /** Longest time that values were in memory only, ms. */
  unwrittenMsMax = 0;

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
    this.#noteBegin();
    this.#waiting.kept.push(onKept);
    this.#keep();
    return groups.map(({ writer }) => writer);
  }

  /** Says that all values of a writer are unchanged up to `at`, epoch ms. */
  keepAlive(writer: Writer, at: number): void {
    this.#add(writer, this.#encoder.encodeKeepAlive(writer, at, this.#next(writer)));
    this.#keep();
  }

  /** Resolves when everything taken is on disk, or the disk does not take it. */
  async settled(): Promise<void> {
    if (this.#retry !== null) {
      clearTimeout(this.#retry);
      this.#retry = null;
      this.#keep();
    }
    while (this.#running !== null) await this.#running;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  #next(writer: Writer): number {
    return (this.#sequences.get(writer.id) ?? 0) + 1;
  }

  #add(writer: Writer, payload: EncodedPayload): void {
    this.#noteBegin();
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

  #noteBegin(): void {
    const { messages, kept, notes } = this.#waiting;
    if (messages.length === 0 && kept.length === 0) this.#waiting = { messages, kept, notes, since: performance.now() };
  }

  #keep(): void {
    if (this.#retry !== null) return;
    this.#running ??= this.#append().then((isKept) => {
      this.#running = null;
      if (!isKept) {
        this.#retry = setTimeout(() => {
          this.#retry = null;
          this.#keep();
        }, RETRY_MS).unref();
      } else if (this.#waiting.messages.length > 0 || this.#waiting.kept.length > 0) this.#keep();
    });
  }

  async #append(): Promise<boolean> {
    const { outbox, log, onKept, onLost, gatherMs = 0 } = this.#options;
    if (gatherMs > 0) await wait(gatherMs);
    const taken = this.#waiting;
    const { messages, kept, notes, since } = taken;
    this.#waiting = nothing();
    try {
      if (messages.length > 0) {
        const { dropped } = await outbox.append(messages, notes);
        onKept(null);
        if (dropped > 0) onLost(dropped);
        this.unwrittenMsMax = Math.max(this.unwrittenMsMax, performance.now() - since);
      }
      for (const done of kept) done();
      return true;
    } catch (error) {
      log.error({ err: describeError(error), messages: messages.length }, 'messages could not be kept');
      onKept(describeError(error));
      this.#putBack(taken);
      return false;
    }
  }

  /** Nothing is acknowledged to a server before it is on disk, so what the disk did not take goes in front of what came since. */
  #putBack({ messages, kept, notes, since }: Waiting): void {
    const later = this.#waiting;
    const all = [...messages, ...later.messages];
    let bytes = 0;
    let begin = all.length;
    while (begin > 0 && bytes <= WAITING_BYTES) {
      begin -= 1;
      bytes += all[begin]?.payload.byteLength ?? 0;
    }
    if (begin > 0) this.#options.onLost(begin);
    this.#waiting = {
      messages: all.slice(begin),
      kept: [...kept, ...later.kept],
      notes: new Map([...notes, ...later.notes]),
      since,
    };
  }
}

function orderOf(map: TagMap): BatchOrder {
  const writerOf = new Int32Array(map.highestHandle + 1).fill(-1);
  for (const { handle, writer } of map.tags.values()) writerOf[handle] = writer;
  return new BatchOrder(writerOf, map.writers.length);
}
