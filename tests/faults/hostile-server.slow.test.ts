import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasAsyncua, startAsyncuaServer, ASYNCUA_NAMESPACE } from '../support/asyncua-server.ts';
import { freePort } from '../support/free-port.ts';
import { processTag, serverOf, startGatewayRig, stateTag } from '../support/gateway-rig.ts';
import { behaviours, endlessAnswer, startHostileServer, type HostileServer } from '../support/hostile-server.ts';
import { startLineProcess } from '../support/line-process.ts';
import { eventually, temporaryFolder } from '../support/stack.ts';

const tag = processTag('count', 'nsu=urn:good;s=Counter0');
/** Bytes of one malformed answer a client may take: a few times the largest message that makes sense. */
const TAKEN_LIMIT = 256 * 1024 * 1024;
/** Growth while the hostile servers are tried again and again. */
const MEMORY_GROWTH_LIMIT = 400 * 1024 * 1024;

type Title = keyof typeof behaviours | 'never ends its answer';
const groups: readonly { readonly titles: readonly Title[] }[] = [
  { titles: ['closes at once', 'resets in the handshake', 'says nothing', 'answers HTTP'] },
  { titles: ['sends garbage for a greeting', 'sends garbage after the greeting', 'closes in the middle of a chunk'] },
  { titles: ['announces a chunk of 2 GB and sends it', 'sends an error without end', 'never ends its answer'] },
];

/** A well-behaved server in a process of its own. */
async function startGoodServer() {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const port = await freePort();
  const options = {
    port,
    dataDir: folder.path,
    recordFile: `${folder.path}/record.jsonl`,
    namespaces: [{ uri: 'urn:good', offset: 0 }],
    counters: 1,
    intervalMs: 100,
  };
  const script = fileURLToPath(new URL('./fault-server.ts', import.meta.url));
  opening.use(await startLineProcess(process.execPath, [script, JSON.stringify(options)]));
  const resources = opening.move();
  return { port, endpoint: `opc.tcp://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

describe('a server that speaks broken OPC UA harms nobody else', () => {
  it.each(groups)(
    'is named in health while the good server goes on: $titles',
    { timeout: 90_000 },
    async ({ titles }) => {
      await using servers = new AsyncDisposableStack();
      const good = servers.use(await startGoodServer());
      const all = { ...behaviours, 'never ends its answer': endlessAnswer(good.port) };
      const hostile = new Map<string, HostileServer>();
      for (const title of titles) hostile.set(title, servers.use(await startHostileServer(all[title])));
      await using rig = await startGatewayRig([
        serverOf('good', good.endpoint, [tag]),
        ...[...hostile.values()].map(({ endpoint }, index) => serverOf(`hostile-${index}`, endpoint, [tag])),
      ]);
      await eventually('the good data', () => rig.of('count', 'good').length > 0, 30_000);
      for (const [title, { endpoint }] of hostile) {
        const problem = await eventually(
          `the problem of the server that ${title}`,
          () => rig.gateway.health().problems.find(({ where }) => where === endpoint) ?? null,
          30_000,
        );
        expect(problem.code).toMatch(/^ENDPOINT_/);
        expect(problem.remedy).not.toBe('');
      }
      const memoryBefore = process.memoryUsage().rss;
      const values = rig.of('count', 'good').length;
      await eventually('more good data', () => rig.of('count', 'good').length > values + 20);
      const ticks = rig
        .of('count', 'good')
        .map(({ value }) => Number(value))
        .filter((value) => value > 0);
      expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index));
      for (const [title, server] of hostile) {
        expect([title, server.connections > 0]).toEqual([title, true]);
        expect([title, server.mostBytesTaken < TAKEN_LIMIT]).toEqual([title, true]);
      }
      expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(MEMORY_GROWTH_LIMIT);
    },
  );

  it('is not hammered when it closes every connection at once', async () => {
    await using hostile = await startHostileServer(behaviours['closes at once']);
    await using rig = await startGatewayRig([serverOf('plc', hostile.endpoint, [tag])]);
    await eventually('the problem', () => rig.problem('ENDPOINT_UNREACHABLE', hostile.endpoint));
    await eventually('a second try', () => (rig.problem('ENDPOINT_UNREACHABLE')?.count ?? 0) >= 2);
    const tries = rig.problem('ENDPOINT_UNREACHABLE')?.count ?? 0;
    expect(hostile.connections).toBeLessThanOrEqual(tries * 2 + 2);
  });
});

describe.runIf(hasAsyncua())('a server that overdoes it harms nobody', () => {
  it('offers 1,000 endpoints and still delivers over the one that is configured', async () => {
    await using server = await startAsyncuaServer({
      extraEndpoints: 1000,
      counters: { count: 1, intervalMs: 100 },
    });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [processTag('count', `nsu=${ASYNCUA_NAMESPACE};s=Counter0`)]),
    ]);
    await eventually(
      `data; problems: ${JSON.stringify(rig.gateway.health().problems)}`,
      () => rig.of('count').length > 3,
    );
    expect(rig.problem('ENDPOINT_REFUSED')).toBeNull();
  });

  // The message is larger than the broker takes, so it is sent again for ever and holds up everything behind it.
  it('sends a string of 10 MB and the other tags go on', { timeout: 60_000 }, async () => {
    await using server = await startAsyncuaServer({ dataTypes: true, counters: { count: 1, intervalMs: 100 } });
    const node = (name: string): string => `nsu=${ASYNCUA_NAMESPACE};s=${name}`;
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [stateTag('text', node('ScalarString')), processTag('count', node('Counter0'))]),
    ]);
    await eventually('the short text', () => rig.of('text').length > 0);
    await server.set('ScalarString', 'String', 'x'.repeat(10 * 1024 * 1024));
    const before = rig.of('count').length;
    await eventually('the counter after it', () => rig.of('count').length > before + 20, 6000);
    const texts = rig.of('text').map(({ value }) => (typeof value === 'string' ? value.length : 0));
    expect(Math.max(...texts)).toBeLessThan(1_048_576);
    expect(process.memoryUsage().rss).toBeLessThan(1024 * 1024 * 1024);
  });
});
