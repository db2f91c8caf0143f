import { fastifyRateLimit } from '@fastify/rate-limit';
import { ApiError } from '../api-error.ts';
import type { ApiApp } from '../routes/route.ts';

const MINUTE_MS = 60_000;
const ADDRESSES_KEPT = 10_000;

/**
 * So many requests a minute and address; a route may allow fewer by its `config.rateLimit`. What is left stands in the
 * headers of every answer, and a refusal says how long to wait (Retry-After).
 */
export async function registerRateLimit(app: ApiApp, perMinute: number): Promise<void> {
  await app.register(fastifyRateLimit, {
    max: perMinute,
    timeWindow: MINUTE_MS,
    cache: ADDRESSES_KEPT,
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { max, ttl }) => {
      const seconds = Math.max(1, Math.ceil(ttl / 1000));
      return new ApiError('TOO_MANY_REQUESTS', {
        en: `more than ${max} requests a minute; try again in ${seconds} s, or follow /api/v1/events instead of asking`,
        zh: `每分钟超过 ${max} 个请求；请在 ${seconds} 秒后重试，或改用 /api/v1/events 接收更新`,
      });
    },
  });
}
