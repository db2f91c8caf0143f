import type { Writer } from '../tags/tag-map.ts';
import type { ValueBatch } from '../tags/value-batch.ts';

/** A network message of one writer, encoded. */
export type EncodedPayload = {
  /** First and last sequence number of its DataSetMessages. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly text: string;
};

/** A value that does not fit its tag's role and is passed on as Bad. */
export type Refusal = { readonly handle: number; readonly value: unknown };

/** Turns values of one writer into payloads of a wire format. */
export interface Encoder {
  /**
   * Network messages that hold these rows of a batch, in this order; a tag that comes again begins the next DataSetMessage.
   * `sequence` is the number of the first DataSetMessage.
   */
  encodeRows(
    writer: Writer,
    batch: ValueBatch,
    rows: Int32Array,
    sequence: number,
    onRefused: (refusal: Refusal) => void,
  ): EncodedPayload[];
  /** A message that says that all values of the writer are unchanged up to `at`, epoch ms. */
  encodeKeepAlive(writer: Writer, at: number, sequence: number): EncodedPayload;
}
