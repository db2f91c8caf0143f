import { Type } from 'typebox';
import { isSameOrigin } from '../access.ts';
import { ApiError } from '../api-error.ts';
import { SESSION_COOKIE, type SignInGate } from '../plugins/sign-in.ts';
import { SignIn } from '../schemas.ts';
import { sameSecret } from '../sessions.ts';
import { problemAnswers, type ApiApp } from './route.ts';

/** Signs the console in and out: the token is exchanged for a cookie that scripts cannot read. */
export function sessionRoutes(app: ApiApp, gate: SignInGate): void {
  const { rules } = gate;
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict', secure: rules.scheme === 'https' } as const;
  app.post(
    '/api/v1/session',
    {
      config: { access: 'public' },
      schema: {
        tags: ['session'],
        summary: 'Sign in',
        body: SignIn,
        response: { 204: Type.Null(), ...problemAnswers },
      },
    },
    async (request, reply) => {
      if (!isSameOrigin(request.headers, rules.scheme)) throw crossSite();
      if (!sameSecret(request.body.token, rules.token)) {
        await gate.refuse(request, 'wrong API token at sign-in');
        throw new ApiError('SIGN_IN_REQUIRED', {
          en: 'the token is not valid; it is printed at start and kept in the data folder',
          zh: '令牌无效；令牌在启动时显示，并保存在数据目录中',
        });
      }
      gate.accept(request);
      const before = request.cookies[SESSION_COOKIE];
      if (before !== undefined) rules.sessions.end(before);
      return reply.setCookie(SESSION_COOKIE, rules.sessions.open(), cookie).code(204).send(null);
    },
  );
  app.delete(
    '/api/v1/session',
    {
      config: { access: 'public' },
      schema: { tags: ['session'], summary: 'Sign out', response: { 204: Type.Null(), ...problemAnswers } },
    },
    async (request, reply) => {
      if (!isSameOrigin(request.headers, rules.scheme)) throw crossSite();
      const session = request.cookies[SESSION_COOKIE];
      if (session !== undefined) rules.sessions.end(session);
      return reply.clearCookie(SESSION_COOKIE, cookie).code(204).send(null);
    },
  );
}

function crossSite(): ApiError {
  return new ApiError('SIGN_IN_REQUIRED', {
    en: 'sessions are opened and ended from the console itself, not from another site',
    zh: '会话只能由控制台本身建立或结束，不能由其他网站发起',
  });
}
