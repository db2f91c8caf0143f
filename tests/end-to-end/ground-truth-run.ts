/**
 * Judges the anomaly scores by the demo plant's own ground truth, through the whole path (OPC UA → MQTT → scoring → API):
 * an accelerated run with one fault of each kind. Prints a table and a JSON line; exit code 1 when a process fault never rose
 * above the threshold or a healthy machine was above it for more than 1 % of its scored rows.
 *
 *   npm run test:ground-truth -- --minutes 30 --speed 48 --seed 1
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { AnomalyAnswer } from '../../scoring/api/schemas.ts';
import { demoMachines } from '../../seeds/simulator/demo-plant.ts';
import { defaultFaultPlan, faultClass } from '../../seeds/simulator/model/fault.ts';

type TruthLine = {
  event: 'begin' | 'end';
  at: string;
  class: 'process' | 'data';
  kind: string;
  path: string;
  id: string;
};
type Row = { readonly at: number; readonly score: number };

const { values: args } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    speed: { type: 'string', default: '48' },
    seed: { type: 'string', default: '1' },
    history: { type: 'string', default: '10d' },
  },
});
const MINUTE = 60_000;
/** After a fault has ended its traces take this long to leave the smoothed residual; such rows are neither healthy nor faulty. */
const AFTERMATH_MS = 3 * 3_600_000;
const runMs = Number(args.minutes) * MINUTE;
const speed = Number(args.speed);

const folder = await mkdtemp(join(tmpdir(), 'joulegate-truth-'));
const dataDir = join(folder, 'data');
const plan = join(folder, 'faults.json');
const planFrom = Date.now() + 5 * MINUTE;
await writeFile(plan, JSON.stringify(defaultFaultPlan({ from: planFrom, to: planFrom + runMs * speed * 0.94 })));

const child = spawn(
  process.execPath,
  [
    'deploy/joulegate.js',
    'up',
    '--demo',
    '--json',
    '--data',
    dataDir,
    '--port',
    '0',
    '--mqtt-port',
    '0',
    '--opcua-port',
    '0',
    '--seed',
    args.seed,
    '--speed',
    args.speed,
    '--history',
    args.history,
    '--faults',
    plan,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [line] = await Promise.race([
  new Promise<[string]>((resolve) => createInterface({ input: child.stdout }).once('line', (text) => resolve([text]))),
  new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`up ended with code ${code} before it was ready`))),
  ),
]);
const { url, token } = JSON.parse(line) as { url: string; token: string };
const get = async <Answer>(path: string): Promise<Answer> => {
  const response = await fetch(`${url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
};

const startedAt = Date.now();
console.log(`ready at ${url}; plant runs at ${speed}x for ${args.minutes} min`);
const liveFrom = (JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8')) as { historyTo: number }).historyTo;
while (Date.now() - startedAt < runMs) await wait(Math.min(30_000, runMs));
const until = liveFrom + (Date.now() - startedAt) * speed;

const truth = (await readFile(join(dataDir, 'ground-truth.jsonl'), 'utf8'))
  .split('\n')
  .filter((text) => text !== '')
  .map((text) => JSON.parse(text) as TruthLine);
const faults = truth
  .filter((entry) => entry.event === 'begin')
  .map((entry) => ({
    ...entry,
    from: Date.parse(entry.at),
    to: Date.parse(
      truth.find((other) => other.event === 'end' && other.id === entry.id)?.at ?? new Date(until).toISOString(),
    ),
  }));

const rows = new Map<string, Row[]>();
for (const { equipment } of demoMachines) {
  const query = new URLSearchParams({
    path: equipment.path,
    from: new Date(liveFrom).toISOString(),
    to: new Date(until + 7_200_000).toISOString(),
  });
  const { series = [] } = await get<AnomalyAnswer>(`anomalies?${query.toString()}`);
  rows.set(
    equipment.path,
    series.flatMap(({ at, score }) => (score === null ? [] : [{ at: Date.parse(at), score }])),
  );
}
const { threshold } = await get<AnomalyAnswer>('anomalies');
child.kill('SIGINT');
await new Promise((resolve) => child.once('exit', resolve));
await rm(folder, { recursive: true, force: true });

const faultTable = faults
  .filter((fault) => faultClass(fault.kind as Parameters<typeof faultClass>[0]) === 'process')
  .map((fault) => {
    const within = (rows.get(fault.path) ?? []).filter(({ at }) => at > fault.from && at <= fault.to + 10 * MINUTE);
    const first = within.find(({ score }) => score >= threshold);
    return {
      fault: fault.kind,
      machine: fault.path,
      'plant hours': ((fault.to - fault.from) / 3_600_000).toFixed(1),
      rows: within.length,
      'max score': Math.max(0, ...within.map(({ score }) => score)).toFixed(4),
      'delay (plant min)': first === undefined ? 'never' : ((first.at - fault.from) / MINUTE).toFixed(0),
      detected: first !== undefined,
    };
  });
const healthTable = [...rows].map(([path, scored]) => {
  const own = faults.filter((fault) => fault.path === path);
  const healthy = scored.filter(({ at }) => !own.some((fault) => at > fault.from && at <= fault.to + AFTERMATH_MS));
  const above = healthy.filter(({ score }) => score >= threshold).length;
  return {
    machine: path,
    'healthy rows': healthy.length,
    'above threshold': above,
    'below (%)': healthy.length === 0 ? 'no rows' : (100 - (100 * above) / healthy.length).toFixed(2),
    ok: healthy.length > 0 && above <= healthy.length * 0.01,
  };
});
console.log(`\nProcess faults injected (threshold ${threshold})`);
console.table(faultTable);
console.log('Healthy time per machine');
console.table(healthTable);
const passed = faultTable.length > 0 && faultTable.every((row) => row.detected) && healthTable.every((row) => row.ok);
console.log(
  JSON.stringify({
    bench: 'ground-truth',
    minutes: Number(args.minutes),
    speed,
    seed: Number(args.seed),
    faults: faultTable,
    healthy: healthTable,
    passed,
  }),
);
process.exitCode = passed ? 0 : 1;
