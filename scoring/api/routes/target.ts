import { targetUnits } from '../schema-parts.ts';
import { TargetAnswer, type TargetView } from '../schemas.ts';
import type { TargetReport } from '../../energy/target.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/** Where the promised falls of energy per output stand, raw and load-adjusted side by side. */
export function targetRoute(app: ApiApp, { view }: RouteDeps): void {
  app.get(
    '/api/v1/target',
    {
      config: { etag: true },
      schema: {
        tags: ['energy'],
        summary: 'Promised falls of energy per output',
        response: { 200: TargetAnswer, ...problemAnswers },
      },
    },
    async () => ({ units: targetUnits.value, items: (await view.targets()).map(viewTarget) }),
  );
}

function viewTarget(report: TargetReport): TargetView {
  return {
    ...report,
    lmdi: report.lmdi === null ? null : { ...report.lmdi, parts: [...report.lmdi.parts] },
    levels: [...report.levels],
    days: [...report.days],
    founding: report.founding === null ? null : { ...report.founding, figures: [...report.founding.figures] },
  };
}
