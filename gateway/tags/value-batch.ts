import type { PlainValue } from './plain-value.ts';

/** What kind of value a row of a batch holds. */
export const valueKind = {
  /** No value: the status says why. */
  none: 0,
  number: 1,
  /** 1 or 0 in `numbers`. */
  boolean: 2,
  /** In `others`: text, or anything else that is no plain number. */
  other: 3,
} as const;

/** A batch of values as columns; row i belongs to tag `handles[i]`. */
export type ValueBatch = {
  readonly handles: Int32Array<ArrayBuffer>;
  /** `valueKind` of every row. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  /** The value when it is a number, 1 or 0 when it is a boolean. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Source timestamps, epoch ms. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly statuses: Uint32Array<ArrayBuffer>;
  /** Values that are no plain numbers, by row: text, whole numbers beyond 2^53 as decimal text, arrays, structures. */
  readonly others: ReadonlyMap<number, PlainValue>;
  /** Where the values come from when they are not what the server just reported; see `DataSetMessage.Origin`. */
  readonly origin?: 'history' | 'heartbeat';
};
