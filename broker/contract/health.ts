import { Type, type Static } from 'typebox';

/** Something a person should look at: what is wrong, where, and what to do. */
export const Problem = Type.Object({
  /** Stable code, e.g. NODE_UNKNOWN. */
  code: Type.String(),
  severity: Type.Enum(['info', 'warning', 'error']),
  /** Who reports it: gateway, broker, scoring, store. */
  service: Type.String(),
  /** Place: endpoint, node id, tag, file:line, topic. */
  where: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
  /** Epoch ms of the first occurrence since it last was well. */
  since: Type.Integer(),
  /** Occurrences since then. */
  count: Type.Integer({ minimum: 1 }),
  /** Equipment path the problem touches, when there is one. */
  equipment: Type.Optional(Type.String()),
});
export type Problem = Static<typeof Problem>;

/** States of a connection to an OPC UA server. `running`: values flow or the server says that nothing changes. */
export const connectionStates = [
  'connecting',
  'running',
  'polling',
  'reconnecting',
  'refused',
  'unreachable',
  'stopped',
] as const;
const Count = Type.Integer({ minimum: 0 });

/** Where the connection to one OPC UA server stands, and its tags. */
export const ConnectionHealth = Type.Object({
  /** Name of the server section in plant.yaml. */
  name: Type.String(),
  state: Type.Enum(connectionStates),
  /** Why, in words; empty while running. */
  reason: Type.String(),
  since: Type.Integer({ description: 'Epoch ms.' }),
  /** 0 to 255 (OPC 10000-4 6.6.2.4.2); null before the server has told it. */
  serviceLevel: Type.Union([Type.Integer(), Type.Null()]),
  /** Clock of the server less ours, in ms; null when it does not tell the time. */
  clockSkewMs: Type.Union([Type.Number(), Type.Null()]),
  /** Number of tags by state. */
  tags: Type.Object({
    /** The last value was Good or Uncertain. */
    live: Count,
    /** No value yet. */
    waiting: Count,
    /** The last value was Bad. */
    bad: Count,
    /** The node cannot be read. */
    unknown: Count,
    /** The node is not what was configured; its values are held back. */
    quarantined: Count,
    /** The connection is not running. */
    offline: Count,
  }),
  /** How the tags are read. */
  reading: Type.Object({
    subscriptions: Count,
    /** Tags with a monitored item. */
    items: Count,
    /** Tags that are read in rounds, for want of subscriptions. */
    polled: Count,
  }),
  /** Sessions opened since the start of the gateway, and connections repaired within one. */
  sessions: Count,
  repairs: Count,
  /** Tags that are waiting, bad, unknown or quarantined; the first 50. */
  exceptions: Type.Array(
    Type.Object({ tag: Type.String(), state: Type.String(), reason: Type.Optional(Type.String()) }),
  ),
});
export type ConnectionHealth = Static<typeof ConnectionHealth>;

/** Retained per service on `joulegate/health/<service id>`. */
export const ServiceHealth = Type.Object({
  service: Type.Enum(['gateway', 'broker', 'scoring']),
  id: Type.String(),
  version: Type.String(),
  /** `degraded`: works, but at least one problem is open. */
  state: Type.Enum(['starting', 'running', 'degraded', 'stopped']),
  at: Type.Integer({ description: 'Epoch ms when this was written.' }),
  problems: Type.Array(Problem),
  /** Counters and gauges by name, e.g. valuesTotal, outboxDepth. */
  figures: Type.Record(Type.String(), Type.Number()),
  /** Of a gateway: one entry for each OPC UA server. */
  connections: Type.Optional(Type.Array(ConnectionHealth)),
});
export type ServiceHealth = Static<typeof ServiceHealth>;
