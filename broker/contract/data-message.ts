import { Type, type Static } from 'typebox';

/**
 * A value of any OPC UA data type as JSON has it: scalars, arrays (matrices as arrays of arrays) and structures by field
 * name. Int64/UInt64 are numbers as long as a double holds them exactly and decimal text beyond; NaN and ±Infinity are
 * texts (OPC 10000-6 5.4.2.4); instants ISO 8601 in UTC with up to seven digits of a second; ByteStrings base64;
 * node ids text with nsu=. An enumeration is {Value, Name}, a localized text {Text, Locale}.
 */
export type PlainValue =
  | null
  | boolean
  | number
  | string
  | readonly PlainValue[]
  | { readonly [field: string]: PlainValue };

/** No schema below this point: whatever JSON.parse gave is a plain value, and a recursive check would cost on every value. */
const AnyPlainValue = Type.Unsafe<PlainValue>({});

/**
 * OPC UA PubSub JSON NetworkMessage (OPC 10000-14, 1.05, 7.2.5). One topic per DataSetWriter; a message
 * batches DataSetMessages of that writer. `SequenceNumber` counts DataSetMessages per writer, modulo 2^32,
 * and goes on across restarts of the gateway, so a reader can prove that nothing is missing.
 */
export const FieldValue = Type.Object({
  /** null when Bad. */
  Value: Type.Optional(AnyPlainValue),
  /** Absent when Good. */
  StatusCode: Type.Optional(
    Type.Object({ Code: Type.Integer({ minimum: 0, maximum: 0xff_ff_ff_ff }), Symbol: Type.Optional(Type.String()) }),
  ),
  /** ISO 8601 UTC, three or seven digits of a second. Absent: the DataSetMessage's Timestamp holds. */
  SourceTimestamp: Type.Optional(Type.String()),
});
export type FieldValue = Static<typeof FieldValue>;

export const DataSetMessage = Type.Object({
  DataSetWriterId: Type.Integer({ minimum: 1, maximum: 65_535 }),
  SequenceNumber: Type.Integer({ minimum: 0, maximum: 0xff_ff_ff_ff }),
  MetaDataVersion: Type.Optional(Type.Object({ MajorVersion: Type.Integer(), MinorVersion: Type.Integer() })),
  /** ISO 8601 UTC. For `ua-keepalive`: all values of the writer are known to be unchanged up to here. */
  Timestamp: Type.String(),
  MessageType: Type.Enum(['ua-keyframe', 'ua-deltaframe', 'ua-keepalive']),
  /**
   * Absent: values as the server reported them. `history`: read from the server's history to fill a gap, older than what has
   * been sent already. `heartbeat`: values sent once more to show that the way is open; they say nothing new.
   */
  Origin: Type.Optional(Type.Enum(['history', 'heartbeat'])),
  Payload: Type.Optional(Type.Record(Type.String(), FieldValue)),
});
export type DataSetMessage = Static<typeof DataSetMessage>;

export const DataNetworkMessage = Type.Object({
  MessageId: Type.String(),
  MessageType: Type.Literal('ua-data'),
  PublisherId: Type.String({ minLength: 1, maxLength: 128 }),
  WriterGroupName: Type.Optional(Type.String()),
  Messages: Type.Array(DataSetMessage, { minItems: 1 }),
});
export type DataNetworkMessage = Static<typeof DataNetworkMessage>;
