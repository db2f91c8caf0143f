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
});
export type ServiceHealth = Static<typeof ServiceHealth>;
