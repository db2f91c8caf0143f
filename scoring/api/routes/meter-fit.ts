import { Type } from 'typebox';
import { meterFit } from '../../energy/meter-fit.ts';
import { nullable, Share } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const MeterFitAnswer = Type.Object({
  standard: Type.Literal('GB 17167-2006'),
  carrier: Type.Literal('electricity'),
  items: Type.Array(
    Type.Object({
      level: Type.Enum(['site', 'sub-unit', 'main-equipment']),
      required: Type.Integer(),
      fitted: Type.Integer(),
      requiredRate: Share,
      rate: nullable(Share),
      meets: Type.Boolean(),
      missing: Type.Array(Type.String(), { description: 'Required and not fitted, largest rated power first.' }),
      unknown: Type.Array(Type.String(), { description: 'No rated power is known; set ratedMax of a power tag.' }),
    }),
  ),
});

/** How many of the required electricity meters are fitted. */
export function meterFitRoute(app: ApiApp, { view, accounts }: RouteDeps): void {
  app.get(
    '/api/v1/meter-fit',
    {
      schema: {
        tags: ['energy'],
        summary: 'Fitted of required electricity meters by level',
        response: { 200: MeterFitAnswer, ...problemAnswers },
      },
    },
    async () => ({
      standard: 'GB 17167-2006' as const,
      carrier: 'electricity' as const,
      items: meterFit(view.meters(), accounts.boundaries.mainMeters).map(({ missing, unknown, ...row }) => ({
        ...row,
        missing: [...missing],
        unknown: [...unknown],
      })),
    }),
  );
}
