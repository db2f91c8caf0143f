import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../broker/contract/deps.ts';
import { temporaryFolder } from '../tests/support/gateway-side.ts';
import { startRequestTap } from '../tests/support/request-tap.ts';
import { startSecuredServer, TEST_NAMESPACE } from '../tests/support/secured-server.ts';
import { startGateway } from './main.ts';

const opened = new AsyncDisposableStack();
let folder = '';
beforeAll(async () => {
  folder = opened.use(await temporaryFolder('isolation')).path;
});
afterAll(() => opened.disposeAsync());

const PUBLISH = 826;
const ignore = (): void => undefined;
const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent };
const open = { securityMode: 'None', securityPolicy: 'None', trustServerCertificate: 'pinned' } as const;

/** Listens and answers whoever says hello with whatever `answer` makes of the number of the connection. */
async function startHostile(answer: (connection: number) => Buffer | null) {
  let connections = 0;
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    const number = (connections += 1);
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      const bytes = answer(number);
      if (bytes === null) socket.destroy();
      else socket.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    endpoint: `opc.tcp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** A message of the handshake with its fields drawn from the edges of their range, another draw for each seed. */
function drawnHandshake(seed: number): Buffer {
  const edges = [0, 1, 2, 7, 8, 255, 8191, 8192, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const message = Buffer.alloc(28);
  message.write('ACKF', 'latin1');
  message.writeUInt32LE(message.length, 4);
  for (let field = 0; field < 5; field += 1) {
    message.writeUInt32LE(edges[(seed * (2 * field + 1) + field * field) % edges.length] ?? 0, 8 + 4 * field);
  }
  return message;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long: ${what}`);
    await wait(20);
  }
}

describe('servers that answer with nonsense', () => {
  it(
    'cost their own connection at most: the gateway lives and the good server is read on',
    { timeout: 90_000 },
    async () => {
      const server = opened.use(await startSecuredServer({ folder: join(folder, 'server') }));
      const tap = opened.use(await startRequestTap(server.port));
      const answers: readonly ((connection: number) => Buffer | null)[] = [
        () => null,
        () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
        () => Buffer.alloc(4096, 0xff),
        ...[3, 11].map((start) => (connection: number) => drawnHandshake(start + connection)),
      ];
      const hostile = await Promise.all(answers.map(startHostile));
      for (const listener of hostile) opened.use(listener);
      const tags = [{ name: 'Power', nodeId: `nsu=${TEST_NAMESPACE};s=Power`, role: 'power', unit: 'kW' } as const];
      const dataDir = join(folder, 'data');
      await mkdir(dataDir);
      const config = {
        plant: { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' },
        gateway: {
          publisherId: 'isolated',
          keepAliveInterval: '10s',
          mqtt: { url: 'mqtt://127.0.0.1:1', topicPrefix: 'opcua' },
          servers: [
            {
              name: 'good',
              endpoint: `opc.tcp://127.0.0.1:${tap.port}`,
              ...open,
              publishingInterval: '100ms',
              equipment: [{ path: 'line-1/press-1', tags }],
            },
            ...hostile.map(({ endpoint }, index) => ({
              name: `hostile-${index}`,
              endpoint,
              ...open,
              equipment: [{ path: `line-2/press-${index}`, tags }],
            })),
          ],
        },
      };
      const gateway = opened.use(await startGateway(config, { log: silent, now: Date.now, dataDir, version: '0.0.0' }));
      const published = () => tap.requests.get(PUBLISH) ?? 0;
      await until(() => published() > 3, 'the good server to be read');
      await until(() => hostile.every(({ connections }) => connections >= 2), 'every other one to be tried again');
      const before = published();
      await until(() => published() > before + 10, 'the good server to be read on');
      const where = gateway.health().problems.map((problem) => problem.where);
      expect(where).toEqual(expect.arrayContaining(hostile.map(({ endpoint }) => endpoint)));
      expect(where).not.toContain(`opc.tcp://127.0.0.1:${tap.port}`);
    },
  );
});
