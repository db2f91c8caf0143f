import { Type, type Static } from 'typebox';
import { alertDispositions, alertSeverities } from '../security/alert.ts';
import { MOST_SHELVED_HOURS, reviewActions } from '../security/review.ts';
import { Instant, nullable } from './schema-parts.ts';

/** Body of a decision about an alert. */
export const ReviewBody = Type.Object(
  {
    action: Type.Enum(reviewActions),
    reason: Type.Optional(
      Type.String({ maxLength: 2000, description: 'Text of a comment; needed to close, re-open and shelve.' }),
    ),
    disposition: Type.Optional(Type.Enum(alertDispositions)),
    assignee: Type.Optional(Type.String({ maxLength: 128, description: 'Empty: nobody.' })),
    hours: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: MOST_SHELVED_HOURS })),
    version: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The version that was seen; 409 when the alert has moved on.' }),
    ),
  },
  { additionalProperties: false },
);

export const HistoryAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      sequence: Type.Integer(),
      at: Instant,
      by: Type.String(),
      from: Type.String(),
      action: Type.String(),
      reason: Type.String(),
      hash: Type.String(),
    }),
  ),
  /** Whether the whole trail holds. */
  trail: Type.Object({
    holds: Type.Boolean(),
    brokenAt: nullable(Type.Integer()),
    reason: nullable(Type.String()),
  }),
});
export type HistoryAnswer = Static<typeof HistoryAnswer>;

export const CoverageAnswer = Type.Object({
  techniques: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      state: Type.Enum(['seen', 'testable', 'failing']),
      rules: Type.Array(Type.String()),
    }),
  ),
  rules: Type.Array(
    Type.Object({
      rule: Type.String(),
      severity: Type.Enum(alertSeverities),
      title: Type.Object({ en: Type.String(), zh: Type.String() }),
      technique: nullable(Type.String()),
      catalogue: Type.Array(Type.String()),
      source: Type.String(),
      evidence: Type.String(),
      falsePositives: Type.String(),
      selfTest: Type.Object({ triggered: Type.Boolean(), quiet: Type.Boolean() }),
    }),
  ),
});
