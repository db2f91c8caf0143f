import { Type, type Static } from 'typebox';
import { ConnectionHealth, Problem, ServiceHealth } from '../../broker/contract/health.ts';
import { Instant } from './schema-parts.ts';

const ProblemView = Type.Object({ ...Problem.properties, since: Instant });

/** Health of all services; on the wire between services instants are epoch ms, here they are ISO 8601. */
export const HealthAnswer = Type.Object({
  status: Type.Enum(['ok', 'degraded', 'down']),
  at: Instant,
  services: Type.Array(
    Type.Object({
      ...ServiceHealth.properties,
      at: Instant,
      problems: Type.Array(ProblemView),
      connections: Type.Optional(Type.Array(Type.Object({ ...ConnectionHealth.properties, since: Instant }))),
    }),
  ),
  problems: Type.Array(ProblemView),
});
export type HealthAnswer = Static<typeof HealthAnswer>;
