import { addSums, figureOf } from '../../energy/figure.ts';
import { requireNode } from '../nearest-path.ts';
import { energyRangeOf } from '../query-range.ts';
import { EnergyAnswer, EnergyQuery } from '../schemas.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/** Energy, output and energy per output of one object, window by window and in total. */
export function energyRoute(app: ApiApp, { view, store, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/energy',
    {
      schema: {
        tags: ['energy'],
        summary: 'Energy per output by window',
        querystring: EnergyQuery,
        response: { 200: EnergyAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const { path, window } = query;
      requireNode(view, path);
      const range = energyRangeOf(query, { time, now: now() });
      const windows = await store.readWindows({ path, window, ...range });
      return {
        path,
        window,
        from: time.toIso(range.from),
        to: time.toIso(range.to),
        timezone: time.zone,
        units: { energy: 'kW.h' as const, output: '{eq}' as const, sec: 'kW.h/{eq}' as const },
        totals: figureOf(addSums(windows)),
        points: windows.map((one) => ({
          ...figureOf(one),
          start: time.toIso(one.start),
          end: time.toIso(one.end),
          state: one.state,
          revision: one.revision,
        })),
      };
    },
  );
}
