import type { Registry } from 'prom-client';
import { Type } from 'typebox';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const Probe = Type.Object({ status: Type.String() });

/** For supervisors and scrapers: is the process alive, is it ready, and its metrics. */
export function probeRoutes(app: ApiApp, { view, version }: RouteDeps, registry: Registry): void {
  const open = { access: 'public' } as const;
  app.get(
    '/healthz',
    {
      config: open,
      schema: {
        tags: ['probes'],
        summary: 'Alive',
        response: { 200: Type.Object({ status: Type.String(), version: Type.String() }) },
      },
    },
    () => ({ status: 'ok', version }),
  );
  app.get(
    '/readyz',
    { config: open, schema: { tags: ['probes'], summary: 'Ready', response: { 200: Probe, 503: Probe } } },
    async (_request, reply) => {
      const { status } = view.health();
      return reply.code(status === 'down' ? 503 : 200).send({ status });
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['probes'],
        summary: 'Metrics for Prometheus',
        produces: ['text/plain'],
        response: { 200: Type.String(), ...problemAnswers },
      },
    },
    async (_request, reply) =>
      reply
        .type(registry.contentType)
        .serializer((text: string) => text)
        .send(await registry.metrics()),
  );
}
