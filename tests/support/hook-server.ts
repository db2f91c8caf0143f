import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type HookCall = { readonly url: URL; readonly headers: IncomingHttpHeaders; readonly body: string };

/** A webhook receiver on a free port of this machine; `answer` decides what it says to each call. */
export async function startHookServer(
  answer: (call: HookCall) => { readonly status?: number; readonly body?: string } = () => ({}),
): Promise<AsyncDisposable & { readonly url: string; readonly calls: HookCall[] }> {
  const calls: HookCall[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const call = { url: new URL(request.url ?? '/', 'http://hook'), headers: request.headers, body };
      calls.push(call);
      const { status = 200, body: text = '{"errcode":0,"code":0}' } = answer(call);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/robot/send?access_token=KEY-IN-URL`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
