import { Type } from 'typebox';
import { meterFit, type MeterPlace } from '../../energy/meter-fit.ts';
import type { EquipmentNode } from '../../plant-view.ts';
import { nullable } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const MeterFitAnswer = Type.Object({
  standard: Type.Literal('GB 17167-2006'),
  levels: Type.Array(
    Type.Object({
      level: Type.Enum(['site', 'sub-unit', 'main-equipment']),
      required: Type.Integer(),
      fitted: Type.Integer(),
      requiredRate: Type.Number(),
      rate: nullable(Type.Number()),
      meets: Type.Boolean(),
      missing: Type.Array(Type.String()),
    }),
  ),
  unrated: Type.Array(Type.String(), {
    description: 'Objects without `scoring.energy.ratedKw`; whether a meter is required of them is not known.',
  }),
});

/** Which of the electricity meters that the standard requires are there. */
export function meterRoute(app: ApiApp, { view, accounts }: RouteDeps): void {
  app.get(
    '/api/v1/meter-fit',
    {
      schema: {
        tags: ['energy'],
        summary: 'Rate of fitted electricity meters (GB 17167)',
        response: { 200: MeterFitAnswer, ...problemAnswers },
      },
    },
    () => {
      const { levels, unrated } = meterFit(placesOf(view.equipment(), accounts));
      return {
        standard: 'GB 17167-2006' as const,
        levels: levels.map((level) => ({ ...level, missing: [...level.missing] })),
        unrated: [...unrated],
      };
    },
  );
}

/** A line or area is metered by its main meter, or when everything below it is. */
function placesOf(nodes: readonly EquipmentNode[], { boundaries, ratedKw }: RouteDeps['accounts']): MeterPlace[] {
  const machines = nodes.filter(({ level }) => level === 'equipment');
  const hasCounter = (node: EquipmentNode): boolean => node.tags.some(({ role }) => role === 'energy-counter');
  const below = (path: string): readonly EquipmentNode[] =>
    machines.filter((node) => path === '' || node.path.startsWith(`${path}/`));
  return nodes.map((node) => ({
    path: node.path,
    kind: node.level === 'site' ? 'site' : node.level === 'equipment' ? 'equipment' : 'sub-unit',
    ratedKw: ratedKw.get(node.path) ?? null,
    isMetered:
      node.level === 'equipment'
        ? hasCounter(node)
        : boundaries.mainMeters.has(node.path) ||
          (node.level !== 'site' && below(node.path).length > 0 && below(node.path).every(hasCounter)),
  }));
}
