import type { BaselineFact } from './baseline/fact.ts';
import type { SeenEvent } from './evidence.ts';

/** Severity in the words of OCSF. */
export const alertSeverities = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

/** What an alert turned out to be. */
export const alertDispositions = ['incident', 'expected-change', 'false-positive', 'duplicate', 'test'] as const;
export type AlertDisposition = (typeof alertDispositions)[number];

/**
 * Two axes that are never mixed: the condition (is it still so?) and the review (has a person looked at it?).
 * After ISA-18.2 and OPC UA Part 9.
 */
export type Alert = {
  readonly id: string;
  /** rule + asset + principal: occurrences with the same key are one alert. */
  readonly key: string;
  readonly rule: string;
  readonly severity: AlertSeverity;
  readonly condition: 'active' | 'cleared';
  readonly review: 'new' | 'acknowledged' | 'closed';
  readonly title: { readonly en: string; readonly zh: string };
  readonly message: string;
  readonly equipment?: string;
  /** Node id, topic, address or tag the alert is about. */
  readonly subject?: string;
  /** Version of the rule that raised it; absent in alerts of older releases. */
  readonly ruleVersion?: string;
  /** ATT&CK for ICS technique, pinned to version 18.1. */
  readonly technique?: { readonly id: string; readonly name: string };
  /** Epoch ms. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly acknowledgedBy?: string;
  readonly acknowledgedAt?: number;
  /** Why it was closed. */
  readonly disposition?: AlertDisposition;
  readonly assignee?: string;
  /** Put aside by a person until `until` (epoch ms); it still counts and is kept. */
  readonly shelved?: { readonly by: string; readonly reason: string; readonly until: number };
  /** Raised by each decision of a person; absent is 0. */
  readonly version?: number;
  /** Who did it: user, client or, for what a service saw, the service. */
  readonly principal?: string;
  /** What alerts of one incident have in common: `asset:`, `who:` and `from:` with a name, at most 12. */
  readonly links?: readonly string[];
  /** Alerts with the same value belong to one incident: the id of its first alert. */
  readonly incident?: string;
  /** Raised while too many came at once: id of the alert that stands for the flood. */
  readonly flood?: string;
  /** Only on the alert that stands for a flood. */
  readonly episode?: FloodEpisode;
  /** What "expected change, learn" would add to the learned baseline. */
  readonly learn?: BaselineFact;
};

/** A time in which alerts came faster than people can read them. Times are epoch ms. */
export type FloodEpisode = {
  readonly from: number;
  /** null while it lasts. */
  readonly to: number | null;
  /** Alerts of low and medium severity that were folded into it, and the signals behind them. */
  readonly alerts: number;
  readonly signals: number;
  /** Most new alerts in any ten minutes. */
  readonly peak: number;
  /** Number of machines and other assets it touched. */
  readonly assets: number;
  /** Id of the alert with which it began. */
  readonly firstOut: string;
  /** Rules that raised most, with their alerts. */
  readonly rules: readonly { readonly rule: string; readonly alerts: number }[];
};

/** What a detection or an anomaly episode raises; the alert book turns it into a new alert or one more occurrence. */
export type AlertSignal = Pick<
  Alert,
  'rule' | 'ruleVersion' | 'severity' | 'title' | 'message' | 'equipment' | 'subject' | 'technique'
> & {
  readonly principal?: string;
  /** Epoch ms. */
  readonly at: number;
  readonly condition: 'active' | 'cleared';
  /** What the signal was read from; kept as evidence. */
  readonly seen?: SeenEvent;
  readonly learn?: BaselineFact;
};
