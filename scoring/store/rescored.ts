import type { AnomalyEpisode, AnomalyScore } from '../anomaly/score.ts';
import type { TimeRange } from './metric-store.ts';

/** A score that a later one has replaced. Revision 0 is the first there was; the newest is in the series of scores. */
export type ScoreRevision = { readonly revision: number } & AnomalyScore;

/** Electricity of one object on one local day in the units an officer signs, by the rules of the time it was written. */
export type Conversion = {
  readonly path: string;
  /** Start of the local day, epoch ms. */
  readonly day: number;
  readonly energyKwh: number;
  readonly output: number;
  /** 当量值, 等价值; null where no factor is valid. */
  readonly kgceCalorific: number | null;
  readonly kgceEquivalent: number | null;
  readonly kgCO2: number | null;
  /** Yuan; null without a price. */
  readonly cost: number | null;
  /** Sets of factors behind it, by id, and the tariff plan. */
  readonly factorSets: readonly string[];
  readonly tariff: string | null;
};

/** `writtenAt`: epoch ms. */
export type ConversionRevision = Conversion & { readonly revision: number; readonly writtenAt: number };

/** What was scored or converted anew: nothing is overwritten without being kept. */
export interface RescoredStore {
  /**
   * Replaces scores of one machine and its closed episodes that began in the range; those before are kept. One transaction.
   * `at`: when, epoch ms. @throws JoulegateError STORE_FAILED, with everything before intact.
   */
  replaceScores(
    path: string,
    batch: TimeRange & {
      readonly at: number;
      readonly scores: readonly AnomalyScore[];
      readonly episodes: readonly AnomalyEpisode[];
    },
  ): Promise<void>;
  /** Scores that were replaced, by time, then oldest first. */
  scoreRevisions(query: { readonly path: string } & TimeRange): Promise<ScoreRevision[]>;
  /** Episodes that were replaced, by their start. */
  replacedEpisodes(query: { readonly path: string } & TimeRange): Promise<AnomalyEpisode[]>;
  /** Keeps conversions as new revisions where they differ from the newest of their day. @returns how many did. */
  keepConversions(rows: readonly Conversion[], at: number): Promise<number>;
  /** All revisions, by day, then oldest first. */
  conversions(query: { readonly path: string } & TimeRange): Promise<ConversionRevision[]>;
}
