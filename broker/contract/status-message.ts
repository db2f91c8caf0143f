import { Type, type Static } from 'typebox';

/** PubSubState of OPC 10000-14 6.2.1. */
export const pubSubState = { disabled: 0, paused: 1, operational: 2, error: 3, preOperational: 4 } as const;

/** Retained, and the gateway's will with state `disabled`. OPC 10000-14 7.2.5.5.3. */
export const StatusMessage = Type.Object({
  MessageId: Type.String(),
  MessageType: Type.Literal('ua-status'),
  PublisherId: Type.String({ minLength: 1, maxLength: 128 }),
  Timestamp: Type.Optional(Type.String()),
  IsCyclic: Type.Optional(Type.Boolean()),
  Status: Type.Integer({ minimum: 0, maximum: 4 }),
  NextReportTime: Type.Optional(Type.String()),
});
export type StatusMessage = Static<typeof StatusMessage>;
