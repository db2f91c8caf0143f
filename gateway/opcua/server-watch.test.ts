import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageSecurityMode, SecurityPolicy, ServerState } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSecuredServer } from '../../tests/support/secured-server.ts';
import { eventually } from '../../tests/support/stack.ts';
import { readNamespaces } from './namespaces.ts';
import { openSession } from './open-session.ts';
import type { WorkerEvent, WorkerMessage } from './protocol.ts';
import { ServerWatch } from './server-watch.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-watch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const none = { policies: [SecurityPolicy.None], modes: [MessageSecurityMode.None] } as const;

/** A session as the gateway makes one, with a watch on the server and everything it says. */
async function watched(endpoint: string, pkiDir: string, namespacesAdded: readonly string[] = []) {
  const server = {
    name: 'plc',
    endpoint,
    securityMode: 'None',
    securityPolicy: 'None',
    trustServerCertificate: 'first-use',
  } as const;
  const said: WorkerMessage[] = [];
  const say = (message: WorkerMessage) => void said.push(message);
  const target = { server, pkiDir, applicationUri: 'urn:joulegate:gateway:test' };
  await using opening = new AsyncDisposableStack();
  const { session } = opening.use(await openSession(target, (event) => say({ kind: 'event', event })));
  const namespaces = [...(await readNamespaces(session)), ...namespacesAdded];
  const watch = opening.use(new ServerWatch(session, { server, pkiDir, namespaces, say, everyMs: 50 }));
  await watch.begin();
  const resources = opening.move();
  return {
    said,
    events: (): WorkerEvent[] =>
      said.flatMap((message) =>
        message.kind === 'event' && message.event.kind.startsWith('server-') ? [message.event] : [],
      ),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

describe('what a server says of itself', () => {
  it('is remembered, and another software, endpoint list or namespace table is an event', async () => {
    const pkiDir = join(folder, 'pki-1');
    let port = 0;
    {
      await using old = await startSecuredServer({
        folder: join(folder, 'old'),
        ...none,
        more: { buildInfo: { productName: 'Press PLC', softwareVersion: '1.4' } },
      });
      port = old.port;
      await using first = await watched(old.endpoint, pkiDir);
      expect(first.events()).toEqual([]);
      await using again = await watched(old.endpoint, pkiDir);
      expect(again.events()).toEqual([]);
    }
    await using updated = await startSecuredServer({
      folder: join(folder, 'new'),
      port,
      policies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
      modes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
      more: { buildInfo: { productName: 'Press PLC', softwareVersion: '1.5' } },
    });
    await using next = await watched(updated.endpoint, pkiDir, ['urn:acme:patch']);
    expect(next.events().map(({ kind }) => kind)).toEqual([
      'server-endpoints-changed',
      'server-software-changed',
      'server-namespaces-changed',
    ]);
    expect(next.events()[0]?.message).toContain('SignAndEncrypt/Basic256Sha256');
    expect(next.events()[1]?.message).toMatch(/1\.5.*was.*1\.4/);
    expect(next.events()[2]?.message).toContain('new: urn:acme:patch');
  });

  it('tells level, clock and state; a server that is not running is a problem until it runs', async () => {
    await using plc = await startSecuredServer({ folder: join(folder, 'plc'), ...none });
    await using watch = await watched(plc.endpoint, join(folder, 'pki-2'));
    const first = watch.said.find((message) => message.kind === 'server');
    expect(first).toMatchObject({ serviceLevel: 255 });
    expect(Math.abs(first?.kind === 'server' ? (first.clockSkewMs ?? Number.NaN) : Number.NaN)).toBeLessThan(2000);
    plc.server.engine.setServerState(ServerState.Suspended);
    const changed = await eventually('the event', () => watch.events().at(-1) ?? false);
    expect(changed).toMatchObject({ kind: 'server-state-changed', severity: 'medium' });
    expect(changed.message).toContain('is Suspended, was Running');
    await eventually('the problem', () =>
      watch.said.some((message) => message.kind === 'problem' && message.problem.code === 'SERVER_NOT_RUNNING'),
    );
    plc.server.engine.setServerState(ServerState.Running);
    await eventually('its end', () =>
      watch.said.some((message) => message.kind === 'clear' && message.code === 'SERVER_NOT_RUNNING'),
    );
  });
});
