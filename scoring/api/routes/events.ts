import type { OutgoingHttpHeaders } from 'node:http';
import { Type } from 'typebox';
import { ApiError } from '../api-error.ts';
import type { LiveFeed } from '../live-feed.ts';
import { problemAnswers, type ApiApp } from './route.ts';

const EventStream = Type.String({
  description:
    'Server-sent events: equipment {items}, anomaly (episode), alert, health. A reader that comes back with Last-Event-ID gets what it missed.',
});

/** Live events as a stream of server-sent events. */
export function eventsRoute(app: ApiApp, feed: LiveFeed): void {
  app.get(
    '/api/v1/events',
    {
      exposeHeadRoute: false,
      config: { stream: true },
      schema: {
        tags: ['plant'],
        summary: 'Live events (server-sent events)',
        produces: ['text/event-stream'],
        response: { 200: EventStream, ...problemAnswers },
      },
    },
    (request, reply) => {
      if (feed.isFull) {
        throw new ApiError('SERVICE_STOPPED', {
          en: 'too many readers of live events; close a page or poll /api/v1/equipment',
          zh: '实时事件的读者过多；请关闭部分页面，或轮询 /api/v1/equipment',
        });
      }
      const lastEventId = request.headers['last-event-id'];
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as OutgoingHttpHeaders),
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      feed.add(reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
    },
  );
}
