import { Type, type Static } from 'typebox';
import { alertSeverities } from '../security/alert.ts';
import { AlertView } from './schemas.ts';
import { Instant, nullable } from './schema-parts.ts';

const Scalar = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);

const Moment = Type.Object({
  at: Instant,
  event: nullable(
    Type.Object({
      id: Type.String(),
      kind: Type.String(),
      service: Type.String(),
      source: Type.String(),
      principal: nullable(Type.String()),
      address: nullable(Type.String()),
      subject: nullable(Type.String()),
      message: Type.String(),
      detail: Type.Record(Type.String(), Scalar),
    }),
  ),
  message: nullable(
    Type.Object({
      topic: Type.String(),
      bytes: nullable(Type.Integer()),
      sha256: nullable(Type.String({ description: 'Of the whole payload.' })),
      head: nullable(Type.String({ description: 'First 256 bytes, base64.' })),
    }),
  ),
  certificates: Type.Array(Type.String({ description: 'SHA-256 fingerprint.' })),
  values: Type.Array(
    Type.Object({
      tag: Type.String(),
      unit: nullable(Type.String()),
      value: Scalar,
      at: nullable(Instant),
      statusCode: Type.Integer(),
    }),
  ),
  series: nullable(
    Type.Object(
      {
        sensors: Type.Array(Type.String()),
        rows: Type.Array(Type.Object({ at: Instant, values: Type.Array(nullable(Type.Number())) })),
      },
      { description: 'Means of the sensors, half an hour before and, once it has passed, after.' },
    ),
  ),
  clock: Type.Object({
    receivedAt: Instant,
    offsetMs: Type.Number({ description: 'This clock less that of the reporter, with the way of the message in it.' }),
    servers: Type.Array(
      Type.Object({ gateway: Type.String(), server: Type.String(), skewMs: nullable(Type.Number()) }),
    ),
  }),
});
export type MomentView = Static<typeof Moment>;

/** An alert with everything that is kept of it. */
export const AlertDetail = Type.Intersect([
  AlertView,
  Type.Object({
    ruleVersion: Type.String(),
    attackVersion: Type.String(),
    evidence: nullable(
      Type.Object({
        rule: Type.Object({ id: Type.String(), version: Type.String() }),
        attackVersion: Type.String(),
        configHash: Type.String({ description: 'SHA-256 of the configuration without its secrets.' }),
        moments: Type.Array(Moment),
      }),
    ),
  }),
]);
export type AlertDetail = Static<typeof AlertDetail>;

export const IncidentQuery = Type.Object({
  open: Type.Optional(Type.Boolean({ description: 'true: only incidents with an alert that is not closed.' })),
  least: Type.Integer({ default: 2, minimum: 1, maximum: 1000, description: 'Least number of alerts.' }),
  limit: Type.Integer({ default: 50, minimum: 1, maximum: 500 }),
});

/** Alerts that are likely one story. */
export const IncidentAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      first: Instant,
      last: Instant,
      severity: Type.Enum(alertSeverities),
      open: Type.Boolean(),
      assets: Type.Array(Type.String()),
      principals: Type.Array(Type.String()),
      hosts: Type.Array(Type.String()),
      alerts: Type.Array(AlertView, { description: 'In the order in which they began.' }),
    }),
  ),
  /** Alerts that were looked through; older ones are in no incident here. */
  searched: Type.Integer(),
});
export type IncidentAnswer = Static<typeof IncidentAnswer>;

export const MeasureQuery = Type.Object({
  hours: Type.Number({ default: 24, minimum: 1, maximum: 744, description: 'How far to look back.' }),
});

/** How many alerts people have to bear, named after AlarmMetricsType of OPC 10000-9. */
export const MeasureAnswer = Type.Object({
  from: Instant,
  to: Instant,
  complete: Type.Boolean({ description: 'false: there were more alerts than were counted.' }),
  alarmCount: Type.Integer(),
  currentAlarmRate: Type.Integer({ description: 'New alerts in the last ten minutes.' }),
  maximumAlarmRate: Type.Integer(),
  averageAlarmRate: Type.Number(),
  floodShare: Type.Number({ description: 'Share of ten-minute spans with ten new alerts or more.' }),
  standing: Type.Integer(),
  stale: Type.Integer({ description: 'Active for more than 24 h.' }),
  shelved: Type.Integer(),
  unacknowledged: Type.Integer(),
  maximumActiveMs: Type.Number(),
  maximumUnacknowledgedMs: Type.Number(),
  medianAcknowledgeMs: nullable(Type.Number()),
  bySeverity: Type.Object({
    info: Type.Integer(),
    low: Type.Integer(),
    medium: Type.Integer(),
    high: Type.Integer(),
    critical: Type.Integer(),
  }),
  mostFrequent: Type.Array(
    Type.Object({
      rule: Type.String(),
      alerts: Type.Integer(),
      occurrences: Type.Integer(),
      share: Type.Number(),
      falsePositives: Type.Number({ description: 'Share of the closed ones.' }),
    }),
  ),
  spans: Type.Array(Type.Object({ from: Instant, alerts: Type.Integer() })),
});
export type MeasureAnswer = Static<typeof MeasureAnswer>;
