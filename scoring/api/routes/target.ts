import { targetUnits } from '../schema-parts.ts';
import { TargetAnswer, type TargetView } from '../schemas.ts';
import { concerns } from '../../store/static-factor.ts';
import type { TargetReport } from '../../energy/target.ts';
import { viewLogged } from './static-factors.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/** Where the promised falls of energy per output stand, raw and load-adjusted side by side. */
export function targetRoute(app: ApiApp, { view, time, staticFactors }: RouteDeps): void {
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
    async () => {
      const log = await staticFactors.all();
      return {
        units: targetUnits.value,
        items: (await view.targets()).map((report) =>
          viewTarget(
            report,
            log.filter((entry) => concerns(entry, report.path)).map((entry) => viewLogged(entry, time)),
          ),
        ),
      };
    },
  );
}

function viewTarget(report: TargetReport, factors: TargetView['staticFactors']): TargetView {
  return {
    ...report,
    baseline:
      report.baseline === null
        ? null
        : { ...report.baseline, variables: [...report.baseline.variables], checks: [...report.baseline.checks] },
    staticFactors: factors,
    multiYear: report.multiYear === null ? null : { ...report.multiYear, years: [...report.multiYear.years] },
    lmdi: report.lmdi === null ? null : { ...report.lmdi, parts: [...report.lmdi.parts] },
    levels: [...report.levels],
    days: [...report.days],
    founding: report.founding === null ? null : { ...report.founding, figures: [...report.founding.figures] },
  };
}
