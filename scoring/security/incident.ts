import type { Alert, AlertSeverity, AlertSignal } from './alert.ts';
import { alertSeverities } from './alert.ts';
import { hostOf } from './signal.ts';

/** Alerts with something in common join one incident when no more than this lies between them. */
export const INCIDENT_GAP_MS = 900_000;
const MOST_LINKS = 12;
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.|localhost$|local$)/;

/** Alerts that are likely one story: same asset, same user, or same source within a quarter of an hour. */
export type Incident = {
  /** Id of its first alert. */
  readonly id: string;
  /** Epoch ms. */
  readonly first: number;
  readonly last: number;
  readonly severity: AlertSeverity;
  /** Open while one of its alerts is not closed. */
  readonly open: boolean;
  readonly assets: readonly string[];
  readonly principals: readonly string[];
  readonly hosts: readonly string[];
  /** In the order in which they began. */
  readonly alerts: readonly Alert[];
};

/** What alerts of one incident have in common with this signal. A service that only reports is nobody's accomplice. */
export function linksOf(signal: AlertSignal): string[] {
  const { seen, principal, equipment, subject } = signal;
  const who = seen === undefined ? principal : seen.principal;
  const host = seen?.address === undefined ? undefined : hostOf(seen.address);
  const endpoint = subject !== undefined && /^[a-z][a-z0-9+.]*:\/\//i.test(subject) ? subject : undefined;
  return [
    ...(equipment === undefined || equipment === '' ? [] : [`asset:${equipment}`]),
    ...(endpoint === undefined ? [] : [`asset:${endpoint}`]),
    ...(who === undefined || who === '' ? [] : [`who:${who}`]),
    // Everything on this machine comes from the same address.
    ...(host === undefined || LOOPBACK.test(host) ? [] : [`from:${host}`]),
  ].map((link) => link.slice(0, 300));
}

/** Links of an alert after one more signal. */
export function joinLinks(known: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...known, ...more])].slice(0, MOST_LINKS);
}

/**
 * Remembers which incident was seen last with which link, so that a new alert finds its incident without reading the
 * store. Memory is bounded: what is older than the gap is forgotten.
 */
export type IncidentIndex = {
  /** Notes that an alert was active at an instant (epoch ms). */
  readonly note: (alert: Alert, at: number) => void;
  /** Incidents that share a link with a new alert, the oldest first; empty when it begins one of its own. */
  readonly find: (links: readonly string[], at: number) => string[];
};

type Seen = { incident: string; first: number; at: number };

/** Makes an index that knows the given alerts. */
export function createIncidentIndex(alerts: readonly Alert[] = []): IncidentIndex {
  const byLink = new Map<string, Seen>();
  const note = (alert: Alert, at: number): void => {
    const { incident = alert.id } = alert;
    for (const link of alert.links ?? []) {
      const before = byLink.get(link);
      byLink.delete(link);
      const first = before?.incident === incident ? before.first : alert.first;
      byLink.set(link, { incident, first, at: Math.max(at, before?.at ?? at) });
    }
    for (const [link, seen] of byLink) {
      if (at - seen.at <= INCIDENT_GAP_MS) break;
      byLink.delete(link);
    }
  };
  for (const alert of [...alerts].sort((one, other) => one.last - other.last)) note(alert, alert.last);
  return {
    note,
    find(links, at) {
      const found = links
        .map((link) => byLink.get(link))
        .filter((seen) => seen !== undefined)
        .filter((seen) => at - seen.at <= INCIDENT_GAP_MS)
        .sort((one, other) => one.first - other.first);
      return [...new Set(found.map(({ incident }) => incident))];
    },
  };
}

/** Incidents of these alerts, the one with the newest alert first. Alerts without an incident are one of their own. */
export function groupIncidents(alerts: readonly Alert[]): Incident[] {
  const groups = Map.groupBy(alerts, ({ incident, id }) => incident ?? id);
  return [...groups]
    .map(([id, members]): Incident => {
      const inOrder = [...members].sort((one, other) => one.first - other.first);
      const links = [...new Set(inOrder.flatMap((alert) => alert.links ?? []))];
      const named = (kind: string): string[] =>
        links.filter((link) => link.startsWith(`${kind}:`)).map((link) => link.slice(kind.length + 1));
      return {
        id,
        first: Math.min(...inOrder.map(({ first }) => first)),
        last: Math.max(...inOrder.map(({ last }) => last)),
        severity: inOrder
          .map(({ severity }) => severity)
          .reduce((worst, one) => (alertSeverities.indexOf(one) > alertSeverities.indexOf(worst) ? one : worst)),
        open: inOrder.some(({ review }) => review !== 'closed'),
        assets: named('asset'),
        principals: named('who'),
        hosts: named('from'),
        alerts: inOrder,
      };
    })
    .sort((one, other) => other.last - one.last || (one.id < other.id ? -1 : 1));
}
