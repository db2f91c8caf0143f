import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ServiceDeps } from '../broker/contract/deps.ts';
import { describeError } from '../broker/contract/error.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import { topics } from '../broker/contract/topic.ts';
import { durationMs } from '../broker/contract/duration.ts';
import type { PlantSection } from '../broker/contract/plant.ts';
import { startApi } from './api/server.ts';
import type { ScoringSection } from './config.ts';
import { keepConversions } from './conversion-keeper.ts';
import { openCore, type ScoringCore } from './core.ts';
import type { AccountRules } from './energy/account.ts';
import type { FoundingDocument } from './energy/target.ts';
import { Flusher } from './flusher.ts';
import type { Reader } from './ingest/reader.ts';
import { createReporter } from './reports/reporter.ts';
import { ReportSchedule } from './reports/schedule.ts';
import { ReceiveWindow } from './ingest/receive-window.ts';
import { LivePlant } from './live-plant.ts';
import { Notifier } from './notify/notifier.ts';
import { copyToSinks } from './sink-copy.ts';
import { openSyslog } from './syslog.ts';
import { noteIssue, ownHealth } from './own-health.ts';
import { createStream, startPlantReader } from './plant-stream.ts';
import { AlertTrail } from './store/alert-trail.ts';
import { StaticFactorLog } from './store/static-factor-log.ts';
import { ValueAddedBook } from './store/value-added-book.ts';
import { ProblemBook } from './problem-book.ts';

export { openCore, type ScoringCore } from './core.ts';
export { backupStore, restoreStore, type BackupManifest } from './store/embedded/backup.ts';
export { exportFigures } from './export-figures.ts';
export { LivePlant } from './live-plant.ts';

export type ScoringConfig = {
  readonly plant: PlantSection;
  readonly scoring: ScoringSection;
  /** Folder of the built console; null = none. */
  readonly consoleDir: string | null;
};

export type ScoringDeps = ServiceDeps & {
  readonly apiToken: string;
  /** Founding documents by id, for targets that name one. */
  readonly founding: ReadonlyMap<string, FoundingDocument>;
  /** Factors, tariff and price of the energy accounts. */
  readonly accounts: AccountRules;
  /** TrueType font of the reports. */
  readonly reportFont: () => Promise<Uint8Array>;
};

export interface ScoringService extends AsyncDisposable {
  /** Where the API and the console listen. */
  readonly url: string;
  health(): ServiceHealth;
}

/** DataSetMessages taken and not yet stored, at most. */
const WINDOW_MESSAGES = 50_000;
const HEALTH_MS = 10_000;
const OPEN_ALERTS = 1000;
const PRUNE_MS = 3_600_000;
const MODELS_MS = 60_000;
/** Days after which a finished day is no longer looked at for its conversion; late data restate within a few. */
const CONVERTED_MS = 7 * 86_400_000;
const defaultApi = { host: '127.0.0.1', port: 8700, openLoopback: false } as const;
const defaultRetention = { minute: '60d', quarter: '400d', hour: '3650d' } as const;

/**
 * Starts scoring: reads the broker, keeps the store, serves API and console. Comes up while the broker is away.
 * @throws JoulegateError STORE_FAILED, PORT_IN_USE, CONFIG_INVALID.
 */
