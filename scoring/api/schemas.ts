import { Type, type Static } from 'typebox';
import { LocalText } from '../../broker/contract/plant.ts';
import { MachineState, TagRole } from '../../broker/contract/tag.ts';
import { alertDispositions, alertSeverities } from '../security/alert.ts';
import { equipmentLevels, windowSizes } from '../energy/window.ts';
import { Cursor, Instant, Next, nullable, Share } from './schema-parts.ts';

export { HealthAnswer } from './health-schemas.ts';
export { TargetAnswer, TargetView } from './target-schemas.ts';

/**
 * Answers of /api/v1. One schema serves validation, OpenAPI and the console's types.
 * Instants are ISO 8601 with the plant's offset; null is "no figure", never 0 for unknown.
 */
const FigureClass = Type.Enum(['A', 'B', 'C'], { description: 'Measured share: A >= 99 %, B >= 95 %, C >= 80 %.' });

export const LiveFiguresView = Type.Object({
  at: nullable(Instant),
  powerKw: nullable(Type.Number()),
  energyTodayKwh: nullable(Type.Number()),
  outputToday: nullable(Type.Number()),
  secToday: nullable(Type.Number({ description: 'kWh per equivalent unit since local midnight.' })),
  secHour: nullable(Type.Number({ description: 'kWh per equivalent unit over the last full hour.' })),
  secReason: nullable(Type.Enum(['no-output', 'no-energy', 'low-coverage'])),
  idleShareToday: nullable(Share),
  coverageToday: nullable(Share),
  classToday: nullable(FigureClass),
  anomalyScore: nullable(Share),
  anomalyReason: nullable(Type.String()),
  anomalyAlarm: Type.Boolean(),
});
export type LiveFiguresView = Static<typeof LiveFiguresView>;

export const EquipmentView = Type.Object({
  path: Type.String({ description: 'area/line/equipment; "" is the site.' }),
  parent: nullable(Type.String()),
  level: Type.Enum(equipmentLevels),
  name: Type.String(),
  displayName: LocalText,
  kind: nullable(Type.String()),
  state: nullable(MachineState),
  live: LiveFiguresView,
  tags: Type.Array(
    Type.Object({
      name: Type.String(),
      role: TagRole,
      unit: nullable(Type.String()),
      value: Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]),
      at: nullable(Instant),
      statusCode: Type.Integer(),
    }),
  ),
});
export type EquipmentView = Static<typeof EquipmentView>;

export const EquipmentAnswer = Type.Object({
  site: Type.Object({
    name: Type.String(),
    displayName: LocalText,
    enterprise: Type.String(),
    timezone: Type.String(),
  }),
  units: Type.Object({ power: Type.String(), energy: Type.String(), sec: Type.String() }),
  /** Site first, then depth first. */
  items: Type.Array(EquipmentView),
});
export type EquipmentAnswer = Static<typeof EquipmentAnswer>;

export const EnergyFigures = Type.Object({
  energyKwh: nullable(Type.Number()),
  output: nullable(Type.Number({ description: 'Good output in equivalent units.' })),
  scrap: nullable(Type.Number()),
  sec: nullable(Type.Number({ description: 'kWh per equivalent unit, ratio of sums.' })),
  reason: nullable(Type.Enum(['no-output', 'no-energy', 'low-coverage', 'no-data'])),
  idleKwh: nullable(Type.Number()),
  idleShare: nullable(Share),
  runHours: Type.Number(),
  idleHours: Type.Number(),
  offHours: Type.Number(),
  otherHours: Type.Number(),
  coverage: nullable(Share),
  estimatedShare: nullable(Share),
  worstGapSeconds: Type.Number(),
  unresolved: Type.Integer(),
  class: nullable(FigureClass),
});
export type EnergyFigures = Static<typeof EnergyFigures>;

export const EnergyPoint = Type.Object({
  ...EnergyFigures.properties,
  start: Instant,
  end: Instant,
  state: Type.Enum(['open', 'final']),
  revision: Type.Integer({ minimum: 0 }),
  kgceCalorific: nullable(Type.Number()),
  kgceEquivalent: nullable(Type.Number()),
});
export type EnergyPoint = Static<typeof EnergyPoint>;

export const EnergyQuery = Type.Object({
  path: Type.String({ default: '', description: 'Equipment path; empty = site.' }),
  from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: 24 windows back.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
  window: Type.Enum(windowSizes, { default: '1h' }),
});

const StandardCoalView = Type.Object({
  kgce: nullable(Type.Number()),
  kgcePerOutput: nullable(Type.Number()),
  reason: nullable(Type.String({ description: 'Why there is no figure.' })),
  factorSets: Type.Array(Type.Object({ id: Type.String(), edition: Type.String() })),
  source: nullable(Type.String()),
});

export const EnergyAnswer = Type.Object({
  path: Type.String(),
  window: Type.Enum(windowSizes),
  from: Instant,
  to: Instant,
  timezone: Type.String(),
  units: Type.Object({
    energy: Type.Literal('kW.h'),
    output: Type.Literal('{eq}'),
    sec: Type.Literal('kW.h/{eq}'),
    standardCoal: Type.Literal('kgce'),
  }),
  totals: EnergyFigures,
  standardCoal: Type.Object(
    { calorific: StandardCoalView, equivalent: StandardCoalView },
    { description: 'The totals in kgce, calorific (当量) and equivalent (等价) value side by side.' },
  ),
  points: Type.Array(EnergyPoint),
});
export type EnergyAnswer = Static<typeof EnergyAnswer>;

