import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiOptions } from '../options.ts';
import { ProblemDetails } from '../schemas.ts';
import type { ZoneTime } from '../zone-time.ts';

/** The Fastify instance whose handlers are typed by their TypeBox schemas. */
export type ApiApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What handlers work with. */
export type RouteDeps = Pick<
  ApiOptions,
  'store' | 'alerts' | 'view' | 'version' | 'now' | 'accounts' | 'valueAdded' | 'staticFactors' | 'reports' | 'models'
> & { readonly time: ZoneTime };

/** The answers every guarded route may give beside its own. */
export const problemAnswers = { '4xx': ProblemDetails, '5xx': ProblemDetails } as const;
