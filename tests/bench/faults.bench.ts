/**
 * Judges the anomaly scores by the demo plant's ground truth, faster than live: 30 days of the plant go through the scoring of the product,
 * with the default faults in the last ten, for several seeds. Prints how long each fault went unnoticed and how many episodes per week a
 * machine had that no fault explains.
 *
 *   npm run bench:faults [-- --seeds 1,2,3 --days 30]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadPlantConfig } from '../../deploy/config/load.ts';
import { fillHistory } from '../../deploy/history.ts';
import { TRAINING_FREE } from '../../scoring/anomaly/machine-detector.ts';
import { ALARM_SCORE } from '../../scoring/anomaly/score.ts';
import { EmbeddedStore } from '../../scoring/store/embedded/embedded-store.ts';
import { demoMachines } from '../../seeds/simulator/demo-plant.ts';
import { defaultFaultPlan, faultClass, type Fault } from '../../seeds/simulator/model/fault.ts';

const { values: args } = parseArgs({
  options: { seeds: { type: 'string', default: '1,2,3' }, days: { type: 'string', default: '30' } },
});
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const WEEK = 7 * DAY;
/** After a fault has ended its traces take this long to leave the smoothed residual; what is said then is neither right nor wrong. */
const AFTERMATH_MS = 180 * MINUTE;
const days = Number(args.days);
const startAt = Date.UTC(2026, 0, 5);
const to = startAt + days * DAY;
const faultsFrom = to - (days * DAY) / 3;

type FaultRow = {
  readonly seed: number;
  readonly fault: string;
  readonly machine: string;
  readonly hours: number;
  readonly 'delay min': number | null;
  readonly 'max score': number;
};
type QuietRow = {
  readonly seed: number;
  readonly 'false episodes': number;
  readonly 'machine weeks': number;
  readonly 'per machine and week': number;
  readonly 'rows judged without a model': number;
  readonly 'episodes without a model': number;
  readonly 'rows below %': number;
};

async function judge(seed: number): Promise<{ readonly found: readonly FaultRow[]; readonly quiet: QuietRow }> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-faults-'));
  try {
    const config = await loadPlantConfig(join(import.meta.dirname, '../../seeds/demo/plant.yaml'), { env: {} });
    const faults = defaultFaultPlan({ from: faultsFrom, to, seed });
    await fillHistory({ config, dataDir: folder, seed, startAt, to, faults, onProgress: () => undefined });
    await using store = EmbeddedStore.open({ file: join(folder, 'scoring', 'joulegate.db') });
    const found: FaultRow[] = [];
    let falseEpisodes = 0;
    let youngEpisodes = 0;
    let youngRows = 0;
    let healthyRows = 0;
    let healthyBelow = 0;
    for (const { equipment } of demoMachines) {
      const { path } = equipment;
      const own = faults.filter((fault) => fault.path === path);
      const rows = await store.readScores({ path, from: faultsFrom, to });
      for (const fault of own.filter(({ kind }) => faultClass(kind) === 'process')) {
        const within = rows.filter(
          ({ at, score }) => score !== null && at > fault.from && at <= fault.to + 10 * MINUTE,
        );
        const first = within.find(({ score }) => (score ?? 0) >= ALARM_SCORE);
        found.push({
          seed,
          fault: fault.kind,
          machine: path,
          hours: Math.round((fault.to - fault.from) / 360_000) / 10,
          'delay min': first === undefined ? null : Math.round((first.at - fault.from) / MINUTE),
          'max score': Number(Math.max(0, ...within.map(({ score }) => score ?? 0)).toFixed(4)),
        });
      }
      const young = await store.readEpisodes({ path, from: startAt, to: faultsFrom });
      youngEpisodes += young.filter(({ model }) => model === TRAINING_FREE).length;
      const early = await store.readScores({ path, from: startAt, to: faultsFrom });
      youngRows += early.filter(({ model, score }) => model === TRAINING_FREE && score !== null).length;
      const isExplained = (from: number, until: number): boolean =>
        own.some((fault: Fault) => until >= fault.from && from <= fault.to + AFTERMATH_MS);
      const episodes = await store.readEpisodes({ path, from: faultsFrom, to });
      falseEpisodes += episodes.filter((episode) => !isExplained(episode.from, episode.to ?? to)).length;
      const healthy = rows.filter(({ at, score }) => score !== null && !isExplained(at, at));
      healthyRows += healthy.length;
      healthyBelow += healthy.filter(({ score }) => (score ?? 0) < ALARM_SCORE).length;
    }
    const weeks = (demoMachines.length * (to - faultsFrom)) / WEEK;
    const quiet = {
      seed,
      'false episodes': falseEpisodes,
      'machine weeks': Number(weeks.toFixed(1)),
      'per machine and week': Number((falseEpisodes / weeks).toFixed(2)),
      'rows judged without a model': youngRows,
      'episodes without a model': youngEpisodes,
      'rows below %': Number(((100 * healthyBelow) / healthyRows).toFixed(3)),
    };
    return { found, quiet };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const results = [];
for (const seed of args.seeds.split(',').map(Number)) results.push(await judge(seed));
const found = results.flatMap((result) => result.found);
const quiet = results.map((result) => result.quiet);
console.log(`Faults of the last ${Math.round(days / 3)} of ${days} days; delay in minutes of plant time, null = never`);
console.table(found);
console.log('Episodes that no fault of the machine explains, in the same time');
console.table(quiet);
console.log(JSON.stringify({ bench: 'faults', days, found, quiet }));
process.exitCode = found.every((row) => row['delay min'] !== null) ? 0 : 1;
