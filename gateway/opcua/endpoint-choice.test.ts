import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestServer } from '../../tests/support/opcua-test-server.ts';
import { freePort } from '../../tests/support/free-port.ts';
import { temporaryFolder } from '../../tests/support/stack.ts';
import { EndpointChoice } from './endpoint-choice.ts';
import type { WorkerMessage } from './protocol.ts';

/** A choice between endpoints, and what it says. */
function choose(folder: string, [endpoint = '', ...redundant]: readonly string[]) {
  const said: WorkerMessage[] = [];
  const server = {
    name: 'pair',
    endpoint,
    redundant,
    securityMode: 'None' as const,
    securityPolicy: 'None' as const,
    trustServerCertificate: 'first-use' as const,
  };
  const start = { server, tags: [], pkiDir: join(folder, 'pki'), applicationUri: 'urn:joulegate:gateway:test' };
  return { choice: new EndpointChoice(start, (message) => said.push(message), 0), said };
}

describe('the choice of a server', () => {
  it('goes round, each with a name of its own for what is known of it', async () => {
    await using folder = await temporaryFolder();
    const { choice } = choose(folder.path, ['opc.tcp://a:1', 'opc.tcp://b:1', 'opc.tcp://c:1']);
    expect(choice.server).toMatchObject({ name: 'pair', endpoint: 'opc.tcp://a:1' });
    expect([choice.next(), choice.next()]).toEqual([false, false]);
    expect(choice.server).toMatchObject({ name: 'pair.3', endpoint: 'opc.tcp://c:1' });
    expect(choice.next()).toBe(true);
  });

  it('says that nothing is wrong any more with a lost server that is back, and goes on where it is', async () => {
    await using folder = await temporaryFolder();
    await using back = await openTestServer();
    const { choice, said } = choose(folder.path, [back.endpoint, 'opc.tcp://127.0.0.1:1']);
    choice.next();
    await choice.visitLost();
    expect(said.filter(({ kind }) => kind === 'clear')).toEqual([
      { kind: 'clear', code: 'ENDPOINT_UNREACHABLE', where: back.endpoint },
      { kind: 'clear', code: 'ENDPOINT_REFUSED', where: back.endpoint },
      { kind: 'clear', code: 'CERTIFICATE_UNTRUSTED', where: back.endpoint },
    ]);
    expect(choice.server.endpoint).toBe('opc.tcp://127.0.0.1:1');
  });

  it('says nothing of a lost server that is still away', async () => {
    await using folder = await temporaryFolder();
    const gone = `opc.tcp://127.0.0.1:${await freePort()}`;
    const { choice, said } = choose(folder.path, [gone, 'opc.tcp://127.0.0.1:1']);
    choice.next();
    await choice.visitLost();
    expect(said.filter(({ kind }) => kind === 'clear')).toEqual([]);
  });

  it('stays with a healthy server, and where none is better', async () => {
    await using folder = await temporaryFolder();
    const { choice } = choose(folder.path, ['opc.tcp://127.0.0.1:1', `opc.tcp://127.0.0.1:${await freePort()}`]);
    expect(await choice.isBetterElsewhere(200)).toBe(false);
    expect(await choice.isBetterElsewhere(100)).toBe(false);
    expect(choice.server.endpoint).toBe('opc.tcp://127.0.0.1:1');
  });
});
