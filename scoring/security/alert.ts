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
};

/** What a detection or an anomaly episode raises; the alert book turns it into a new alert or one more occurrence. */
export type AlertSignal = Pick<
  Alert,
  'rule' | 'severity' | 'title' | 'message' | 'equipment' | 'subject' | 'technique'
> & {
  readonly principal?: string;
  /** Epoch ms. */
  readonly at: number;
  readonly condition: 'active' | 'cleared';
};
