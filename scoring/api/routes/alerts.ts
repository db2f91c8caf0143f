import { Type } from 'typebox';
import { nextCursor, placeOf } from '../cursor.ts';
import { requireNode } from '../nearest-path.ts';
import { JoulegateError } from '../../../broker/contract/error.ts';
import type { TrailVerdict } from '../../security/audit-trail.ts';
import { coverage } from '../../security/coverage.ts';
import { AlertAnswer, AlertQuery, AlertView } from '../schemas.ts';
import { CoverageAnswer, HistoryAnswer, ReviewBody } from '../security-schemas.ts';
import { viewAlert } from '../views.ts';
import { alertDetailRoutes } from './alerts-detail.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const AlertId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });

/** Newest alerts that say which techniques have been seen. */
const SEEN_ALERTS = 1000;

/** Alerts, newest first, their review with its history, and what the rules cover. */
export function alertsRoutes(app: ApiApp, deps: RouteDeps): void {
  const { alerts, view, time, now } = deps;
  alertDetailRoutes(app, deps);
  app.get(
    '/api/v1/alerts',
    {
      schema: {
        tags: ['security'],
        summary: 'Alerts, newest first',
        querystring: AlertQuery,
        response: { 200: AlertAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      if (query.equipment !== undefined) requireNode(view, query.equipment);
      const { cursor, ...wanted } = query;
      const after = placeOf(cursor);
      const found = await alerts.list({ ...wanted, ...(after === undefined ? {} : { after }) });
      const next = nextCursor(
        found.map(({ last, id }) => ({ at: last, id })),
        query.limit,
      );
      return { items: found.map((alert) => viewAlert(alert, time)), next };
    },
  );
  app.post(
    '/api/v1/alerts/:id/acknowledge',
    {
      schema: {
        tags: ['security'],
        summary: 'Acknowledge an alert',
        description:
          'Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.',
        params: AlertId,
        response: { 200: AlertView, ...problemAnswers },
      },
    },
    async ({ params, caller, ip }) =>
      viewAlert(await view.review(params.id, { action: 'acknowledge' }, { by: caller, from: ip }), time),
  );
  app.post(
    '/api/v1/alerts/:id/review',
    {
      schema: {
        tags: ['security'],
        summary: 'Decide about an alert: close, re-open, assign, comment, shelve',
        description:
          'Every decision goes into the audit trail. Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.',
        params: AlertId,
        body: ReviewBody,
        response: { 200: AlertView, ...problemAnswers },
      },
    },
    async ({ params, body, caller, ip }) =>
      viewAlert(await view.review(params.id, body, { by: caller, from: ip }), time),
  );
  app.get(
    '/api/v1/alerts/:id/history',
    {
      schema: {
        tags: ['security'],
        summary: 'Every decision about an alert, oldest first',
        params: AlertId,
        response: { 200: HistoryAnswer, ...problemAnswers },
      },
    },
    async ({ params }) => {
      if ((await alerts.get(params.id)) === null) {
        throw new JoulegateError('NOT_FOUND', `there is no alert "${params.id}"`);
      }
      const { entries, verdict } = await view.trail();
      const items = entries
        .filter(({ alert }) => alert === params.id)
        .map(({ sequence, at, by, from, action, reason, hash }) => {
          return { sequence, at: time.toIso(at), by, from, action, reason, hash };
        });
      return { items, trail: viewVerdict(verdict) };
    },
  );
  app.get(
    '/api/v1/coverage',
    {
      schema: {
        tags: ['security'],
        summary: 'Techniques of ATT&CK for ICS 18.1 the rules cover, with a self-test of every rule made now',
        response: { 200: CoverageAnswer, ...problemAnswers },
      },
    },
    async () => {
      const found = await alerts.list({ limit: SEEN_ALERTS });
      const seen = new Set(found.flatMap(({ technique }) => (technique === undefined ? [] : [technique.id])));
      const { rules, techniques } = coverage(seen, now());
      return {
        techniques: techniques.map((technique) => ({ ...technique, rules: [...technique.rules] })),
        rules: rules.map((rule) => ({ ...rule, catalogue: [...rule.catalogue] })),
      };
    },
  );
}

function viewVerdict(verdict: TrailVerdict): HistoryAnswer['trail'] {
  return verdict.holds
    ? { holds: true, brokenAt: null, reason: null }
    : { holds: false, brokenAt: verdict.sequence, reason: verdict.reason };
}
