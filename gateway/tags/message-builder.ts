import type { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';

/** A tag of the gateway, found by its handle. */
export type MappedTag = {
  readonly handle: number;
  readonly tag: TagDescription;
  readonly writer: number;
};

/** The DataSetWriter of one equipment. */
export type Writer = {
  readonly index: number;
  /** DataSetWriterId, kept for ever by the outbox. */
  readonly id: number;
  readonly equipment: EquipmentDescription;
  readonly tags: readonly TagDescription[];
  readonly server: string;
};

/** One field of a message. */
export type FieldEntry = {
  readonly name: string;
  readonly value: number | string | boolean | null;
  readonly at: number;
  readonly statusCode: number;
};

/** A DataSetMessage before it is encoded. */
export type PlainDataSetMessage = {
  readonly sequence: number;
  readonly kind: 'ua-keyframe' | 'ua-deltaframe' | 'ua-keepalive';
  /** Newest source timestamp in it, epoch ms. */
  readonly at: number;
  readonly fields: readonly FieldEntry[];
};

/** A value that came from a server. */
export type TagValue = {
  readonly handle: number;
  readonly value: number | string | boolean | null;
  readonly at: number;
  readonly statusCode: number;
};

/** Roles whose values must be numbers; anything else there is Bad, never 0. */
const numericRoles: ReadonlySet<string> = new Set([
  'energy-counter',
  'power',
  'output-counter',
  'output-rate',
  'scrap-counter',
  'process',
]);
/** BadTypeMismatch. */
const BAD_TYPE = 0x80_74_00_00;

/** Whether a value does not fit its tag's role; text of digits (64-bit counters) fits. */
export function isWrongType(tag: TagDescription, value: number | string | boolean | null): boolean {
  if (value === null || !numericRoles.has(tag.role)) return false;
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value !== 'string' || !/^-?\d+$/.test(value);
}

/** What `pack` could not take as it was. */
export type Refusal = {
  readonly tag: TagDescription;
  readonly writer: number;
  readonly value: number | string | boolean | null;
};

/**
 * Packs values into DataSetMessages per writer, in order of source timestamp: a field that comes again starts the next
 * message. Sequence numbers go on per writer.
 */
export class MessageBuilder {
  readonly #tags: ReadonlyMap<number, MappedTag>;
  readonly #sequences: Map<number, number>;

  /** `sequences`: last number used, by writer index. */
  constructor(tags: ReadonlyMap<number, MappedTag>, sequences: ReadonlyMap<number, number>) {
    this.#tags = tags;
    this.#sequences = new Map(sequences);
  }

  pack(values: readonly TagValue[], onRefused: (refusal: Refusal) => void): Map<number, PlainDataSetMessage[]> {
    const byWriter = new Map<number, (FieldEntry & { readonly order: number })[]>();
    values.forEach(({ handle, value, at, statusCode }, order) => {
      const mapped = this.#tags.get(handle);
      if (mapped === undefined) return;
      const { tag, writer } = mapped;
      const wrong = isWrongType(tag, value);
      if (wrong) onRefused({ tag, writer, value });
      const bad = statusCode >>> 30 === 2;
      const entry = {
        name: tag.name,
        value: wrong || bad ? null : value,
        at,
        statusCode: wrong && !bad ? BAD_TYPE : statusCode,
        order,
      };
      const entries = byWriter.get(writer);
      if (entries === undefined) byWriter.set(writer, [entry]);
      else entries.push(entry);
    });
    const packed = new Map<number, PlainDataSetMessage[]>();
    for (const [writer, entries] of byWriter) {
      entries.sort((a, b) => a.at - b.at || a.order - b.order);
      packed.set(writer, this.#packWriter(writer, entries));
    }
    return packed;
  }

  /** Says that all values of a writer are unchanged up to `at`. */
  keepAlive(writer: number, at: number): PlainDataSetMessage {
    return { sequence: this.#next(writer), kind: 'ua-keepalive', at, fields: [] };
  }

  #packWriter(writer: number, entries: readonly FieldEntry[]): PlainDataSetMessage[] {
    const messages: PlainDataSetMessage[] = [];
    let fields = new Map<string, FieldEntry>();
    const close = (): void => {
      const list = [...fields.values()];
      messages.push({
        sequence: this.#next(writer),
        kind: 'ua-deltaframe',
        at: Math.max(...list.map((field) => field.at)),
        fields: list,
      });
      fields = new Map();
    };
    for (const entry of entries) {
      if (fields.has(entry.name)) close();
      fields.set(entry.name, entry);
    }
    if (fields.size > 0) close();
    return messages;
  }

  #next(writer: number): number {
    const sequence = (this.#sequences.get(writer) ?? 0) + 1;
    this.#sequences.set(writer, sequence);
    return sequence;
  }
}
