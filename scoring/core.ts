import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { durationMs } from '../broker/contract/duration.ts';
import type { Logger } from '../broker/contract/deps.ts';
import { describeError } from '../broker/contract/error.ts';
import type { PlantSection } from '../broker/contract/plant.ts';
import { ROWS_PER_EPISODE } from './anomaly/alarm-budget.ts';
import type { AnomalyEpisode } from './anomaly/score.ts';
import type { ScoringSection } from './config.ts';
import { boundariesOf } from './energy/boundaries.ts';
import { createLocalDays, type DaySpan } from './energy/local-day.ts';
import type { AnomalyOptions } from './equipment-scorer.ts';
import { ScoringPipeline, type PipelineIssue } from './pipeline.ts';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';
import { openInfluxSink } from './store/influx/influx-sink.ts';
import type { MetricSink } from './store/metric-store.ts';
import { ModelDesk } from './model-desk.ts';
import { loadModels, saveModel } from './store/model-files.ts';
import { ModelLibrary } from './store/model-library.ts';

export type CoreOptions = {
  readonly plant: PlantSection;
  readonly scoring: ScoringSection;
  readonly dataDir: string;
  readonly log: Logger;
  readonly now: () => number;
  /** See EmbeddedStoreOptions.bulk. */
  readonly bulk?: boolean;
  readonly onIssue: (issue: PipelineIssue) => void;
  readonly onEpisode: (episode: AnomalyEpisode) => void;
};

/** Store, sinks and pipeline: everything scoring computes with, without broker and API. */
export interface ScoringCore extends AsyncDisposable {
  readonly store: EmbeddedStore;
  readonly sinks: readonly MetricSink[];
  readonly pipeline: ScoringPipeline;
  readonly dayOf: (at: number) => DaySpan;
  readonly library: ModelLibrary;
  readonly desk: ModelDesk;
}

const WEEK_MS = 7 * 86_400_000;

/** Opens the core on a data folder. @throws JoulegateError STORE_FAILED. */
export async function openCore(options: CoreOptions): Promise<ScoringCore> {
  const { plant, scoring, dataDir, log, now } = options;
  await using opening = new AsyncDisposableStack();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const store = opening.use(
    EmbeddedStore.open({ file: join(dataDir, 'joulegate.db'), log, bulk: options.bulk ?? false }),
  );
  const sinks: MetricSink[] = [];
  if (scoring.influx !== undefined) {
    const site = { site: plant.site, enterprise: plant.enterprise };
    sinks.push(
      opening.use(await openInfluxSink(scoring.influx, { file: join(dataDir, 'influx-queue.db'), now, log, ...site })),
    );
  }
  const modelFolder = join(dataDir, 'models');
  const library = new ModelLibrary(join(modelFolder, 'versions'), now);
  const desk = new ModelDesk(library, log);
  await desk.refresh();
  const dayOf = createLocalDays(plant.timezone);
  let saving: Promise<void> = Promise.resolve();
  const pipeline = await ScoringPipeline.open(store, sinks, {
    dayOf,
    boundaries: boundariesOf(scoring.energy),
    watched: watchedTags(scoring),
    maxGapMs: durationMs(scoring.maxGap),
    latenessMs: durationMs(scoring.lateness),
    anomaly: anomalyOptions(scoring),
    models: await loadModels(modelFolder, log),
    onIssue: options.onIssue,
    onEpisode: options.onEpisode,
    onRow: (row) => desk.take(row),
    onModel: (path, model) => {
      // One after the other: two saves of one machine must not share their temporary file.
      saving = saving
        .then(() => saveModel(modelFolder, path, model))
        .catch((error: unknown) =>
          log.error({ equipment: path, err: describeError(error) }, 'model could not be saved'),
        );
    },
  });
  opening.defer(() => saving);
  opening.defer(() => desk.refresh());
  const resources = opening.move();
  return { store, sinks, pipeline, dayOf, library, desk, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Tags that baselines rest on, by equipment path. */
function watchedTags({ targets }: ScoringSection): ReadonlyMap<string, ReadonlySet<string>> {
  const watched = new Map<string, Set<string>>();
  for (const { equipment, tag } of targets.flatMap(({ baseline }) => baseline?.variables ?? [])) {
    if (equipment === undefined || tag === undefined) continue;
    watched.set(equipment, new Set([...(watched.get(equipment) ?? []), tag]));
  }
  return watched;
}

/** Intervals, sizes and risk of the anomaly models. */
export function anomalyOptions({ anomaly }: Pick<ScoringSection, 'anomaly'>): AnomalyOptions {
  const rowIntervalMs = durationMs(anomaly?.rowInterval ?? '1m');
  const rowsPerWeek = WEEK_MS / rowIntervalMs;
  return {
    rowIntervalMs,
    trainingRows: anomaly?.trainingRows ?? 7200,
    minimumRows: anomaly?.minimumRows ?? 2880,
    exceedance: Math.min(0.05, ((anomaly?.falseAlarmsPerWeek ?? 1) * ROWS_PER_EPISODE) / rowsPerWeek),
  };
}
