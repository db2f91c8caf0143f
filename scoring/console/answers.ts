import type { ApiGets } from './generated/api-types.ts';

/** The answer of a path below /api/v1. */
export type AnswerOf<Path extends keyof ApiGets> = ApiGets[Path]['answer'];

export type EquipmentAnswer = AnswerOf<'equipment'>;
export type EquipmentView = EquipmentAnswer['items'][number];
export type EnergyAnswer = AnswerOf<'energy'>;
export type AnomalyAnswer = AnswerOf<'anomalies'>;
export type EpisodeView = AnomalyAnswer['items'][number];
export type AlertAnswer = AnswerOf<'alerts'>;
export type AlertView = AlertAnswer['items'][number];
export type TargetAnswer = AnswerOf<'target'>;
export type TargetView = TargetAnswer['items'][number];
export type HealthAnswer = AnswerOf<'health'>;
export type SetupAnswer = AnswerOf<'setup'>;
export type DataQualityAnswer = AnswerOf<'data-quality'>;
export type RankingAnswer = AnswerOf<'ranking'>;
export type FlowAnswer = AnswerOf<'flow'>;
export type BaselineAnswer = AnswerOf<'baseline'>;
export type AccountAnswer = AnswerOf<'account'>;
export type MeterFitAnswer = AnswerOf<'meter-fit'>;
export type ModelsAnswer = AnswerOf<'models'>;
export type ValueAddedAnswer = AnswerOf<'value-added'>;

/** Payload of the live event `equipment`: the objects whose figures changed. */
export type EquipmentEvent = { readonly items: EquipmentView[] };

/** RFC 9457. */
export type ProblemDetails = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
};