export const ContributionView = Type.Object({
  tag: Type.String(),
  share: Share,
  value: Type.Number(),
  expected: Type.Number(),
  unit: Type.Optional(Type.String()),
});

export const EpisodeView = Type.Object({
  id: Type.String(),
  path: Type.String(),
  from: Instant,
  to: nullable(Instant),
  peakScore: Share,
  peakAt: Instant,
  context: Type.String(),
  model: Type.String(),
  contributions: Type.Array(ContributionView),
});
export type EpisodeView = Static<typeof EpisodeView>;

/** An episode of a list. */
export const ListedEpisode = Type.Object({
  ...EpisodeView.properties,
  nearestEarlier: nullable(
    Type.Object(
      { id: Type.String(), from: Instant, likeness: Share },
      { description: 'Earlier episode of the machine whose sensors took part most alike; null where none is like it.' },
    ),
  ),
});

export const AnomalyQuery = Type.Object({
  path: Type.String({ default: '', description: 'Equipment path with all below it; empty = site.' }),
  from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: 7 days back.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
  limit: Type.Integer({ default: 100, minimum: 1, maximum: 1000, description: 'Most episodes to answer with.' }),
  cursor: Cursor,
});

export const AnomalyAnswer = Type.Object({
  threshold: Share,
  items: Type.Array(ListedEpisode, { description: 'Episodes that overlap the range, newest first.' }),
  next: Next,
  /** Only when one equipment path is asked for. */
  series: Type.Optional(
    Type.Array(
      Type.Object({ at: Instant, score: nullable(Share), reason: nullable(Type.String()), alarm: Type.Boolean() }),
    ),
  ),
});
export type AnomalyAnswer = Static<typeof AnomalyAnswer>;

export const AlertView = Type.Object({
  id: Type.String(),
  rule: Type.String(),
  severity: Type.Enum(alertSeverities),
  condition: Type.Enum(['active', 'cleared']),
  review: Type.Enum(['new', 'acknowledged', 'closed']),
  title: Type.Object({ en: Type.String(), zh: Type.String() }),
  message: Type.String(),
  equipment: nullable(Type.String()),
  subject: nullable(Type.String()),
  technique: nullable(Type.Object({ id: Type.String(), name: Type.String() })),
  first: Instant,
  last: Instant,
  count: Type.Integer(),
  acknowledgedBy: nullable(Type.String()),
  acknowledgedAt: nullable(Instant),
  disposition: nullable(Type.Enum(alertDispositions)),
  assignee: nullable(Type.String()),
  shelvedUntil: nullable(Instant),
  version: Type.Integer({ description: 'Raised by each decision of a person.' }),
  principal: nullable(Type.String({ description: 'User, client or reporting service.' })),
  incident: nullable(Type.String({ description: 'Alerts with the same value belong together.' })),
  flood: nullable(Type.String({ description: 'Id of the alert that stands for the flood this one is folded into.' })),
  episode: nullable(
    Type.Object(
      {
        from: Instant,
        to: nullable(Instant),
        alerts: Type.Integer(),
        signals: Type.Integer(),
        peak: Type.Integer({ description: 'Most new alerts in any ten minutes.' }),
        assets: Type.Integer(),
        firstOut: Type.String({ description: 'Id of the alert with which it began.' }),
        rules: Type.Array(Type.Object({ rule: Type.String(), alerts: Type.Integer() })),
      },
      { description: 'Only of an alert that stands for a flood.' },
    ),
  ),
  learnable: Type.Boolean({ description: 'Whether it can be closed as an expected change that is learned.' }),
});
export type AlertView = Static<typeof AlertView>;
export const AlertQuery = Type.Object({
  open: Type.Optional(Type.Boolean({ description: 'true: only what nobody has closed; false: all.' })),
  equipment: Type.Optional(Type.String({ description: 'Equipment path.' })),
  incident: Type.Optional(Type.String({ maxLength: 128, description: 'Only alerts of this incident.' })),
  flood: Type.Optional(
    Type.String({ maxLength: 128, description: 'Only alerts folded into this flood; without it they are left out.' }),
  ),
  limit: Type.Integer({ default: 100, minimum: 1, maximum: 1000 }),
  cursor: Cursor,
});
export const AlertAnswer = Type.Object({ items: Type.Array(AlertView), next: Next });
export type AlertAnswer = Static<typeof AlertAnswer>;

/** RFC 9457. */
export const ProblemDetails = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
});
export type ProblemDetails = Static<typeof ProblemDetails>;

/** Body of a sign-in. */
export const SignIn = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 512, description: 'API token from the data folder.' }) },
  { additionalProperties: false },
);

/** Payload of the live event `equipment`: the objects whose figures changed. */
export const EquipmentEvent = Type.Object({ items: Type.Array(EquipmentView) });
export type EquipmentEvent = Static<typeof EquipmentEvent>;
