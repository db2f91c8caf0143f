import { Type, type Static } from 'typebox';

/** Kinds of events that gateway and broker publish; the security room turns them into alerts. */
export const eventKinds = [
  'service-started',
  'service-stopped',
  'configuration-changed',
  'endpoint-connected',
  'endpoint-lost',
  'endpoint-refused',
  'server-certificate-new',
  'server-certificate-changed',
  'server-certificate-expiring',
  'security-downgrade',
  'channel-check-failed',
  'write-blocked',
  'own-certificate-new',
  'own-certificate-renewed',
  'own-certificate-refused',
  'own-certificate-expiring',
  'node-unknown',
  'node-changed',
  'unit-contradiction',
  'value-not-a-number',
  'sign-in-refused',
  'topic-denied',
  'limit-hit',
  'malformed-packet',
  'client-id-takeover',
  'address-unknown',
  'client-certificate-refused',
  'outbox-level',
  'data-lost',
  'history-filled',
  'server-alarm',
  'server-event',
  'server-audit',
  'server-events-suppressed',
  'server-switched',
  'browse-changed',
  'server-state-changed',
  'server-software-changed',
  'server-endpoints-changed',
  'server-namespaces-changed',
  'payload-refused',
] as const;

/** QoS 1 on `joulegate/events/<source>`. Every string from outside is capped and stripped of control characters by the sender. */
export const SystemEvent = Type.Object({
  id: Type.String({ description: 'UUID; the same event sent twice has the same id.' }),
  kind: Type.Enum(eventKinds),
  at: Type.Integer({ description: 'Epoch ms.' }),
  service: Type.Enum(['gateway', 'broker', 'scoring']),
  source: Type.String({ maxLength: 128, description: 'Id of the publishing service.' }),
  severity: Type.Enum(['info', 'low', 'medium', 'high', 'critical']),
  /** Who: user name or client id, when known. */
  principal: Type.Optional(Type.String({ maxLength: 128 })),
  /** From where: address:port. */
  address: Type.Optional(Type.String({ maxLength: 128 })),
  /** What it is about: endpoint, node id, topic, tag. */
  subject: Type.Optional(Type.String({ maxLength: 512 })),
  equipment: Type.Optional(Type.String({ maxLength: 256 })),
  message: Type.String({ maxLength: 1024 }),
  detail: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
  ),
});
export type SystemEvent = Static<typeof SystemEvent>;
export type EventKind = SystemEvent['kind'];
