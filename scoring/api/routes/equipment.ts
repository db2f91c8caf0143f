import { EquipmentAnswer } from '../schemas.ts';
import { viewEquipment } from '../views.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

/** The equipment tree with its live figures, site first. */
export function equipmentRoute(app: ApiApp, { view, time }: RouteDeps): void {
  app.get(
    '/api/v1/equipment',
    {
      schema: {
        tags: ['plant'],
        summary: 'Equipment tree with live figures',
        response: { 200: EquipmentAnswer, ...problemAnswers },
      },
    },
    () => ({
      site: { ...view.site },
      units: { power: 'kW', energy: 'kW.h', sec: 'kW.h/{eq}' },
      items: view.equipment().map((node) => viewEquipment(node, time)),
    }),
  );
}
