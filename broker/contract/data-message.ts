import { Type, type Static } from 'typebox';

/**
 * OPC UA PubSub JSON NetworkMessage (OPC 10000-14, 1.05, 7.2.5). One topic per DataSetWriter; a message
 * batches DataSetMessages of that writer. `SequenceNumber` counts DataSetMessages per writer, modulo 2^32,
 * and goes on across restarts of the gateway, so a reader can prove that nothing is missing.
 */
export const FieldValue = Type.Object({
  /** The value in OPC UA JSON: numbers, strings, booleans; Int64/UInt64 and NaN/±Infinity as strings. null when Bad. */
  Value: Type.Optional(Type.Unknown()),
  /** Absent when Good. */
  StatusCode: Type.Optional(
    Type.Object({ Code: Type.Integer({ minimum: 0, maximum: 0xff_ff_ff_ff }), Symbol: Type.Optional(Type.String()) }),
  ),
  /** ISO 8601 UTC. Absent: the DataSetMessage's Timestamp holds. */
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
