import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError, errorCodes, JoulegateError, type ErrorCode } from '../../../broker/contract/error.ts';
import type { Logger } from '../../../broker/contract/deps.ts';
import { ApiError } from '../api-error.ts';
import type { ProblemDetails } from '../schemas.ts';

type Language = 'en' | 'zh';

const titles: Partial<Record<ErrorCode, Record<Language, string>>> = {
  SIGN_IN_REQUIRED: { en: 'Sign-in required', zh: '需要登录' },
  QUERY_INVALID: { en: 'Query not valid', zh: '查询参数无效' },
  PAYLOAD_INVALID: { en: 'Request not valid', zh: '请求无效' },
  NOT_FOUND: { en: 'Not found', zh: '未找到' },
  CONFLICT: { en: 'Changed in the meantime', zh: '内容已被更改' },
  STORE_FAILED: { en: 'Store failed', zh: '存储出错' },
  TOO_MANY_REQUESTS: { en: 'Too many requests', zh: '请求过多' },
  SERVICE_STOPPED: { en: 'Service is stopping or busy', zh: '服务正在停止或繁忙' },
};
const fallback: Record<'client' | 'server', Record<Language, string>> = {
  client: { en: 'Request refused', zh: '请求被拒绝' },
  server: { en: 'Internal error', zh: '内部错误' },
};

/** zh or en, whichever the reader weighs more; en when neither is asked for. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '').split(',', 16).map((part) => {
    const [tag = '', ...parameters] = part.trim().split(';');
    const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find((q) => q !== undefined);
    return { language: tag.trim().toLowerCase().split('-')[0], quality: Number(quality ?? 1) };
  });
  const weight = (language: Language) =>
    Math.max(0, ...wanted.filter((one) => one.language === language).map((one) => one.quality));
  return weight('zh') > weight('en') ? 'zh' : 'en';
}

/** Answers with RFC 9457 problem+json. */
export function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  problem: { readonly code: ErrorCode; readonly status: number; readonly detail: Record<Language, string> },
): FastifyReply {
  const language = languageOf(request.headers['accept-language']);
  const title = titles[problem.code] ?? fallback[problem.status >= 500 ? 'server' : 'client'];
  const body: ProblemDetails = {
    type: `urn:joulegate:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
    title: title[language],
    status: problem.status,
    code: problem.code,
    detail: problem.detail[language],
  };
  return reply
    .code(problem.status)
    .header('content-language', language)
    .header('vary', 'accept-language')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(body);
}

/** Every failure of a route leaves as problem+json: what a reader can mend with its reason, the rest with a request id only. */
export function answerError(log: Logger, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof JoulegateError && error.code !== 'INTERNAL') {
    const status = errorCodes[error.code].http;
    if (status >= 500) log.error({ requestId: request.id, code: error.code, error: error.message }, 'request failed');
    return sendProblem(reply, request, {
      code: error.code,
      status,
      detail: { en: error.message, zh: error instanceof ApiError ? error.zh : error.message },
    });
  }
  const status = (Object(error) as Partial<FastifyError>).statusCode ?? 500;
  if (status >= 400 && status < 500) {
    const message = describeError(error);
    return sendProblem(reply, request, { code: 'PAYLOAD_INVALID', status, detail: { en: message, zh: message } });
  }
  const stack = error instanceof Error ? error.stack : undefined;
  log.error({ requestId: request.id, error: describeError(error), stack }, 'request failed');
  return sendProblem(reply, request, {
    code: 'INTERNAL',
    status: 500,
    detail: {
      en: `the server failed; its log has the reason under request ${request.id}`,
      zh: `服务器出错，原因见日志，请求号 ${request.id}`,
    },
  });
}

/** Registers the answers to failures and unknown routes. */
export function registerProblems(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => answerError(log, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, request, {
      code: 'NOT_FOUND',
      status: 404,
      detail: { en: 'there is no such route; /openapi.json lists all', zh: '没有此路由；所有路由见 /openapi.json' },
    }),
  );
}
