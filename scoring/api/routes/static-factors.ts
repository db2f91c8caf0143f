import { Type } from 'typebox';
import { StaticFactor, type BookedStaticFactor } from '../../store/static-factor-book.ts';
import { requireNode } from '../nearest-path.ts';
import { Instant } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const Booked = Type.Object({ ...StaticFactor.properties, by: Type.String(), at: Instant });

/** The log of static factors: what has changed that a baseline takes for constant. */
export function staticFactorRoutes(app: ApiApp, { view, time, now, staticFactors }: RouteDeps): void {
  const shown = (entry: BookedStaticFactor) => ({ ...entry, at: time.toIso(entry.at) });
  app.get(
    '/api/v1/static-factors',
    {
      schema: {
        tags: ['energy'],
        summary: 'Static factors that have changed, every entry that was made',
        response: { 200: Type.Object({ items: Type.Array(Booked) }), ...problemAnswers },
      },
    },
    async () => ({ items: (await staticFactors.all()).map(shown) }),
  );
  app.post(
    '/api/v1/static-factors',
    {
      schema: {
        tags: ['energy'],
        summary: 'Enter a static factor that has changed',
        description:
          'Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.',
        body: StaticFactor,
        response: { 200: Booked, ...problemAnswers },
      },
    },
    async ({ body, caller }) => {
      requireNode(view, body.path);
      return shown(await staticFactors.book(body, caller, now()));
    },
  );
}
