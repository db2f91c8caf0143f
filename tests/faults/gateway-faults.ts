/** `npm run test:faults [-- --only kill,freeze]`: what faults of server and network do to the data; a table and a JSON line. */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventually } from '../support/stack.ts';
import { measureFault, NAMESPACES, type FaultResult, type FaultRig } from './fault-rig.ts';

const scenarios: Readonly<Record<string, (rig: FaultRig) => Promise<void>>> = {
  kill: async (rig) => {
    await rig.server.kill();
    await wait(10_000);
    await rig.startServer();
  },
  freeze: async (rig) => {
    rig.server.signal('SIGSTOP');
    await wait(30_000);
    rig.server.signal('SIGCONT');
  },
  'mid-chunk': async (rig) => {
    await rig.proxy.cutAfterBytes(150);
  },
  cut: async (rig) => {
    rig.proxy.setMode({ kind: 'cut' });
    await wait(10_000);
    rig.proxy.setMode({ kind: 'pass' });
  },
  'black-hole': async (rig) => {
    rig.proxy.setMode({ kind: 'blackHole' });
    await wait(30_000);
    rig.proxy.setMode({ kind: 'pass' });
  },
  'slow-line': async (rig) => {
    rig.proxy.setMode({ kind: 'delay', ms: 1500 });
    await wait(10_000);
    rig.proxy.setMode({ kind: 'pass' });
  },
  'wrong-clock': async (rig) => {
    await rig.server.ask({ do: 'clock', offsetMs: 3_600_000 });
    await wait(8000);
    await rig.server.ask({ do: 'clock', offsetMs: 0 });
  },
  'namespace-swap': async (rig) => {
    await rig.server.kill();
    await wait(2000);
    await rig.startServer([NAMESPACES[1], NAMESPACES[0]]);
  },
  'forgotten-subscription': async (rig) => {
    const forgotten = await rig.server.ask<number>({ do: 'forget-subscriptions' });
    if (forgotten === 0) throw new Error('the server had no subscription to forget');
  },
};

/** The same faults again, at a server that keeps a history: nothing may stay lost. */
const withHistory: Readonly<Record<string, string>> = {
  'kill-history': 'kill',
  'forgotten-subscription-history': 'forgotten-subscription',
};
const names = [...Object.keys(scenarios), ...Object.keys(withHistory)];
const faultOf = (name: string): ((rig: FaultRig) => Promise<void>) | undefined => scenarios[withHistory[name] ?? name];

/** Two cores carry so many at a time without the load itself becoming a fault. */
const AT_ONCE = 5;

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = values.only?.split(',') ?? names;
const unknown = chosen.filter((name) => faultOf(name) === undefined);
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}

const results: FaultResult[] = [];
let active = 0;
await Promise.all(
  chosen.map(async (name) => {
    await eventually('a free place', () => active < AT_ONCE && (active += 1) > 0, 600_000);
    try {
      results.push(await measureFault(name, faultOf(name) ?? (async () => undefined), name in withHistory));
    } catch (error) {
      results.push(brokenOff(name, error));
    } finally {
      active -= 1;
    }
  }),
);
results.sort((a, b) => chosen.indexOf(a.scenario) - chosen.indexOf(b.scenario));
printTable(results);
console.log(JSON.stringify({ benchmark: 'gateway-faults', results }));
process.exit(results.some(({ failures }) => failures.length > 0) ? 1 : 0);

function brokenOff(scenario: string, error: unknown): FaultResult {
  const counts = { produced: 0, received: 0, lost: 0, lostOutside: 0, reportedLost: 0, announced: 0, duplicates: 0 };
  const why = error instanceof Error ? error.message : String(error);
  return { scenario, resumedSeconds: null, ...counts, wrong: 0, sessions: 0, failures: [`broke off: ${why}`] };
}

function printTable(rows: readonly FaultResult[]): void {
  const head = 'scenario,again after s,produced,received,lost,reported,announced,duplicates,wrong,sessions,verdict';
  const lines = rows.map((row) => [
    row.scenario,
    row.resumedSeconds?.toFixed(1) ?? 'never',
    row.produced,
    row.received,
    row.lost,
    row.reportedLost,
    row.announced,
    row.duplicates,
    row.wrong,
    row.sessions,
    row.failures.join('; ') || 'ok',
  ]);
  const table = [head.split(','), ...lines.map((line) => line.map(String))];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of table) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}
