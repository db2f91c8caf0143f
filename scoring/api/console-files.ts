import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fastifyStatic } from '@fastify/static';
import type { ApiApp } from './routes/route.ts';

/** Vite puts a hash of the content into the names of its assets. */
const HASHED = /-[\w-]{8,}\.\w+$/;
const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Joulegate</title></head>
<body><h1>Joulegate</h1>
<p>The console is not built. Run <code>npm run build:console</code> and start again.</p>
<p lang="zh-CN">控制台尚未构建。请运行 <code>npm run build:console</code> 后重新启动。</p>
<p><a href="/openapi.json">/openapi.json</a></p></body></html>
`;

/** Serves the built console at `/`, or a page that says how to build it. The files are open: they hold no data. */
export async function serveConsole(app: ApiApp, consoleDir: string | null): Promise<void> {
  if (consoleDir === null || consoleDir === '' || !existsSync(join(consoleDir, 'index.html'))) {
    app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .serializer((page: string) => page)
        .send(NOT_BUILT),
    );
    return;
  }
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
    });
    await scope.register(fastifyStatic, {
      root: resolve(consoleDir),
      prefix: '/',
      cacheControl: false,
      dotfiles: 'ignore',
      decorateReply: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  });
}
