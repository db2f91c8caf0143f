import { describe, expect, it } from 'vitest';
import { ASYNCUA_NAMESPACE, hasAsyncua, startAsyncuaServer } from '../support/asyncua-server.ts';
import { processTag, serverOf, startGatewayRig } from '../support/gateway-rig.ts';
import { eventually } from '../support/stack.ts';
import { setTimeout as wait } from 'node:timers/promises';

const node = (name: string): string => `nsu=${ASYNCUA_NAMESPACE};s=${name}`;

describe.runIf(hasAsyncua())('the history of a server that is not node-opcua', () => {
  it(
    'fills what was missed while it had forgotten the subscriptions, without a value twice',
    { timeout: 120_000 },
    async () => {
      await using server = await startAsyncuaServer({ history: true, counters: { count: 1, intervalMs: 100 } });
      await using rig = await startGatewayRig([
        serverOf('plc', server.endpoint, [processTag('sine', node('Sine')), processTag('count', node('Counter0'))]),
      ]);
      await eventually('live values', () => rig.of('sine').length > 20);
      await server.forgetSubscriptions();
      const filled = await eventually(
        'the gap to be filled',
        () => rig.events.find(({ kind }) => kind === 'history-filled') ?? false,
        60_000,
      );
      expect(filled.detail).toMatchObject({ server: 'plc', tags: 1 });
      await eventually('values after it', () =>
        rig.of('sine').some(({ at }) => at > Date.parse(String(filled.detail?.['to']))),
      );
      const times = rig.of('sine').map(({ at }) => at);
      expect(new Set(times).size).toBe(times.length);
      const sorted = [...times].sort((a, b) => a - b);
      const widest = Math.max(...sorted.slice(1).map((at, index) => at - (sorted[index] ?? at)));
      expect(widest, 'ms between two values of a source that changes every 100 ms').toBeLessThan(500);
      const counted = rig
        .of('count')
        .map(({ at }) => at)
        .sort((a, b) => a - b);
      expect(
        Math.max(...counted.slice(1).map((at, index) => at - (counted[index] ?? at))),
        'a node without history keeps its gap',
      ).toBeGreaterThan(2000);
    },
  );

  it('fills the time in which the gateway was away', { timeout: 120_000 }, async () => {
    await using server = await startAsyncuaServer({ history: true, counters: { count: 1, intervalMs: 100 } });
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [processTag('sine', node('Sine'))])]);
    await eventually('live values', () => rig.of('sine').length > 50);
    await rig.restart(() => wait(4000));
    const filled = await eventually(
      'the gap to be filled',
      () => rig.events.find(({ kind }) => kind === 'history-filled') ?? false,
      60_000,
    );
    expect(Number(filled.detail?.['values'])).toBeGreaterThan(30);
    const times = rig.of('sine').map(({ at }) => at);
    expect(new Set(times).size).toBe(times.length);
    const sorted = [...times].sort((a, b) => a - b);
    expect(Math.max(...sorted.slice(1).map((at, index) => at - (sorted[index] ?? at)))).toBeLessThan(500);
  });

  it('fills it also when the gateway stops again before it has got to it', { timeout: 120_000 }, async () => {
    await using server = await startAsyncuaServer({ history: true, counters: { count: 1, intervalMs: 100 } });
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [processTag('sine', node('Sine'))])]);
    await eventually('live values', () => rig.of('sine').length > 50);
    await rig.restart(() => wait(4000));
    const before = rig.of('sine').length;
    await eventually('the first values after it', () => rig.of('sine').length > before);
    expect(rig.events.some(({ kind }) => kind === 'history-filled')).toBe(false);
    await rig.restart(() => wait(2000));
    const timesOf = (): number[] => rig.of('sine').map(({ at }) => at);
    await eventually(
      'no gap',
      () => {
        const sorted = timesOf().sort((a, b) => a - b);
        return Math.max(...sorted.slice(1).map((at, index) => at - (sorted[index] ?? at))) < 500;
      },
      60_000,
    );
    const all = rig.of('sine').map(({ at, origin, receivedAt }) => ({ at, origin, receivedAt }));
    expect(all.filter(({ at }) => all.filter((other) => other.at === at).length > 1)).toEqual([]);
  });
});
