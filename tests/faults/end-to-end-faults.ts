/**
 * `npm run test:faults -- [--only kill-gateway,broker-away] [--quick]`: what is killed, cut, filled or damaged between the
 * machine and the store; values the machine made beside values the store holds. A table and a JSON line.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventually } from '../support/stack.ts';
import { startEndToEndRig, type EndToEndRig, type RigOptions, type Service } from './end-to-end-rig.ts';
import { measurePowerLoss } from './power-loss.ts';
import { printTable } from './print-table.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const AWAY_MS = values.quick ? 30_000 : 600_000;
const STEADY_MS = 5000;
/** Two cores carry so many plants at a time. */
const AT_ONCE = values.quick ? 2 : 3;
/** The disk of the gateway in the scenario that fills it; the machine goes on meanwhile. */
const SMALL_DISK = 'mkdir -p "$DATA/gateway" && mount -t tmpfs -o size=16m,mode=0700 none "$DATA/gateway";';

type Scenario = { readonly rig?: RigOptions; readonly harm: (rig: EndToEndRig) => Promise<void> };

const killing = (service: Service): Scenario => ({
  harm: async (rig) => {
    for (let round = 0; round < 3; round += 1) {
      await rig.kill(service);
      // Less than a subscription of an OPC UA server lives without its client.
      await wait(2000);
      await rig.start(service);
      await wait(STEADY_MS);
    }
  },
});

const scenarios: Readonly<Record<string, Scenario>> = {
  'kill-gateway': killing('gateway'),
  'kill-broker': killing('broker'),
  'kill-scoring': killing('scoring'),
  'full-disk': {
    rig: {
      // Another program fills the disk of the gateway as soon as it finds the file `fill`, and leaves when that is gone.
      gatewayShell: `${SMALL_DISK} (until [ -e "$DATA/fill" ]; do sleep 0.2; done; dd if=/dev/zero of="$DATA/gateway/foreign" bs=512; while [ -e "$DATA/fill" ]; do sleep 0.2; done; rm "$DATA/gateway/foreign") >/dev/null 2>&1 &`,
    },
    harm: async (rig) => {
      // Without commits nothing leaves the outbox, so it does need room.
      await rig.kill('scoring');
      await writeFile(join(rig.dataDir, 'fill'), '');
      await eventually(
        'a full disk',
        () => rig.hasSaid('gateway', 'OUTBOX_FULL') || rig.hasSaid('gateway', 'disk is full'),
        60_000,
      );
      await wait(15_000);
      await rm(join(rig.dataDir, 'fill'));
      await wait(STEADY_MS);
      await rig.start('scoring');
    },
  },
  'cut-gateway': {
    harm: async (rig) => {
      for (let round = 0; round < 3; round += 1) {
        rig.gatewayLine.setMode({ kind: 'cut' });
        await wait(4000);
        rig.gatewayLine.setMode({ kind: 'pass' });
        await wait(STEADY_MS);
      }
    },
  },
  'cut-scoring': {
    harm: async (rig) => {
      for (let round = 0; round < 3; round += 1) {
        rig.scoringLine.setMode({ kind: 'cut' });
        await wait(4000);
        rig.scoringLine.setMode({ kind: 'pass' });
        await wait(STEADY_MS);
      }
    },
  },
  'half-open-gateway': {
    harm: async (rig) => {
      rig.gatewayLine.setMode({ kind: 'blackHole' });
      await wait(25_000);
      rig.gatewayLine.setMode({ kind: 'pass' });
    },
  },
  'half-open-scoring': {
    harm: async (rig) => {
      rig.scoringLine.setMode({ kind: 'blackHole' });
      await wait(25_000);
      rig.scoringLine.setMode({ kind: 'pass' });
    },
  },
  'broker-away': {
    harm: async (rig) => {
      await rig.kill('broker');
      await wait(AWAY_MS);
      await rig.start('broker');
    },
  },
  'broker-away-live-first': {
    rig: { drain: 'live-first' },
    harm: async (rig) => {
      await rig.kill('broker');
      await wait(AWAY_MS);
      await rig.start('broker');
    },
  },
  'all-at-once': {
    harm: async (rig) => {
      for (const service of ['gateway', 'scoring', 'broker'] as const) await rig.kill(service);
      await wait(2000);
      for (const service of ['broker', 'gateway', 'scoring'] as const) await rig.start(service);
    },
  },
};

type Result = {
  readonly scenario: string;
  readonly produced: number;
  readonly stored: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly verdict: string;
};

async function measure(scenario: string, { rig: options = {}, harm }: Scenario): Promise<Result> {
  try {
    await using rig = await startEndToEndRig(options);
    await wait(STEADY_MS);
    await harm(rig);
    await wait(STEADY_MS);
    const { produced, stored, sumsAgree } = await rig.finish(90_000);
    const lost = Math.max(0, produced - stored);
    const duplicated = Math.max(0, stored - produced);
    const verdict = lost + duplicated > 0 ? 'values differ' : sumsAgree ? 'ok' : 'as many values, but not the same';
    return { scenario, produced, stored, lost, duplicated, verdict };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { scenario, produced: 0, stored: 0, lost: 0, duplicated: 0, verdict: `broke off: ${why}` };
  }
}

const chosen = values.only?.split(',') ?? [...Object.keys(scenarios), 'power-loss'];
const unknown = chosen.filter((name) => scenarios[name] === undefined && name !== 'power-loss');
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}, power-loss`);
  process.exit(2);
}
const results: Result[] = [];
const waiting = chosen.filter((name) => scenarios[name] !== undefined);
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const scenario = scenarios[name];
      if (scenario !== undefined) results.push(await measure(name, scenario));
      console.error(`${name}: ${results.at(-1)?.verdict ?? ''}`);
    }
  }),
);
if (chosen.includes('power-loss')) results.push(...(await measurePowerLoss()));
results.sort((a, b) => order(a.scenario) - order(b.scenario));
printTable(
  ['scenario', 'produced', 'stored', 'lost', 'duplicated', 'verdict'],
  results.map((row) => [row.scenario, row.produced, row.stored, row.lost, row.duplicated, row.verdict]),
);
console.log(JSON.stringify({ benchmark: 'end-to-end-faults', quick: values.quick, results }));
process.exit(results.every(({ verdict }) => verdict.startsWith('ok')) ? 0 : 1);

function order(scenario: string): number {
  const place = chosen.indexOf(scenario);
  return place < 0 ? chosen.length : place;
}
