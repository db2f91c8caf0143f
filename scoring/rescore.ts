import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Logger } from '../broker/contract/deps.ts';
import type { PlantSection } from '../broker/contract/plant.ts';
import { EpisodeRecorder } from './anomaly/episode-recorder.ts';
import { ROWS_PER_EPISODE } from './anomaly/alarm-budget.ts';
import { MachineDetector, TRAINING_FREE } from './anomaly/machine-detector.ts';
import type { MachineModel } from './anomaly/machine-model.ts';
import type { AnomalyEpisode, AnomalyScore } from './anomaly/score.ts';
import type { ScoringSection } from './config.ts';
import { anomalyOptions } from './core.ts';
import { keepConversions } from './conversion-keeper.ts';
import type { AccountRules } from './energy/account.ts';
import { createLocalDays } from './energy/local-day.ts';
import { ModelDesk } from './model-desk.ts';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';
import { openInfluxOutlet } from './store/influx/influx-outlet.ts';
import type { MetricSink, TimeRange } from './store/metric-store.ts';
import { loadModels } from './store/model-files.ts';
import { ModelLibrary } from './store/model-library.ts';

export type RescoreOptions = TimeRange & {
  readonly plant: PlantSection;
  readonly scoring: ScoringSection;
  readonly rules: AccountRules;
  /** Data folder of scoring; the service may run meanwhile. */
  readonly folder: string;
  /** Only this object and what lies below it; '' = all. */
  readonly path: string;
  readonly what: readonly ('scores' | 'conversions')[];
  readonly log: Logger;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onMachine: (machine: RescoredMachine) => void;
};

/** What came of one machine. */
export type RescoredMachine = {
  readonly path: string;
  /** Model the rows are scored with now. */
  readonly model: string;
  readonly rows: number;
  /** Scores that differ from what there was; the others stay as they are. */
  readonly changed: number;
  /** Episodes that began in the range, before and now. */
  readonly episodesBefore: number;
  readonly episodes: number;
};

export type RescoreReport = {
  readonly machines: readonly RescoredMachine[];
  readonly conversions: { readonly days: number; readonly written: number } | null;
};

const DAY_MS = 86_400_000;
/** Rows before the range from which a detector knows load and state of its machine. */
const WARM_UP_MS = 2 * DAY_MS;
/** An episode that outlasts the range is followed for its end at most this long. */
const FOLLOWED_MS = 7 * DAY_MS;
/** Scores closer than this are the same. */
const SAME = 1e-9;

/**
 * Scores and converts history anew with the models and rules of today. What was there before stays readable as an earlier
 * revision, day by day in one transaction each, so that it may be stopped and run again. Sinks get the new scores.
 * @throws JoulegateError STORE_FAILED.
 */
export async function rescore(options: RescoreOptions): Promise<RescoreReport> {
  const { folder, plant, scoring, path: root, what, now, log, signal } = options;
  await using resources = new AsyncDisposableStack();
  const store = resources.use(EmbeddedStore.open({ file: join(folder, 'joulegate.db'), log }));
  const isWanted = (path: string): boolean => root === '' || path === root || path.startsWith(`${root}/`);
  const machines: RescoredMachine[] = [];
  if (what.includes('scores')) {
    const sink =
      scoring.influx === undefined
        ? null
        : resources.use(
            openInfluxOutlet(scoring.influx, {
              file: join(folder, 'influx-queue.db'),
              site: plant.site,
              enterprise: plant.enterprise,
              log,
              now,
            }),
          );
    const models = await loadModels(join(folder, 'models'), log);
    const desk = new ModelDesk(new ModelLibrary(join(folder, 'models', 'versions'), now), log);
    await desk.refresh();
    for (const path of (await store.sensorPaths()).filter(isWanted)) {
      if (signal.aborted) break;
      const machine = await rescoreMachine(path, options, { store, sink, desk, model: models.get(path) ?? null });
      machines.push(machine);
      options.onMachine(machine);
    }
  }
  const work = { store, rules: options.rules, dayOf: createLocalDays(plant.timezone), now: now() };
  const conversions =
    what.includes('conversions') && !signal.aborted ? await keepConversions(work, options, isWanted) : null;
  return { machines, conversions };
}

