import { Type } from 'typebox';
import { nextCursor, placeOf } from '../cursor.ts';
import { requireNode } from '../nearest-path.ts';
import { AlertAnswer, AlertQuery, AlertView } from '../schemas.ts';
import { viewAlert } from '../views.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const AlertId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });

/** Alerts, newest first, and their acknowledgement. */
export function alertsRoutes(app: ApiApp, { alerts, view, time }: RouteDeps): void {
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
    async ({ params, caller }) => viewAlert(await view.acknowledge(params.id, caller), time),
  );
}
