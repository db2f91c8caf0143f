import { createHash } from 'node:crypto';
import type { MachineRow } from './anomaly/machine-row.ts';
import { quantile } from './anomaly/tail.ts';
import type { AutoencoderKind } from './anomaly/tensor/autoencoder-model.ts';
import type { TrainingProgress } from './anomaly/tensor/autoencoder-training.ts';
import type { BackendName } from './anomaly/tensor/backend.ts';
import { trainInWorker, type TrainingResult } from './anomaly/tensor/training.ts';
import { selectTrainingSet, type TrainingSet } from './anomaly/training-set.ts';
import type { MetricStore, TimeRange } from './store/metric-store.ts';
import type { ModelFile, ModelLibrary } from './store/model-library.ts';

export type MachineTraining = {
  readonly path: string;
  /** Rows there were in the range. */
  readonly found: number;
  readonly trainingSet: Pick<TrainingSet, 'excluded' | 'sensors'> & { readonly used: number };
  readonly result:
    | { readonly kind: 'kept'; readonly file: ModelFile; readonly falseAlarmsPerWeek: number }
    | Extract<TrainingResult, { kind: 'not-trained' }>
    | { readonly kind: 'not-trained'; readonly reason: 'no-rows' };
};

export type MachineTrainingOptions = TimeRange & {
  readonly shape: AutoencoderKind;
  readonly seed: number;
  readonly steps?: number;
  readonly backends?: readonly BackendName[];
  /** Alarms of a healthy machine that are put up with. */
  readonly falseAlarmsPerWeek: number;
  readonly by: string;
  readonly onProgress: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
};

/** Rows of an episode above the limit: a score is smoothed, so exceedances come in runs of about this length. */
const ROWS_PER_EPISODE = 15;
const WEEK_MS = 7 * 86_400_000;

/**
 * Trains a model for one machine from the rows in the store, keeps it as a new version and lets it run in shadow. The model
 * in use is not touched. Training that ends without a model is a result with its reason.
 * @throws JoulegateError STORE_FAILED, INTERNAL.
 */
export async function trainMachine(
  path: string,
  { store, library }: { readonly store: Pick<MetricStore, 'readSensorRows'>; readonly library: ModelLibrary },
  options: MachineTrainingOptions,
): Promise<MachineTraining> {
  const { sensors, rows } = await store.readSensorRows({ path, from: options.from, to: options.to });
  const rowIntervalMs = intervalOf(rows);
  const chosen = selectTrainingSet(rows, sensors, rowIntervalMs);
  const shown = { excluded: chosen.excluded, sensors: chosen.sensors, used: chosen.rows.length };
  const done = (result: MachineTraining['result']): MachineTraining => ({
    path,
    found: rows.length,
    trainingSet: shown,
    result,
  });
  if (chosen.rows.length === 0) return done({ kind: 'not-trained', reason: 'no-rows' });
  const rowsPerWeek = WEEK_MS / rowIntervalMs;
  const exceedance = Math.min(0.05, (options.falseAlarmsPerWeek * ROWS_PER_EPISODE) / rowsPerWeek);
  const trained = await trainInWorker({
    rows: chosen.rows,
    options: {
      shape: options.shape,
      seed: options.seed,
      exceedance,
      ...(options.steps === undefined ? {} : { steps: options.steps }),
    },
    onProgress: options.onProgress,
    ...(options.backends === undefined ? {} : { backends: options.backends }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (trained.kind === 'not-trained') return done(trained);
  const file = await library.add(path, {
    detector: 'autoencoder',
    detectorVersion: 1,
    window: { from: chosen.at[0] ?? 0, to: chosen.at.at(-1) ?? 0 },
    dataHash: hashOf(chosen),
    backend: `${trained.backend} ${trained.version}`,
    trainingSet: { used: shown.used, excluded: chosen.excluded },
    metrics: { ...trained.metrics, seconds: trained.seconds },
    sensors: chosen.sensors,
    rowIntervalMs,
    stateless: rows.every(({ context }) => context === 'other'),
    model: trained.model,
  });
  await library.shadow(path, file.version, options.by);
  const weeks = trained.metrics.heldOutRows / rowsPerWeek;
  return done({ kind: 'kept', file, falseAlarmsPerWeek: trained.metrics.heldOutCrossings / weeks });
}

/** SHA-256 over names, times and values, so that a model can be held against the data it says it is from. */
export function hashOf({ sensors, at, rows }: Pick<TrainingSet, 'sensors' | 'at' | 'rows'>): string {
  const hash = createHash('sha256').update(JSON.stringify(sensors));
  rows.forEach((row, index) => hash.update(Float64Array.of(at[index] ?? 0)).update(row));
  return hash.digest('hex');
}

/** The usual distance of two rows, ms. */
function intervalOf(rows: readonly MachineRow[]): number {
  const steps = rows.slice(1).map(({ at }, index) => at - (rows[index]?.at ?? at));
  return quantile(Float64Array.from(steps).sort(), 0.5) || 60_000;
}
