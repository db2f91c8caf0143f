import { createHash } from 'node:crypto';
import { DateTime } from 'luxon';
import type { Logger } from '../broker/contract/deps.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import type { SystemEvent } from '../broker/contract/event.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import type { PlantSection } from '../broker/contract/plant.ts';
import type { AnomalyEpisode } from './anomaly/score.ts';
import { AlertDesk } from './alert-desk.ts';
import { observationsOf } from './baseline-observations.ts';
import type { ScoringSection } from './config.ts';
import type { ScoringCore } from './core.ts';
import { localDate, localDateStart } from './energy/local-day.ts';
import { machineMeter, type MachineMeter } from './energy/meter-fit.ts';
import type { FoundingDocument, TargetReport } from './energy/target.ts';
import { reportTarget } from './energy/target-report.ts';
import type { EquipmentScorer } from './equipment-scorer.ts';
import { buildTree, plantHealth } from './live-view.ts';
import type { EquipmentNode, LiveEvent, MachineDescription, PlantHealth, PlantView, Reviewer } from './plant-view.ts';
import type { Alert, AlertSignal } from './security/alert.ts';
import { anomalyToSignal } from './security/anomaly-alert.ts';
import { createDetections } from './security/detections.ts';
import { decide, type ReviewDecision } from './security/review.ts';
import { silencingWatch } from './security/silencing.ts';
import type { AlertEvidence, ClockState, EvidenceValue } from './security/evidence.ts';
import { auditBroken } from './security/trail-alert.ts';
import type { AlertTrail } from './store/alert-trail.ts';

export type LivePlantOptions = {
  readonly plant: PlantSection;
  readonly scoring: ScoringSection;
  readonly founding: ReadonlyMap<string, FoundingDocument>;
  readonly log: Logger;
  readonly now: () => number;
  readonly ownHealth: () => ServiceHealth;
  /** Left out where nobody reviews, e.g. while history is filled in: then reviews are refused. */
  readonly trail?: AlertTrail;
};

const TARGET_CACHE_MS = 30_000;
/** A retained health message older than this is no sign of life. */
const HEALTH_STALE_MS = 60_000;

/** The running plant as the API shows it, and the place where signals become alerts. */
export class LivePlant implements PlantView {
  readonly site: PlantView['site'];
  readonly #core: ScoringCore;
  readonly #options: LivePlantOptions;
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #services = new Map<string, ServiceHealth>();
  readonly #detections = createDetections();
  readonly #silencing = silencingWatch();
  readonly #openEpisodes = new Set<string>();
  readonly #desk: AlertDesk;
  #targets: { readonly at: number; readonly reports: readonly TargetReport[] } | null = null;
  #shown = new Map<string, string>();
  #lastHealth = '';

  constructor(core: ScoringCore, options: LivePlantOptions) {
    const { plant } = options;
    this.#core = core;
    this.#options = options;
    this.#desk = new AlertDesk({
      store: core.store,
      log: options.log,
      now: options.now,
      configHash: configHash({ plant, scoring: options.scoring }),
      valuesOf: (path) => valuesOf(core.pipeline.find(path)),
      clocks: () => clocksOf([...this.#services.values()]),
      onAlert: (alert) => this.#tell({ kind: 'alert', alert }),
    });
    this.site = {
      name: plant.site,
      displayName: plant.displayName ?? {},
      enterprise: plant.enterprise,
      timezone: plant.timezone,
    };
  }

