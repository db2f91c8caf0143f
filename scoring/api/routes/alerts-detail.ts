import { Type } from 'typebox';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { alarmMeasures } from '../../security/alarm-measures.ts';
import type { Alert } from '../../security/alert.ts';
import type { EvidenceMoment } from '../../security/evidence.ts';
import { groupIncidents } from '../../security/incident.ts';
import { ATTACK_VERSION } from '../../security/rules.ts';
import type { AlertStore } from '../../store/metric-store.ts';
import {
  AlertDetail,
  IncidentAnswer,
  IncidentQuery,
  MeasureAnswer,
  MeasureQuery,
  type MomentView,
} from '../alert-schemas.ts';
import { viewAlert } from '../views.ts';
import type { ZoneTime } from '../zone-time.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const HOUR_MS = 3_600_000;
const PAGE = 1000;
/** Alerts that measures and incidents look through at most. */
const MOST_ALERTS = 20_000;

/** One alert with its evidence, the incidents alerts belong to, and how many alerts there are. */
export function alertDetailRoutes(app: ApiApp, { alerts, view, time, now }: RouteDeps): void {
  app.get(
    '/api/v1/alerts/:id',
    {
      schema: {
        tags: ['security'],
        summary: 'An alert with what is kept as evidence',
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) }),
        response: { 200: AlertDetail, ...problemAnswers },
      },
    },
    async ({ params }): Promise<AlertDetail> => {
      const alert = await alerts.get(params.id);
      if (alert === null) throw new JoulegateError('NOT_FOUND', `there is no alert "${params.id}"`);
      const evidence = await view.evidence(alert);
      return {
        ...viewAlert(alert, time),
        ruleVersion: alert.ruleVersion ?? '1',
        attackVersion: evidence?.attackVersion ?? ATTACK_VERSION,
        evidence:
          evidence === null
            ? null
            : { ...evidence, moments: evidence.moments.map((moment) => viewMoment(moment, time)) },
      };
    },
  );
  app.get(
    '/api/v1/incidents',
    {
      schema: {
        tags: ['security'],
        summary: 'Alerts that belong together: same asset, user or source within a quarter of an hour; newest first',
        querystring: IncidentQuery,
        response: { 200: IncidentAnswer, ...problemAnswers },
      },
    },
    async ({ query }): Promise<IncidentAnswer> => {
      const found = await alerts.list({ limit: PAGE });
      const items = groupIncidents(found)
        .filter((incident) => incident.alerts.length >= query.least && (query.open !== true || incident.open))
        .slice(0, query.limit)
        .map((incident) => ({
          ...incident,
          first: time.toIso(incident.first),
          last: time.toIso(incident.last),
          assets: [...incident.assets],
          principals: [...incident.principals],
          hosts: [...incident.hosts],
          alerts: incident.alerts.map((alert) => viewAlert(alert, time)),
        }));
      return { items, searched: found.length };
    },
  );
  app.get(
    '/api/v1/alarm-measures',
    {
      schema: {
        tags: ['security'],
        summary: 'How many alerts there are: per ten minutes, standing, most frequent',
        querystring: MeasureQuery,
        response: { 200: MeasureAnswer, ...problemAnswers },
      },
    },
    async ({ query }): Promise<MeasureAnswer> => {
      const to = now();
      const from = to - query.hours * HOUR_MS;
      const { found, complete } = await allSince(alerts, from);
      const { bySeverity, mostFrequent, spans, ...figures } = alarmMeasures(found, { from, to });
      return {
        from: time.toIso(from),
        to: time.toIso(to),
        complete,
        ...figures,
        bySeverity: { ...bySeverity },
        mostFrequent: [...mostFrequent],
        spans: spans.map((span) => ({ from: time.toIso(span.from), alerts: span.alerts })),
      };
    },
  );
}

/** Alerts with a sign of them since an instant, and older ones that are still open, page by page. */
async function allSince(
  alerts: AlertStore,
  from: number,
): Promise<{ readonly found: readonly Alert[]; readonly complete: boolean }> {
  const found = new Map<string, Alert>();
  for (const open of [false, true]) {
    let after: { readonly at: number; readonly id: string } | undefined;
    for (;;) {
      const page = await alerts.list({ open, limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const alert of page) found.set(alert.id, alert);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE || (!open && last.last < from)) break;
      if (found.size >= MOST_ALERTS) return { found: [...found.values()], complete: false };
      after = { at: last.last, id: last.id };
    }
  }
  return { found: [...found.values()], complete: true };
}

function viewMoment(moment: EvidenceMoment, time: ZoneTime): MomentView {
  const { event, values, series, clock } = moment;
  return {
    at: time.toIso(moment.at),
    event:
      event === null
        ? null
        : {
            id: event.id,
            kind: event.kind,
            service: event.service,
            source: event.source,
            principal: event.principal ?? null,
            address: event.address ?? null,
            subject: event.subject ?? null,
            message: event.message,
            detail: event.detail ?? {},
          },
    message: moment.message,
    certificates: [...moment.certificates],
    values: values.map((value) => ({ ...value, at: value.at === null ? null : time.toIso(value.at) })),
    series:
      series === null
        ? null
        : {
            sensors: [...series.sensors],
            rows: series.rows.map((row) => ({ at: time.toIso(row.at), values: [...row.values] })),
          },
    clock: {
      receivedAt: time.toIso(clock.receivedAt),
      offsetMs: clock.offsetMs,
      servers: clock.servers.map((server) => ({ ...server })),
    },
  };
}
