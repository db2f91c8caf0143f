/**
 * The scoring core of `store-faults.ts` in a process of its own: store, queue and pipeline as in the service, fed with the
 * values of `MACHINES` machines, one plant minute after the other, from where the store ends. SIGTERM ends the plant,
 * empties the queue and prints what was produced.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';
import type { PlantSection } from '../../broker/contract/plant.ts';
import type { ScoringSection } from '../../scoring/config.ts';
import { openCore } from '../../scoring/main.ts';
import { quietLog } from '../support/influx-under-test.ts';

const MACHINES = 20;
const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 1);

const [dataDir = '', url = '', pace = '20'] = process.argv.slice(2);
const plant = { enterprise: 'acme', site: 'works', timezone: 'Asia/Shanghai' } as PlantSection;
const scoring = {
  id: 'scoring',
  maxGap: '5m',
  lateness: '2m',
  targets: [],
  influx: { url, database: 'plant', queueMegabytes: 1024 },
} satisfies ScoringSection;

await using core = await openCore({
  plant,
  scoring,
  dataDir,
  log: quietLog,
  now: Date.now,
  onIssue: () => undefined,
  onEpisode: () => undefined,
});
const tags: TagDescription[] = [
  { name: 'Energy', role: 'energy-counter', unit: 'kWh' },
  { name: 'Good', role: 'output-counter', unit: 'pcs' },
];
const numbers = Array.from({ length: MACHINES }, (_, at) => {
  const equipment: EquipmentDescription = { path: `area-${at % 2}/line-${at % 5}/machine-${at}` };
  return core.pipeline.describe(equipment, tags);
});
let minute = Number((await core.store.readCheckpoint('test/minute')) ?? -1) + 1;
const feed = async (): Promise<void> => {
  const at = START + minute * MINUTE_MS;
  for (const number of numbers) {
    core.pipeline.sample(number, 0, minute * 0.5, at, 0);
    core.pipeline.sample(number, 1, minute * 2, at, 0);
  }
  const body = String(minute);
  await core.pipeline.flush(() => [{ name: 'test/minute', body }]);
  minute += 1;
};

let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});
const status = (): object => ({ minute, ...core.sinks[0]?.status() });
const told = setInterval(() => process.stdout.write(`${JSON.stringify(status())}\n`), 500);
for (; !stopping; await wait(Number(pace))) await feed();
clearInterval(told);
while ((core.sinks[0]?.status().queued ?? 0) > 0) await wait(50);
process.stdout.write(`${JSON.stringify({ ...status(), done: true, machines: MACHINES })}\n`);
