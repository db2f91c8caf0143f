import type { Judgement } from './anomaly/detector.ts';
import type { MachineModel } from './anomaly/machine-model.ts';
import type { AnomalyEpisode } from './anomaly/score.ts';
import type { Boundaries } from './energy/boundaries.ts';
import type { LedgerIssue } from './energy/equipment-ledger.ts';
import type { DaySpan } from './energy/local-day.ts';
import type { AnomalyOptions } from './equipment-scorer.ts';
import type { SensorRow } from './store/metric-store.ts';

export type PipelineIssue = Omit<LedgerIssue, 'code'> & {
  readonly code: LedgerIssue['code'] | 'CLOCK_JUMP';
  readonly equipment: string;
};

export type PipelineOptions = {
  /** Main meters and independent objects; default: none. */
  readonly boundaries?: Boundaries;
  /** Tags whose means are kept, by equipment path; default: none. */
  readonly watched?: ReadonlyMap<string, ReadonlySet<string>>;
  readonly dayOf: (at: number) => DaySpan;
  readonly maxGapMs: number;
  readonly latenessMs: number;
  readonly anomaly: AnomalyOptions;
  readonly models: ReadonlyMap<string, MachineModel>;
  readonly onIssue: (issue: PipelineIssue) => void;
  readonly onEpisode: (episode: AnomalyEpisode) => void;
  readonly onModel: (path: string, model: MachineModel) => void;
  /** Every row of sensor means as it is made. @returns what a trained model in use says of it. */
  readonly onRow?: (row: SensorRow) => Judgement | null;
};
