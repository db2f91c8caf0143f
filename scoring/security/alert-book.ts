import { alertSeverities, type Alert, type AlertSeverity, type AlertSignal } from './alert.ts';
import { joinLinks, linksOf } from './incident.ts';
import { endOf } from './rules.ts';

/** After this long without a sign of it, an alert that comes back is a new one. */
export const QUIET_MS = 86_400_000;

/** Occurrences with the same rule, equipment, principal and subject are one alert. */
export function alertKey(signal: Pick<AlertSignal, 'rule' | 'equipment' | 'principal' | 'subject'>): string {
  return JSON.stringify([signal.rule, signal.equipment ?? '', signal.principal ?? '', signal.subject ?? '']);
}

/**
 * The alert after one more signal, to be saved as it is; null when there is nothing to save (a `cleared` signal
 * that finds no active alert). `open` is the newest alert with the signal's key that is not closed.
 *
 * A recurrence keeps the row: count, last, the worst severity and the newest message. It is a new row after
 * the old one was closed or quiet for 24 h. What comes back after it had cleared, or comes back worse, has to be
 * acknowledged again. A `cleared` signal only changes the condition, never the review. `times`: equal signals that
 * came together and are counted at once.
 */
export function applySignal(
  open: Alert | null,
  signal: AlertSignal,
  id: () => string,
  times: number = 1,
): Alert | null {
  switch (signal.condition) {
    case 'cleared':
      if (open === null || open.review === 'closed' || open.condition === 'cleared') return null;
      return { ...open, condition: 'cleared', last: Math.max(open.last, signal.at) };
    case 'active':
      return open === null || isOver(open, signal.at)
        ? firstOccurrence(signal, id(), times)
        : recurrence(open, signal, times);
    default:
      return signal.condition satisfies never;
  }
}

/** A person has seen it. What is already acknowledged or closed stays as it is, with the first name. */
export function acknowledge(alert: Alert, by: string, at: number): Alert {
  switch (alert.review) {
    case 'new':
      return { ...alert, review: 'acknowledged', acknowledgedBy: by, acknowledgedAt: at };
    case 'acknowledged':
    case 'closed':
      return alert;
    default:
      return alert.review satisfies never;
  }
}

/** A person is done with it; a recurrence is a new alert. Closing what nobody acknowledged acknowledges it too. */
export function closeAlert(alert: Alert, by: string, at: number): Alert {
  return { ...acknowledge(alert, by, at), review: 'closed' };
}

function firstOccurrence(signal: AlertSignal, id: string, times: number): Alert {
  const { at, seen: _, ...said } = signal;
  const links = linksOf(signal);
  const common = links.length === 0 ? {} : { links };
  return { ...said, ...common, id, key: alertKey(signal), review: 'new', first: at, last: at, count: times };
}

function recurrence(open: Alert, signal: AlertSignal, times: number): Alert {
  const severity = worse(open.severity, signal.severity);
  const renewed = open.condition === 'cleared' || severity !== open.severity;
  const { acknowledgedBy: _by, acknowledgedAt: _at, ...unread } = open;
  const links = joinLinks(open.links ?? [], linksOf(signal));
  return {
    ...(renewed ? { ...unread, review: 'new' as const } : open),
    severity,
    condition: 'active',
    title: signal.title,
    message: signal.message,
    first: Math.min(open.first, signal.at),
    last: Math.max(open.last, signal.at),
    count: open.count + times,
    ...(links.length === 0 ? {} : { links }),
    ...(signal.learn === undefined ? {} : { learn: signal.learn }),
  };
}

function isOver(open: Alert, at: number): boolean {
  if (open.review === 'closed') return true;
  const stillSo = open.condition === 'active' && endOf(open.rule) === 'by-signal';
  return !stillSo && at - open.last >= QUIET_MS;
}

function worse(one: AlertSeverity, other: AlertSeverity): AlertSeverity {
  return alertSeverities.indexOf(one) >= alertSeverities.indexOf(other) ? one : other;
}
