import { alertSeverities, type Alert, type AlertSeverity } from './alert.ts';
import { isShelved } from './review.ts';

export const MEASURE_WINDOW_MS = 600_000;
/** New alerts in ten minutes from which one speaks of a flood (ISA-18.2, as quoted by OPC UA Part 9 users). */
export const FLOOD_RATE = 10;
const STALE_MS = 86_400_000;
const MOST_FREQUENT = 10;

/** How many alerts people have to bear. The members are named after AlarmMetricsType of OPC 10000-9. */
export type AlarmMeasures = {
  /** Alerts that began in the time looked at. */
  readonly alarmCount: number;
  /** New alerts within the last ten minutes, the most in any ten minutes, and the mean of all. */
  readonly currentAlarmRate: number;
  readonly maximumAlarmRate: number;
  readonly averageAlarmRate: number;
  /** Share of the ten-minute spans with ten new alerts or more, [0,1]. */
  readonly floodShare: number;
  /** Active and not closed now; `stale`: for more than a day. */
  readonly standing: number;
  readonly stale: number;
  readonly shelved: number;
  readonly unacknowledged: number;
  /** Longest time an alert that is active now has been so, and that a new one has waited for a person, ms. */
  readonly maximumActiveMs: number;
  readonly maximumUnacknowledgedMs: number;
  /** Median time from beginning to acknowledgement, ms; null when nothing was acknowledged. */
  readonly medianAcknowledgeMs: number | null;
  readonly bySeverity: Readonly<Record<AlertSeverity, number>>;
  /** Rules that raised most: new alerts, occurrences, share of the new alerts, and of closed ones that were false. */
  readonly mostFrequent: readonly {
    readonly rule: string;
    readonly alerts: number;
    readonly occurrences: number;
    readonly share: number;
    readonly falsePositives: number;
  }[];
  /** New alerts in each ten minutes, oldest first. */
  readonly spans: readonly { readonly from: number; readonly alerts: number }[];
};

/**
 * Measures of the alerts that began between two instants (epoch ms); what stands is as of `to`. `alerts` are all that
 * began in that time or are still open.
 */
export function alarmMeasures(
  alerts: readonly Alert[],
  { from, to }: { readonly from: number; readonly to: number },
): AlarmMeasures {
  const begun = alerts.filter(({ first }) => first >= from && first <= to);
  const spanCount = Math.max(1, Math.ceil((to - from) / MEASURE_WINDOW_MS));
  const spans = Array.from({ length: spanCount }, (_, index) => ({
    from: to - (spanCount - index) * MEASURE_WINDOW_MS,
    alerts: 0,
  }));
  for (const { first } of begun) {
    const span = spans[Math.min(spanCount - 1, Math.floor((first - (spans[0]?.from ?? 0)) / MEASURE_WINDOW_MS))];
    if (span !== undefined) span.alerts += 1;
  }
  const open = alerts.filter(({ review, first }) => review !== 'closed' && first <= to);
  const active = open.filter(({ condition }) => condition === 'active');
  const waiting = open.filter(({ review }) => review === 'new');
  const times = begun.flatMap(({ acknowledgedAt, first }) =>
    acknowledgedAt === undefined ? [] : [acknowledgedAt - first],
  );
  return {
    alarmCount: begun.length,
    currentAlarmRate: begun.filter(({ first }) => first > to - MEASURE_WINDOW_MS).length,
    maximumAlarmRate: busiest(begun.map(({ first }) => first)),
    averageAlarmRate: begun.length / spanCount,
    floodShare: spans.filter((span) => span.alerts >= FLOOD_RATE).length / spanCount,
    standing: active.length,
    stale: active.filter(({ first }) => to - first > STALE_MS).length,
    shelved: open.filter((alert) => isShelved(alert, to)).length,
    unacknowledged: waiting.length,
    maximumActiveMs: longest(active, to),
    maximumUnacknowledgedMs: longest(waiting, to),
    medianAcknowledgeMs: median(times),
    bySeverity: Object.fromEntries(
      alertSeverities.map((severity) => [severity, begun.filter((alert) => alert.severity === severity).length]),
    ) as Record<AlertSeverity, number>,
    mostFrequent: mostFrequent(begun),
    spans,
  };
}

function mostFrequent(begun: readonly Alert[]): AlarmMeasures['mostFrequent'] {
  return [...Map.groupBy(begun, ({ rule }) => rule)]
    .map(([rule, alerts]) => {
      const closed = alerts.filter(({ review }) => review === 'closed');
      const wrong = closed.filter(({ disposition }) => disposition === 'false-positive');
      return {
        rule,
        alerts: alerts.length,
        occurrences: alerts.reduce((sum, { count }) => sum + count, 0),
        share: alerts.length / begun.length,
        falsePositives: closed.length === 0 ? 0 : wrong.length / closed.length,
      };
    })
    .sort((one, other) => other.alerts - one.alerts || other.occurrences - one.occurrences)
    .slice(0, MOST_FREQUENT);
}

/** Most instants in any ten minutes. */
function busiest(times: readonly number[]): number {
  const inOrder = [...times].sort((one, other) => one - other);
  let most = 0;
  let start = 0;
  for (const [index, at] of inOrder.entries()) {
    while (at - (inOrder[start] ?? at) >= MEASURE_WINDOW_MS) start += 1;
    most = Math.max(most, index - start + 1);
  }
  return most;
}

function longest(alerts: readonly Alert[], to: number): number {
  return alerts.reduce((most, { first }) => Math.max(most, to - first), 0);
}

function median(values: readonly number[]): number | null {
  const inOrder = [...values].sort((one, other) => one - other);
  return inOrder[Math.floor((inOrder.length - 1) / 2)] ?? null;
}
