import type { DataNetworkMessage, DataSetMessage } from '../../broker/contract/data-message.ts';
import { readField, type MetadataMessage } from '../../broker/contract/metadata-message.ts';
import type { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';
import { decodeMessage } from './decode.ts';
import { ReceiptBook } from './receipt.ts';
import { SequenceGuard } from './sequence-guard.ts';

/** Where decoded values go. */
export type StreamTarget = {
  /** Gives the number of a machine for `sample`. */
  readonly describe: (equipment: EquipmentDescription, tags: readonly TagDescription[]) => number;
  readonly sample: (
    machine: number,
    tag: number,
    value: number | string | boolean | null,
    at: number,
    statusCode: number,
  ) => void;
  readonly keepAlive: (machine: number, at: number) => void;
  /** Samples of the machine wait: nothing of it may be committed meanwhile. */
  readonly isHolding: (machine: number) => boolean;
  readonly onRefusedField: (refusal: {
    readonly publisher: string;
    readonly writer: string;
    readonly field: string;
    readonly reason: string;
  }) => void;
  /** `equipment`: path. */
  readonly onLoss: (loss: {
    readonly publisher: string;
    readonly writer: number;
    readonly equipment: string;
    readonly lost: number;
  }) => void;
  readonly onGap: (gap: { readonly publisher: string; readonly writer: number; readonly after: number }) => void;
};

type Writer = {
  readonly machine: number;
  readonly equipment: string;
  /** Tag number by field name. */
  readonly fields: ReadonlyMap<string, number>;
};

/** A resend has this long before missing messages are given up. */
const PATIENCE_MS = 15_000;

/**
 * Turns messages into machines and samples: learns writers from metadata, drops what it has seen, notices what is missing.
 * Data of a writer that is not described yet is left unacknowledged in sequence, so that it is asked for again.
 */
export class MessageStream {
  readonly #target: StreamTarget;
  readonly #writers = new Map<string, Writer>();
  readonly #sequences = new SequenceGuard(PATIENCE_MS);
  readonly #now: () => number;
  readonly #committable = new Map<string, Map<number, number>>();
  readonly #refusedFields = new Set<string>();
  readonly #open = new Set<string>();
  readonly receipts = new ReceiptBook();
  duplicates = 0;
  /** Times that something was missing, whether or not it came later. */
  gaps = 0;
  lost = 0;
  values = 0;
  /** Arrays and structures, which no score uses. */
  nonScalar = 0;

  /** `now`: any clock in ms that moves forward. */
  constructor(target: StreamTarget, now: () => number) {
    this.#target = target;
    this.#now = now;
  }

  /** Sets what an earlier run has committed. */
  restore(publisher: string, writer: number, sequence: number): void {
    this.#sequences.restore(writerKey(publisher, writer), sequence);
    this.#noteCommittable(publisher, writer, sequence);
  }

  /** Per publisher and writer the last number taken: what may be committed once it is stored. */
  positions(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    return this.#committable;
  }

  metadata(message: MetadataMessage): void {
    const tags: TagDescription[] = [];
    const fields = new Map<string, number>();
    let equipment: EquipmentDescription | null = null;
    for (const field of message.MetaData.Fields) {
      const reading = readField(field);
      if (reading.kind === 'refused') {
        const key = `${message.PublisherId}|${message.DataSetWriterName}|${field.Name}|${reading.reason.message}`;
        if (this.#refusedFields.has(key)) continue;
        this.#refusedFields.add(key);
        this.#target.onRefusedField({
          publisher: message.PublisherId,
          writer: message.DataSetWriterName,
          field: field.Name,
          reason: reading.reason.message,
        });
        continue;
      }
      equipment ??= reading.equipment;
      fields.set(field.Name, tags.length);
      tags.push(reading.tag);
    }
    if (equipment === null) return;
    const machine = this.#target.describe(equipment, tags);
    this.#writers.set(writerKey(message.PublisherId, message.DataSetWriterId), {
      machine,
      equipment: equipment.path,
      fields,
    });
  }

  data(message: DataNetworkMessage): void {
    const publisher = message.PublisherId;
    for (const dataSetMessage of message.Messages) {
      const id = dataSetMessage.DataSetWriterId;
      const key = writerKey(publisher, id);
      const writer = this.#writers.get(key);
      if (writer === undefined) {
        this.#target.onGap({ publisher, writer: id, after: this.#sequences.last(key) });
        return;
      }
      const verdict = this.#sequences.check(key, dataSetMessage.SequenceNumber, this.#now());
      switch (verdict.kind) {
        case 'duplicate':
          this.duplicates += 1;
          continue;
        case 'gap':
          if (!this.#open.has(key)) this.gaps += 1;
          this.#open.add(key);
          this.#target.onGap({ publisher, writer: id, after: verdict.after });
          return;
        case 'accept-after-loss':
          this.lost += verdict.lost;
          this.#target.onLoss({ publisher, writer: id, equipment: writer.equipment, lost: verdict.lost });
          break;
        case 'accept':
          break;
        default:
          verdict satisfies never;
      }
      this.#open.delete(key);
      this.#take(writer, dataSetMessage, { publisher, id });
      if (!this.#target.isHolding(writer.machine)) this.#noteCommittable(publisher, id, dataSetMessage.SequenceNumber);
    }
  }

  #take(
    writer: Writer,
    message: DataSetMessage,
    { publisher, id }: { readonly publisher: string; readonly id: number },
  ): void {
    if (message.MessageType === 'ua-keepalive') {
      const at = Date.parse(message.Timestamp);
      if (Number.isFinite(at)) this.#target.keepAlive(writer.machine, at);
      return;
    }
    // The sequence counts it; scores must not see a value twice.
    if (message.Origin === 'heartbeat') return;
    const { values, refused, nonScalar } = decodeMessage(message);
    this.nonScalar += nonScalar;
    for (const { field, reason } of refused) {
      this.#target.onRefusedField({ publisher, writer: String(id), field, reason });
    }
    for (const { field, value, at, statusCode } of values) {
      const tag = writer.fields.get(field);
      if (tag === undefined) continue;
      this.values += 1;
      this.receipts.count(writerKey(publisher, id), value);
      this.#target.sample(writer.machine, tag, value, at, statusCode);
    }
  }

  #noteCommittable(publisher: string, writer: number, sequence: number): void {
    const writers = this.#committable.get(publisher) ?? new Map<number, number>();
    writers.set(writer, sequence);
    this.receipts.settle(writerKey(publisher, writer));
    this.#committable.set(publisher, writers);
  }
}

const writerKey = (publisher: string, writer: number): string => `${publisher}/${writer}`;
