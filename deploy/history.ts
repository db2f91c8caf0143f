import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../broker/contract/deps.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import { LivePlant, openCore, type ScoringCore } from '../scoring/main.ts';
import { demoMachines } from '../seeds/simulator/demo-plant.ts';
import { generateHistory } from '../seeds/simulator/history.ts';
import type { Fault } from '../seeds/simulator/model/fault.ts';
import type { PlantConfig } from './config/schema.ts';

export type FillOptions = {
  readonly config: PlantConfig;
  readonly dataDir: string;
  readonly seed: number;
  /** Start of the plant and of the history, epoch ms. */
  readonly startAt: number;
  /** End of the history, exclusive. */
  readonly to: number;
  readonly faults: readonly Fault[];
  readonly onProgress: (share: number) => void;
  readonly log?: Logger;
};

/** Samples of the demo plant per machine and tag, as a gateway would have delivered them. */
const STEP_MS = 60_000;
/** Rows are written about this often, as a share of the whole. */
const FLUSH_SHARE = 0.01;
/** Points that may wait for InfluxDB before the fill waits too; its queue would otherwise drop the oldest. */
const SINK_BACKLOG = 200_000;

/**
 * Fills the history of the demo plant by sending its samples through the same pipeline that live values take; nothing is
 * computed here. Where InfluxDB is configured its queue gets the history too. @returns what was written and how long it took.
 */
export async function fillHistory(options: FillOptions): Promise<{ windows: number; values: number; seconds: number }> {
  const { plant, scoring } = options.config;
  if (scoring === undefined)
    throw new JoulegateError('CONFIG_INVALID', 'section scoring is missing; the history needs it');
  const begun = performance.now();
  let live: LivePlant | null = null;
  await using core = await openCore({
    plant,
    scoring,
    dataDir: join(options.dataDir, 'scoring'),
    log: options.log ?? silent,
    now: () => options.to,
    bulk: true,
    onIssue: () => undefined,
    onEpisode: (episode) => live?.noteEpisode(episode),
  });
  // Episodes of the history become alerts by the same way as live ones.
  live = new LivePlant(core, {
    plant,
    scoring,
    founding: new Map(),
    log: options.log ?? silent,
    now: () => options.to,
    ownHealth: neverAsked,
  });
  const numbers = demoMachines.map(({ equipment, tags }) =>
    core.pipeline.describe(
      { ...equipment, site: plant.site, enterprise: plant.enterprise },
      tags.map(({ tag }) => tag),
    ),
  );
  let values = 0;
  let windows = 0;
  let flushed = 0;
  const samples = generateHistory(
    { ...options, from: options.startAt, stepMs: STEP_MS },
    (machine, tag, at, value, statusCode) => {
      values += 1;
      core.pipeline.sample(numbers[machine] ?? 0, tag, value, at, statusCode);
    },
  );
  for (const share of samples) {
    options.onProgress(share);
    if (share - flushed < FLUSH_SHARE) continue;
    flushed = share;
    windows += await core.pipeline.flush();
    await live.settled();
    while (isBehind(core)) await delay(20);
  }
  windows += await core.pipeline.flush();
  await live.settled();
  core.store.endBulk();
  options.onProgress(1);
  return { windows, values, seconds: (performance.now() - begun) / 1000 };
}

/** Whether a sink takes points, only slower than they come. One whose server is away is not waited for. */
function isBehind({ sinks }: ScoringCore): boolean {
  return sinks.some((sink) => {
    const { queued, error } = sink.status();
    return error === null && queued > SINK_BACKLOG;
  });
}

const neverAsked = (): never => {
  throw new JoulegateError('INTERNAL', 'a fill has no health of its own');
};

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};