export async function startScoring(config: ScoringConfig, deps: ScoringDeps): Promise<ScoringService> {
  const { scoring, plant } = config;
  const { log, now } = deps;
  const problems = new ProblemBook('scoring', now);
  await using opening = new AsyncDisposableStack();
  // The live plant exists only after the core; episodes and issues before that come from restored checkpoints.
  let live: LivePlant | null = null;
  const core = opening.use(
    await openCore({
      plant,
      scoring,
      dataDir: deps.dataDir,
      log,
      now,
      onIssue: (issue) => noteIssue(issue, { problems, live, log }),
      onEpisode: (episode) => live?.noteEpisode(episode),
    }),
  );
  const stream = createStream(core, { problems, log, now, reader: () => reader, live: () => live });
  for (const { name, body } of await core.store.readCheckpoints('receipt/'))
    stream.receipts.restore(name.slice('receipt/'.length), body);
  for (const { name, body } of await core.store.readCheckpoints('stream/')) {
    const [, publisher = '', writer = ''] = name.split('/');
    stream.restore(publisher, Number(writer), Number(body));
  }
  const startedAt = now();
  const health = (state: ServiceHealth['state'] = 'running'): ServiceHealth =>
    ownHealth({ core, stream, problems, now, state, startedAt, id: scoring.id, version: deps.version });
  const trail = await AlertTrail.open(join(deps.dataDir, 'alert-trail.jsonl'));
  live = new LivePlant(core, { trail, plant, scoring, founding: deps.founding, log, now, ownHealth: health });
  const plantView = live;
  await plantView.checkTrail();
  const window = new ReceiveWindow(WINDOW_MESSAGES, () => void flusher.flush());
  const reader: Reader = opening.use(
    startPlantReader({ scoring, stream, live: plantView, problems, log, now, window }),
  );
  const flusher: Flusher = new Flusher(core, stream, { reader, consumer: scoring.id, problems, log, now, window });
  opening.defer(async () => {
    await flusher.stop();
    await plantView.settled();
  });
  const valueAdded = new ValueAddedBook(join(deps.dataDir, 'value-added.jsonl'));
  const reporter = createReporter({
    store: core.store,
    site: { ...plantView.site },
    objects: () => plantView.equipment(),
    targets: scoring.targets,
    accounts: deps.accounts,
    quotas: scoring.reports?.quotas ?? [],
    valueAdded,
    font: deps.reportFont,
    now,
  });
  const schedule = opening.use(
    new ReportSchedule({
      reporter,
      folder: join(deps.dataDir, 'reports'),
      formats: scoring.reports?.formats ?? [],
      languages: scoring.reports?.languages ?? [],
      log,
    }),
  );
  const api = opening.use(
    await startApi({
      ...defaultApi,
      ...scoring.api,
      token: deps.apiToken,
      consoleDir: config.consoleDir,
      accounts: deps.accounts,
      valueAdded,
      reports: reporter,
      models: {
        paths: () => core.library.paths(),
        list: (path) => core.library.list(path),
        running: () => core.desk.running(),
        activate: (path, version, by, force) => core.library.activate(path, version, by, force),
        rollback: (path, by) => core.library.rollback(path, by),
        refresh: () => core.desk.refresh(),
      },
      staticFactors: new StaticFactorLog(join(deps.dataDir, 'static-factors.jsonl')),
      store: core.store,
      alerts: core.store,
      view: plantView,
      version: deps.version,
      log,
      now,
      onSignInRefused: ({ at, address, message }) =>
        plantView.noteEvent({
          id: `api-${at}-${address}`,
          kind: 'sign-in-refused',
          at,
          service: 'scoring',
          source: scoring.id,
          severity: 'low',
          address,
          message,
        }),
    }),
  );
  if (scoring.notifications !== undefined) {
    const open = await core.store.list({ open: true, limit: OPEN_ALERTS });
    const notifier = opening.use(
      await Notifier.open(
        {
          section: scoring.notifications,
          site: plant.site,
          zone: plant.timezone,
          file: join(deps.dataDir, 'notifications.json'),
          problems,
          log,
          now,
        },
        open,
      ),
    );
    opening.defer(plantView.subscribe((event) => event.kind === 'alert' && notifier.note(event.alert)));
    notifier.start();
  }
  if (scoring.syslog !== undefined) {
    const origin = { host: hostname(), site: plant.site, version: deps.version };
    const file = join(deps.dataDir, 'syslog-queue.json');
    const syslog = opening.use(await openSyslog({ section: scoring.syslog, file, origin, problems, log }));
    opening.defer(plantView.subscribe((event) => event.kind === 'alert' && syslog.note(event.alert)));
  }
  const tell = (state: ServiceHealth['state']): Promise<void> =>
    reader.publish(topics.health(scoring.id), health(state), true).catch(() => undefined);
  const timers = [
    setInterval(() => plantView.refresh(), 1000),
    setInterval(() => void tell('running'), HEALTH_MS),
    setInterval(() => void core.desk.refresh(), MODELS_MS),
    setInterval(
      () =>
        void prune(core, scoring, now).catch((error: unknown) =>
          log.warn({ err: describeError(error) }, 'old rows could not be removed'),
        ),
      PRUNE_MS,
    ),
    setInterval(
      () =>
        void keepConversions(
          { store: core.store, rules: deps.accounts, dayOf: core.dayOf, now: now() },
          { from: now() - CONVERTED_MS, to: now() },
        ).catch((error: unknown) => log.warn({ err: describeError(error) }, 'conversions could not be kept')),
      PRUNE_MS,
    ),
  ];
  opening.defer(async () => {
    for (const timer of timers) clearInterval(timer);
    await tell('stopped');
  });
  opening.use(copyToSinks(plantView, core.sinks, { log, now, dayStart: (at) => core.dayOf(at).start }));
  schedule.start();
  log.info({ url: api.url }, 'scoring runs');
  const resources = opening.move();
  return { url: api.url, health: () => health(), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function prune({ store }: ScoringCore, { retention }: ScoringSection, now: () => number): Promise<void> {
  const keep = retention ?? defaultRetention;
  await store.prune({
    '1m': now() - durationMs(keep.minute),
    '15m': now() - durationMs(keep.quarter),
    '1h': now() - durationMs(keep.hour),
  });
}
