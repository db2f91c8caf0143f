import { DateTime } from 'luxon';
import { alertSeverities, type Alert, type AlertSeverity } from '../security/alert.ts';
import type { RecipientSection } from './config.ts';

/** What is told of an alert: that it began (or got worse), or that it is over. */
export type NotificationKind = 'raised' | 'cleared';

/** What a recipient was last told of an alert. */
export type Told = { readonly severity: AlertSeverity; readonly kind: NotificationKind };

export type Decision =
  | { readonly kind: 'now' }
  /** Told together with others from this instant on, epoch ms. */
  | { readonly kind: 'later'; readonly at: number }
  | { readonly kind: 'never' };

const rank = (severity: AlertSeverity): number => alertSeverities.indexOf(severity);

/**
 * Which news an alert is to somebody who was told `told` of it; null when it is none. Another occurrence of a known alert is no
 * news, a higher severity is, and so is its return after it was over.
 */
export function newsOf(alert: Alert, told: Told | undefined, recipient: RecipientSection): NotificationKind | null {
  if (rank(alert.severity) < rank(recipient.minimumSeverity) || !concerns(alert, recipient)) return null;
  if (alert.condition === 'cleared' || alert.review === 'closed')
    return recipient.cleared && told?.kind === 'raised' ? 'cleared' : null;
  if (alert.review === 'acknowledged') return null;
  if (told === undefined || told.kind === 'cleared') return 'raised';
  return rank(alert.severity) > rank(told.severity) ? 'raised' : null;
}

/** Alerts of no equipment concern everybody. */
function concerns({ equipment }: Alert, recipient: RecipientSection): boolean {
  if (recipient.equipment === undefined || equipment === undefined) return true;
  return recipient.equipment.some((path) => equipment === path || equipment.startsWith(`${path}/`));
}

const HOUR_MS = 3_600_000;

/**
 * When news is told: at once, at the end of the quiet hours, or an hour after the first of too many messages.
 * @param sent instants of the messages of the last hour, oldest first
 */
export function whenToTell(
  severity: AlertSeverity,
  recipient: RecipientSection,
  { at, zone, sent }: { readonly at: number; readonly zone: string; readonly sent: readonly number[] },
): Decision {
  const { quietHours, perHour } = recipient;
  const isUrgent = quietHours?.except !== undefined && rank(severity) >= rank(quietHours.except);
  const end = quietHours === undefined || isUrgent ? null : quietUntil(at, quietHours, zone);
  if (end !== null) return { kind: 'later', at: end };
  const recent = sent.filter((one) => one > at - HOUR_MS);
  if (recent.length < perHour) return { kind: 'now' };
  return { kind: 'later', at: (recent[0] ?? at) + HOUR_MS };
}

/** End of the quiet hours an instant lies in, epoch ms; null outside. Hours that end before they begin cross midnight. */
export function quietUntil(
  at: number,
  { from, to }: { readonly from: string; readonly to: string },
  zone: string,
): number | null {
  if (from === to) return null;
  const local = DateTime.fromMillis(at, { zone });
  const on = (day: DateTime, time: string): DateTime => {
    const [hour = 0, minute = 0] = time.split(':').map(Number);
    return day.startOf('day').set({ hour, minute });
  };
  for (const day of [local.minus({ days: 1 }), local]) {
    const start = on(day, from);
    const end = on(to > from ? day : day.plus({ days: 1 }), to);
    if (start <= local && local < end) return end.toMillis();
  }
  return null;
}
