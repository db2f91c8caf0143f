import type { ServiceHealth, Problem } from '../broker/contract/health.ts';
import type { LocalText } from '../broker/contract/plant.ts';
import type { MachineState, TagDescription, TagRole } from '../broker/contract/tag.ts';
import type { AnomalyEpisode, NoScoreReason } from './anomaly/score.ts';
import type { MachineMeter } from './energy/meter-fit.ts';
import type { EquipmentLevel, FigureClass } from './energy/window.ts';
import type { Alert } from './security/alert.ts';
import type { AuditEntry, TrailVerdict } from './security/audit-trail.ts';
import type { AlertEvidence } from './security/evidence.ts';
import type { ReviewDecision } from './security/review.ts';
import type { TargetReport } from './energy/target.ts';

/** Live figures of one object of the tree. null = no figure, never 0 for unknown. */
export type LiveFigures = {
  /** Event time of the newest value, epoch ms; null before the first. */
  readonly at: number | null;
  readonly powerKw: number | null;
  /** Since local midnight. */
  readonly energyTodayKwh: number | null;
  readonly outputToday: number | null;
  /** kWh per equivalent unit since local midnight. */
  readonly secToday: number | null;
  /** kWh per equivalent unit over the last full hour. */
  readonly secHour: number | null;
  /** Why secToday is null. */
  readonly secReason: 'no-output' | 'no-energy' | 'low-coverage' | null;
  readonly idleShareToday: number | null;
  /** Measured share of the energy time today, [0,1]. */
  readonly coverageToday: number | null;
  readonly classToday: FigureClass | null;
  readonly anomalyScore: number | null;
  readonly anomalyReason: NoScoreReason | null;
  readonly anomalyAlarm: boolean;
};

export type TagView = {
  readonly name: string;
  readonly role: TagRole;
  readonly unit: string | null;
  readonly value: number | string | boolean | null;
  readonly at: number | null;
  /** OPC UA status code of the newest value; 0 = Good. */
  readonly statusCode: number;
};

/** One object of the equipment tree; `parent` is null for the site. */
export type EquipmentNode = {
  readonly path: string;
  readonly parent: string | null;
  readonly level: EquipmentLevel;
  readonly name: string;
  readonly displayName: LocalText;
  readonly kind: string | null;
  /** Equipment only. */
  readonly state: MachineState | null;
  readonly live: LiveFigures;
  readonly tags: readonly TagView[];
};

export type PlantHealth = {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly services: readonly ServiceHealth[];
  readonly problems: readonly Problem[];
};

export type LiveEvent =
  | { readonly kind: 'equipment'; readonly nodes: readonly EquipmentNode[] }
  | { readonly kind: 'anomaly'; readonly episode: AnomalyEpisode }
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'health'; readonly health: PlantHealth };

/** Who decides about an alert: the way the person came in, and the network address. */
export type Reviewer = { readonly by: string; readonly from: string };

/** A machine with its tags, as the metadata of its gateway has them. */
export type MachineDescription = {
  readonly path: string;
  readonly displayName: LocalText;
  readonly kind: string | null;
  readonly tags: readonly TagDescription[];
};

/** What the API shows of the running plant, beside what it reads from the store. */
export interface PlantView {
  readonly site: {
    readonly name: string;
    readonly displayName: LocalText;
    readonly enterprise: string;
    readonly timezone: string;
  };
  /** Site first, then areas, lines, equipment in tree order. */
  equipment(): readonly EquipmentNode[];
  /** Every machine as its gateway describes it, by path. */
  descriptions(): readonly MachineDescription[];
  /** Rated power and meter of every machine that is known. */
  meters(): readonly MachineMeter[];
  health(): PlantHealth;
  targets(): Promise<readonly TargetReport[]>;
  /** Applies a person's decision and keeps it in the audit trail first. @throws JoulegateError NOT_FOUND, CONFLICT, PAYLOAD_INVALID, STORE_FAILED. */
  review(alertId: string, decision: ReviewDecision, who: Reviewer): Promise<Alert>;
  /** What is kept with an alert; null for alerts of releases that kept none. */
  evidence(alert: Alert): Promise<AlertEvidence | null>;
  /** The audit trail of all alerts, and whether it holds. @throws JoulegateError STORE_FAILED. */
  trail(): Promise<{ readonly entries: readonly AuditEntry[]; readonly verdict: TrailVerdict }>;
  /** Calls the listener for every live event until the returned function is called. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}
