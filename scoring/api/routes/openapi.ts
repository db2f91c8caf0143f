import { fastifySwagger, type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { Type } from 'typebox';
import { ProblemDetails } from '../schemas.ts';
import type { ApiApp } from './route.ts';

type Transform = NonNullable<FastifyDynamicSwaggerOptions['transform']>;
type Responses = Readonly<Record<string, unknown>>;

/** Collects the routes registered after this call. */
export async function collectOpenApi(app: ApiApp, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    convertConstToEnum: false,
    transform: describeRoute,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Joulegate',
        version,
        description: 'Energy per output, anomalies and alerts of a plant. null means "no figure", never 0 for unknown.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This plant.' }],
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
      config: { access: 'loopback', etag: true },
      schema: { tags: ['probes'], summary: 'This document', response: { 200: Type.Unknown() } },
    },
    () => app.swagger(),
  );
}

/** What the document says of every route beside its schema: an id, its refusals as problems, CSV, 304, and who may call it. */
const describeRoute: Transform = ({ schema, url, route }) => {
  const { access, csv, etag } = route.config ?? {};
  const own = (schema.response ?? {}) as Responses;
  const refusal = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: ProblemDetails } },
  });
  const response: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(own)) {
    if (status === '200' && csv === true)
      response[status] = {
        description: 'As JSON, or as text/csv to a reader that asks for it by Accept.',
        content: { 'application/json': { schema: answer }, 'text/csv': { schema: Type.String() } },
      };
    else if (!status.endsWith('xx')) response[status] = answer;
  }
  if (etag === true) response['304'] = { description: 'Nothing has changed since If-None-Match.', type: 'null' };
  response['4XX'] = refusal('Refused, with what to do (RFC 9457), in zh or en by Accept-Language.');
  response['5XX'] = refusal('Failed on our side (RFC 9457).');
  const method = [route.method].flat()[0] ?? 'GET';
  return {
    url,
    schema: {
      ...schema,
      response,
      operationId: operationId(method, url),
      ...(access === 'public' ? { security: [] } : {}),
    },
  };
};

/** e.g. getReportsMonth, postAlertsIdAcknowledge. */
function operationId(method: string, url: string): string {
  const words = url.replace(/^\/api\/v\d+/, '').match(/[A-Za-z0-9]+/g) ?? [];
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