  equipment(): readonly EquipmentNode[] {
    return buildTree(this.#core.pipeline, this.#options.plant, this.#core.dayOf);
  }

  meters(): readonly MachineMeter[] {
    return this.#core.pipeline.scorers.map(({ equipment, tags }) => machineMeter(equipment.path, tags));
  }

  descriptions(): readonly MachineDescription[] {
    return this.#core.pipeline.scorers
      .map(({ equipment: { path, displayName = {}, kind = null }, tags }) => ({ path, displayName, kind, tags }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  health(): PlantHealth {
    const now = this.#options.now();
    const services = [...this.#services.values()].map((service) =>
      now - service.at > HEALTH_STALE_MS ? silent(service, now) : service,
    );
    return plantHealth(services, this.#options.ownHealth());
  }

  async targets(): Promise<readonly TargetReport[]> {
    const now = this.#options.now();
    if (this.#targets !== null && now - this.#targets.at < TARGET_CACHE_MS) return this.#targets.reports;
    const reports: TargetReport[] = [];
    for (const target of this.#options.scoring.targets) reports.push(await this.#report(target));
    this.#targets = { at: now, reports };
    return reports;
  }

  review(alertId: string, decision: ReviewDecision, { by, from }: Reviewer): Promise<Alert> {
    const mine = this.#desk.exclusively(async () => {
      const at = this.#options.now();
      const alert = await this.#core.store.get(alertId);
      if (alert === null) throw new JoulegateError('NOT_FOUND', `there is no alert "${alertId}"`);
      const decided = decide(alert, decision, { by, at });
      const { action, reason = '' } = decision;
      const [before, after] = [JSON.stringify(alert), JSON.stringify(decided)];
      await this.#trailOrThrow().append({ at, by, from, action, alert: alertId, reason, before, after });
      await this.#core.store.save(decided);
      this.#tell({ kind: 'alert', alert: decided });
      return decided;
    });
    void mine.then(
      () => this.#raiseAll(this.#silencing.onDecision(decision, by, this.#options.now())),
      () => undefined,
    );
    return mine;
  }

  evidence(alert: Alert): Promise<AlertEvidence | null> {
    return this.#desk.evidence(alert);
  }

  async trail(): ReturnType<AlertTrail['read']> {
    return this.#trailOrThrow().read();
  }

  /** Raises an alert when the audit trail does not hold. */
  async checkTrail(): Promise<void> {
    const { verdict } = await this.#trailOrThrow().read();
    if (!verdict.holds) this.raise(auditBroken(verdict, this.#options.now()));
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells listeners which nodes have changed since the last call, and the health when it has. */
  refresh(): void {
    if (this.#listeners.size === 0) return;
    const shown = new Map<string, string>();
    const changed: EquipmentNode[] = [];
    for (const node of this.equipment()) {
      const text = JSON.stringify(node);
      shown.set(node.path, text);
      if (this.#shown.get(node.path) !== text) changed.push(node);
    }
    this.#shown = shown;
    if (changed.length > 0) this.#tell({ kind: 'equipment', nodes: changed });
    const health = this.health();
    const text = JSON.stringify([health.status, health.problems]);
    if (text !== this.#lastHealth) this.#tell({ kind: 'health', health });
    this.#lastHealth = text;
  }

  noteHealth(health: ServiceHealth): void {
    this.#services.set(health.id, health);
  }

  noteEvent(event: SystemEvent): void {
    for (const signal of this.#detections.onEvent(event)) this.raise(signal);
  }

  /** An episode that began, changed or ended. */
  noteEpisode(episode: AnomalyEpisode): void {
    this.#tell({ kind: 'anomaly', episode });
    const isNew = episode.to === null && !this.#openEpisodes.has(episode.id);
    if (episode.to === null) this.#openEpisodes.add(episode.id);
    else this.#openEpisodes.delete(episode.id);
    if (!isNew && episode.to === null) return;
    const names = this.#core.pipeline.find(episode.path)?.equipment.displayName ?? {};
    this.raise(anomalyToSignal(episode, names));
  }

  #trailOrThrow(): AlertTrail {
    const { trail } = this.#options;
    if (trail === undefined) {
      throw new JoulegateError(
        'STORE_FAILED',
        'this plant keeps no audit trail of alerts; review them at the running service',
      );
    }
    return trail;
  }

  #raiseAll(signals: readonly AlertSignal[]): void {
    for (const signal of signals) this.raise(signal);
  }

  /** Turns a signal into an alert, one after the other so that occurrences of one key are counted. */
  raise(signal: AlertSignal): void {
    this.#desk.raise(signal);
  }

  /** Once a second: what is to be judged although nothing came. */
  tick(): void {
    this.#desk.tick();
  }

  /** Resolves when every signal raised so far is kept. */
  settled(): Promise<void> {
    return this.#desk.settled();
  }

  async #report(target: ScoringSection['targets'][number]): Promise<TargetReport> {
    const { timezone } = this.#options.plant;
    const clock = this.#core.pipeline.plantClock;
    const from = localDateStart(target.basePeriod.from, timezone) ?? 0;
    const today = this.#core.dayOf(Number.isFinite(clock) ? clock : this.#options.now()).start;
    const all = await this.#core.store.readAllWindows({ window: '1d', from, to: today });
    const observations =
      target.baseline === undefined
        ? []
        : await observationsOf(target.baseline, {
            store: this.#core.store,
            path: target.path,
            zone: timezone,
            shifts: this.#options.scoring.energy?.shifts ?? [],
            from,
            to: today,
          });
    const dated = all.map((row) => ({ day: localDate(row.start, timezone), row }));
    return reportTarget({
      id: target.id,
      displayName: target.displayName ?? {},
      path: target.path,
      basePeriod: target.basePeriod,
      reductions: target.reductions,
      days: dated.filter(({ row }) => row.path === target.path),
      children: dated.filter(({ row }) => isRightBelow(row.path, target.path)),
      ...(target.plan === undefined ? {} : { plan: target.plan }),
      ...(target.baseline === undefined ? {} : { baseline: { ...target.baseline, observations } }),
      ...(target.multiYear === undefined
        ? {}
        : { multiYear: { ...target.multiYear, today: localDate(today, timezone) } }),
      founding: target.seed === undefined ? null : (this.#options.founding.get(target.seed) ?? null),
    });
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function isRightBelow(path: string, parent: string): boolean {
  if (path === '' || path === parent) return false;
  return path.lastIndexOf('/') === -1 ? parent === '' : path.slice(0, path.lastIndexOf('/')) === parent;
}

/** Hash of what is configured; secrets are left out, so that the hash gives none of them away. */
function configHash(config: object): string {
  const text = JSON.stringify(config, (name, value: unknown) =>
    /password|token|secret|passphrase/i.test(name) ? undefined : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

function valuesOf(scorer: EquipmentScorer | null): EvidenceValue[] {
  return (scorer?.tags ?? []).map(({ name, unit }, index) => {
    const { value = null, at = null, statusCode = 0 } = scorer?.readings[index] ?? {};
    return { tag: name, unit: unit ?? null, value, at, statusCode };
  });
}

function clocksOf(services: readonly ServiceHealth[]): ClockState['servers'] {
  return services.flatMap(({ id, connections = [] }) =>
    connections.map(({ name, clockSkewMs }) => ({ gateway: id, server: name, skewMs: clockSkewMs })),
  );
}

function silent(service: ServiceHealth, now: number): ServiceHealth {
  const since = DateTime.fromMillis(service.at).toISO() ?? '';
  return {
    ...service,
    state: 'stopped',
    problems: [
      ...service.problems,
      {
        code: 'SERVICE_SILENT',
        severity: 'error',
        service: service.service,
        where: service.id,
        message: `${service.service} "${service.id}" has said nothing since ${since}`,
        remedy: 'check that the service runs and reaches the broker',
        since: service.at,
        count: Math.max(1, Math.floor((now - service.at) / HEALTH_STALE_MS)),
      },
    ],
  };
}
