/**
 * `npm run test:store-faults [-- --full] [--only kill-influx]`: kill -9 of scoring and of InfluxDB under load, and InfluxDB away for 30 s
 * (--full: 10 minutes). Rows the machines made beside rows of the embedded store and points of InfluxDB.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EmbeddedStore } from '../../scoring/store/embedded/embedded-store.ts';
import { influxMissing, startInfluxServer, type InfluxServer } from '../support/influxdb.ts';
import { printTable } from './print-table.ts';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const AWAY_MS = values.full ? 600_000 : values.quick ? 5000 : 30_000;
const LOAD_MS = values.quick ? 1000 : 4000;
/** Between two flushes of the long outage: the rate of the service. */
const SERVICE_PACE_MS = 1000;
const LOAD_PACE_MS = 20;
const SIZES = ['1m', '15m', '1h', '1d'] as const;

type Line = {
  readonly minute: number;
  readonly queued: number;
  readonly dropped: number;
  readonly refused: number;
  readonly done?: boolean;
  readonly machines?: number;
};
type Scoring = { readonly child: ChildProcess; readonly last: () => Line | null; readonly most: () => number };
type Rig = { server: InfluxServer; dataDir: string; scoring: Scoring; mostQueued: number };

async function startScoring(dataDir: string, url: string, paceMs: number): Promise<Scoring> {
  const program = fileURLToPath(new URL('store-child.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, url, String(paceMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last: Line | null = null;
  let most = 0;
  const lines = createInterface({ input: child.stdout }).on('line', (text) => {
    last = JSON.parse(text) as Line;
    most = Math.max(most, last.queued);
  });
  // From its first word on it stores and can be stopped.
  await once(lines, 'line');
  return { child, last: () => last, most: () => most };
}

async function killScoring(rig: Rig): Promise<void> {
  rig.scoring.child.kill('SIGKILL');
  await once(rig.scoring.child, 'exit');
  rig.mostQueued = Math.max(rig.mostQueued, rig.scoring.most());
  rig.scoring = await startScoring(rig.dataDir, rig.server.url, LOAD_PACE_MS);
}

const scenarios: Readonly<Record<string, (rig: Rig) => Promise<void>>> = {
  'kill-scoring': async (rig) => {
    for (let round = 0; round < 4; round += 1) {
      await wait(LOAD_MS);
      await killScoring(rig);
    }
    await wait(LOAD_MS);
  },
  'kill-influx': async ({ server }) => {
    for (let round = 0; round < 4; round += 1) {
      await wait(LOAD_MS);
      await server.stop('SIGKILL');
      await wait(500);
      await server.start();
    }
    await wait(LOAD_MS);
  },
  'kill-both-while-away': async (rig) => {
    await wait(LOAD_MS);
    await rig.server.stop('SIGKILL');
    await wait(LOAD_MS);
    await killScoring(rig);
    await wait(LOAD_MS);
    await killScoring(rig);
    await rig.server.start();
    await wait(LOAD_MS);
  },
  [`influx-away-${AWAY_MS / 1000}s`]: async ({ server }) => {
    await wait(LOAD_MS);
    await server.stop('SIGKILL');
    await wait(AWAY_MS);
    await server.start();
    await wait(LOAD_MS);
  },
};

type Counted = { rows: number; kwh: number };

async function run(name: string, harm: (rig: Rig) => Promise<void>): Promise<readonly (string | number)[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'joulegate-store-faults-'));
  const paceMs = name.startsWith('influx-away') && values.full ? SERVICE_PACE_MS : LOAD_PACE_MS;
  await using server = await startInfluxServer();
  const rig: Rig = { server, dataDir, scoring: await startScoring(dataDir, server.url, paceMs), mostQueued: 0 };
  try {
    await harm(rig);
    rig.scoring.child.kill('SIGTERM');
    await once(rig.scoring.child, 'exit');
    const last = rig.scoring.last();
    if (last?.done !== true) throw new Error(`${name}: scoring did not finish: ${JSON.stringify(last)}`);
    const minutes = last.minute - 1;
    const machines = last.machines ?? 0;
    const embedded: Counted = { rows: 0, kwh: 0 };
    const influx: Counted = { rows: 0, kwh: 0 };
    {
      await using store = EmbeddedStore.open({ file: join(dataDir, 'joulegate.db') });
      for (const window of SIZES) {
        const rows = await store.readAllWindows({ window, from: 0, to: 8.64e15 });
        embedded.rows += rows.length;
        if (window !== '1m') continue;
        for (const row of rows) if (row.level === 'equipment') embedded.kwh += row.energyKwh;
      }
    }
    const [count] = await server.query('SELECT COUNT("revision") AS "rows" FROM "energy"', 'plant');
    const [sum] = await server.query(
      `SELECT SUM("energy_kwh") AS "kwh" FROM "energy" WHERE "level" = 'equipment' AND "window" = '1m'`,
      'plant',
    );
    influx.rows = Number(count?.['rows'] ?? 0);
    influx.kwh = Number(sum?.['kwh'] ?? 0);
    const produced = minutes * machines * 0.5;
    const whole =
      embedded.rows === influx.rows &&
      embedded.kwh === produced &&
      influx.kwh === produced &&
      last.dropped === 0 &&
      last.refused === 0;
    const waited = Math.max(rig.mostQueued, rig.scoring.most());
    const { size } = await stat(join(dataDir, 'influx-queue.db'));
    return [
      name,
      minutes * machines,
      produced,
      embedded.kwh,
      influx.kwh,
      embedded.rows,
      influx.rows,
      waited,
      Math.round(size / 1024),
      whole ? 'all there' : 'LOST',
    ];
  } finally {
    if (rig.scoring.child.exitCode === null) rig.scoring.child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  }
}

if (influxMissing !== null) {
  console.error(influxMissing);
  process.exitCode = 1;
} else {
  const rows: (readonly (string | number)[])[] = [];
  for (const [name, harm] of Object.entries(scenarios).filter(([name]) => name.startsWith(values.only ?? '')))
    rows.push(await run(name, harm));
  printTable(
    [
      'fault',
      'machine minutes',
      'kWh made',
      'kWh store',
      'kWh InfluxDB',
      'rows store',
      'points InfluxDB',
      'most waiting',
      'queue KB after',
      'verdict',
    ],
    rows,
  );
  console.log(JSON.stringify({ faults: 'store', awaySeconds: AWAY_MS / 1000, rows }));
  if (rows.some((row) => row.at(-1) !== 'all there')) process.exitCode = 1;
}
