import { HealthAnswer } from '../schemas.ts';
import { viewHealth } from '../views.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/** Health of all services with every open problem and its remedy. */
export function healthRoute(app: ApiApp, { view, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/health',
    {
      schema: {
        tags: ['plant'],
        summary: 'Health of all services',
        response: { 200: HealthAnswer, ...problemAnswers },
      },
    },
    () => viewHealth(view.health(), now(), time),
  );
}
