import type { ServiceHealth } from '../broker/contract/health.ts';
import type { TargetReport } from './energy/target.ts';
import type { Alert } from './security/alert.ts';
import type { SinkPoint } from './store/metric-store.ts';

/** An alert as a point at its first occurrence, so that every later state of it replaces the one before. */
export function alertPoint(alert: Alert): SinkPoint {
  const { id, rule, severity, equipment, condition, review, title, message, first, last, count } = alert;
  return {
    measurement: 'alert',
    tags: { path: equipment ?? '', rule, severity },
    fields: {
      id,
      open: review !== 'closed',
      active: condition === 'active',
      review,
      title: title.en,
      message,
      count,
      last_ms: last,
    },
    at: first,
  };
}

/** Figures of a service, and of a gateway one point for each OPC UA server. */
export function healthPoints({
  service,
  id,
  state,
  at,
  problems,
  figures,
  connections = [],
}: ServiceHealth): SinkPoint[] {
  const numbers = Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
  const bad = problems.filter(({ severity }) => severity !== 'info').length;
  return [
    {
      measurement: 'service_health',
      tags: { service, id },
      fields: { ...numbers, state, up: state === 'running' || state === 'degraded', problems: bad },
      at,
    },
    ...connections.map(({ name, state: connection, reason, tags, repairs, sessions }) => ({
      measurement: 'connection_health' as const,
      tags: { id, server: name },
      fields: {
        ...tags,
        state: connection,
        up: connection === 'running' || connection === 'polling',
        reason,
        repairs,
        sessions,
      },
      at,
    })),
  ];
}

/** Where a target stands, one point for each promised reduction. `at`: start of the day it is told for, epoch ms. */
export function targetPoints(report: TargetReport, at: number): SinkPoint[] {
  const known = (fields: Readonly<Record<string, number | null>>): Record<string, number> =>
    Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, number] => entry[1] !== null));
  return report.levels.map(({ reduction, targetSec, rawVerdict, adjustedVerdict }) => ({
    measurement: 'target',
    tags: { id: report.id, path: report.path, reduction: String(reduction) },
    fields: {
      ...known({
        base_sec: report.base.sec,
        current_sec: report.current.sec,
        target_sec: targetSec,
        raw_change: report.rawChange,
        adjusted_change: report.adjustedChange,
      }),
      raw_verdict: rawVerdict,
      adjusted_verdict: adjustedVerdict,
    },
    at,
  }));
}
