import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from '../../../broker/contract/deps.ts';
import { decideAccess, type Access, type AccessRules } from '../access.ts';
import { ApiError } from '../api-error.ts';
import type { SignInRefusal } from '../options.ts';
import { createSignInDelay } from '../sign-in-delay.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Default: sign-in. */
    access?: Access;
  }
  interface FastifyRequest {
    /** Who the request was let in as; kept with what it changes. */
    caller: string;
  }
}

export const SESSION_COOKIE = 'joulegate_session';

/** What routes need of the sign-in. */
export type SignInGate = {
  readonly rules: AccessRules;
  /** Notes a wrong secret, reports it, and holds the answer back. */
  readonly refuse: (request: FastifyRequest, message: string) => Promise<void>;
  readonly accept: (request: FastifyRequest) => void;
};

/** One hook decides on every route; a route without an access of its own is closed. */
export function registerSignIn(
  app: FastifyInstance,
  options: {
    readonly rules: AccessRules;
    readonly now: () => number;
    readonly log: Logger;
    readonly closing: AbortSignal;
    readonly onSignInRefused: ((refusal: SignInRefusal) => void) | undefined;
  },
): SignInGate {
  const { rules, now, log, closing, onSignInRefused } = options;
  const delay = createSignInDelay(now);
  const gate: SignInGate = {
    rules,
    async refuse(request, message) {
      const delayMs = delay.refused(request.ip);
      log.warn({ address: request.ip, requestId: request.id, delayMs }, 'sign-in refused');
      onSignInRefused?.({ at: now(), address: request.ip, message });
      await wait(delayMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
    },
    accept: (request) => delay.accepted(request.ip),
  };
  app.decorateRequest('caller', '');
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return;
    const verdict = decideAccess(
      {
        access: request.routeOptions.config.access ?? 'sign-in',
        method: request.method,
        headers: request.headers,
        remoteAddress: request.ip,
        session: request.cookies[SESSION_COOKIE],
      },
      rules,
    );
    switch (verdict.kind) {
      case 'allowed':
        request.caller = verdict.by;
        if (verdict.by === 'token') gate.accept(request);
        return;
      case 'refused':
        if (verdict.guess) await gate.refuse(request, 'wrong API token');
        reply.header('www-authenticate', 'Bearer realm="joulegate"');
        throw new ApiError('SIGN_IN_REQUIRED', verdict);
      default:
        verdict satisfies never;
    }
  });
  return gate;
}
