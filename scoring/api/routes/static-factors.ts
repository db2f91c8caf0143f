import { Type } from 'typebox';
import { StaticFactorEntry, type LoggedStaticFactor } from '../../store/static-factor.ts';
import { ApiError } from '../api-error.ts';
import { requireNode } from '../nearest-path.ts';
import { Instant } from '../schema-parts.ts';
import type { ZoneTime } from '../zone-time.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const Logged = Type.Object({ ...StaticFactorEntry.properties, by: Type.String(), at: Instant });
const MOST_ENTRIES = 100;

/** The static-factor log that stands beside every baseline. */
export function staticFactorRoutes(app: ApiApp, { view, time, now, staticFactors }: RouteDeps): void {
  app.get(
    '/api/v1/static-factors',
    {
      schema: {
        tags: ['energy'],
        summary: 'Changes of static factors, every entry that was made',
        response: { 200: Type.Object({ items: Type.Array(Logged) }), ...problemAnswers },
      },
    },
    async () => ({ items: (await staticFactors.all()).map((entry) => viewLogged(entry, time)) }),
  );
  app.post(
    '/api/v1/static-factors',
    {
      schema: {
        tags: ['energy'],
        summary: 'Log changes of static factors',
        description:
          'Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.',
        body: Type.Object({ items: Type.Array(StaticFactorEntry, { minItems: 1, maxItems: MOST_ENTRIES }) }),
        response: { 200: Type.Object({ items: Type.Array(Logged) }), ...problemAnswers },
      },
    },
    async ({ body, caller }) => {
      for (const { path, from } of body.items) {
        requireNode(view, path);
        if (time.parse(from) === null) {
          throw new ApiError('QUERY_INVALID', {
            en: `"from": ${from} is no day; write e.g. 2026-03-01`,
            zh: `"from"：${from} 不是有效日期；例如 2026-03-01`,
          });
        }
      }
      const logged = await staticFactors.log(body.items, caller, now());
      return { items: logged.map((entry) => viewLogged(entry, time)) };
    },
  );
}

/** An entry as the API shows it. */
export function viewLogged(entry: LoggedStaticFactor, time: ZoneTime) {
  return { ...entry, at: time.toIso(entry.at) };
}