type Parts = {
  readonly store: EmbeddedStore;
  readonly sink: Pick<MetricSink, 'write'> | null;
  readonly desk: ModelDesk;
  readonly model: MachineModel | null;
};

async function rescoreMachine(
  path: string,
  { from, to, scoring, now, signal }: RescoreOptions,
  { store, sink, desk, model }: Parts,
): Promise<RescoredMachine> {
  const anomaly = anomalyOptions(scoring);
  const history = await store.readSensorRows({ path, from: from - WARM_UP_MS, to: to + FOLLOWED_MS });
  const stored = await store.readScores({ path, from, to });
  const before = await store.readEpisodes({ path, from, to });
  // An episode that lasts belongs to the service.
  const lasting = before.find((episode) => episode.to === null && episode.path === path);
  const end = Math.min(to, lasting?.from ?? to);
  const detector = new MachineDetector({
    path,
    sensors: history.sensors,
    units: unitsOf(history.sensors, stored),
    rowIntervalMs: anomaly.rowIntervalMs,
    risk: anomaly.exceedance / ROWS_PER_EPISODE,
  });
  const fits = model !== null && JSON.stringify(model.sensors) === JSON.stringify(history.sensors);
  if (fits) detector.use(model);
  const recorder = new EpisodeRecorder();
  const scores: AnomalyScore[] = [];
  const episodes = new Map<string, AnomalyEpisode>();
  for (const row of history.rows) {
    if (row.at >= end && recorder.open === null) break;
    const second = desk.take({ path, sensors: history.sensors, row });
    const { score, step } = detector.next(row, second);
    const episode = recorder.next(score, step);
    if (row.at >= from && row.at < end) scores.push(score);
    if (episode !== null && episode.from >= from && episode.from < end) episodes.set(episode.id, episode);
  }
  const known = new Map(stored.map((score) => [score.at, score]));
  const changed = scores.filter((score) => !isSame(score, known.get(score.at)));
  // What lasted to the last row there is ends with it.
  const last = history.rows.at(-1)?.at ?? end;
  const closed = [...episodes.values()].map((episode) => ({ ...episode, to: episode.to ?? last }));
  for (let start = from - (from % DAY_MS); start < end && !signal.aborted; start += DAY_MS) {
    const range = { from: Math.max(from, start), to: Math.min(end, start + DAY_MS) };
    const within = <T>(list: readonly T[], at: (one: T) => number): T[] =>
      list.filter((one) => at(one) >= range.from && at(one) < range.to);
    const part = within(changed, ({ at }) => at);
    const begun = within(closed, (episode) => episode.from);
    const had = within(before, (episode) => episode.from).filter((episode) => episode.to !== null);
    if (part.length === 0 && JSON.stringify(begun) === JSON.stringify(had.reverse())) continue;
    if (part.length > 0) await sink?.write({ windows: [], scores: part });
    await store.rescored.replaceScores(path, { ...range, at: now(), scores: part, episodes: begun });
    await breathe();
  }
  return {
    path,
    model: fits ? model.id : TRAINING_FREE,
    rows: scores.length,
    changed: changed.length,
    episodesBefore: before.filter((episode) => episode.from >= from && episode.from < end).length,
    episodes: closed.length,
  };
}

/** Units as earlier scores name them: the store keeps no descriptions of tags. */
function unitsOf(sensors: readonly string[], scores: readonly AnomalyScore[]): (string | undefined)[] {
  const units = new Map(scores.flatMap(({ contributions }) => contributions.map(({ tag, unit }) => [tag, unit])));
  return sensors.map((name) => units.get(name));
}

function isSame(score: AnomalyScore, other: AnomalyScore | undefined): boolean {
  if (other === undefined) return false;
  const close =
    score.score === null || other.score === null
      ? score.score === other.score
      : Math.abs(score.score - other.score) < SAME;
  return close && score.reason === other.reason && score.alarm === other.alarm && score.model === other.model;
}
