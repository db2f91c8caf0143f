import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer changes seldom: it carries an ETag, and a reader that has it is answered 304. */
    etag?: boolean;
  }
}

/** ETag and 304 for the routes that ask for it (RFC 9110, weak comparison). */
export function registerEtags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.routeOptions.config.etag !== true || reply.statusCode !== 200 || typeof payload !== 'string')
      return payload;
    const etag = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
    reply.headers({ etag, 'cache-control': 'private, no-cache' });
    if (!isKnown(etag, request.headers['if-none-match'])) return payload;
    reply.code(304).removeHeader('content-length').removeHeader('content-type');
    return null;
  });
}

/** Whether a reader that sends this If-None-Match has what the ETag stands for. */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const plain = (text: string): string => text.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',', 64).some((one) => one.trim() === '*' || plain(one) === plain(etag));
}
