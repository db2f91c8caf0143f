import { fastifySwagger } from '@fastify/swagger';
import { Type } from 'typebox';
import type { ApiApp } from './route.ts';

/** Collects the routes registered after this call. */
export async function collectOpenApi(app: ApiApp, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Joulegate',
        version,
        description: 'Energy per output, anomalies and alerts of a plant. null means "no figure", never 0 for unknown.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'joulegate_session' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
  });
}

/** The OpenAPI 3.1 document of all routes, made from the schemas that also check requests. Open on this machine. */
export function openApiRoute(app: ApiApp): void {
  app.get(
    '/openapi.json',
    {
      config: { access: 'loopback' },
      schema: { tags: ['probes'], summary: 'This document', response: { 200: Type.Unknown() } },
    },
    () => app.swagger(),
  );
}
