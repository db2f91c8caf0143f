import { randomUUID } from 'node:crypto';
import type { Logger } from '../broker/contract/deps.ts';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { alertLanes } from './alert-lanes.ts';
import { alertKey, applySignal } from './security/alert-book.ts';
import { alertSeverities, type Alert, type AlertSignal, type FloodEpisode } from './security/alert.ts';
import { momentOf, withMoment, type AlertEvidence, type ClockState, type EvidenceValue } from './security/evidence.ts';
import { createFloodWatch, floodSignal, isFlood } from './security/flood.ts';
import { createIncidentIndex, type IncidentIndex } from './security/incident.ts';
import type { AlertStore, MetricStore } from './store/metric-store.ts';

/** What the desk needs of the running plant. */
export type AlertDeskOptions = {
  readonly store: AlertStore & Pick<MetricStore, 'write' | 'readCheckpoint' | 'readSensorRows'>;
  readonly log: Logger;
  readonly now: () => number;
  /** SHA-256 of the configuration in force. */
  readonly configHash: string;
  /** Newest values of a machine. */
  readonly valuesOf: (equipment: string) => readonly EvidenceValue[];
  readonly clocks: () => ClockState['servers'];
  /** Called once an alert is kept; alerts folded into a flood are not told one by one. */
  readonly onAlert: (alert: Alert) => void;
};

type Saving = { readonly alerts: Map<string, Alert>; readonly moments: Map<string, AlertSignal>; told: Set<string> };

const BATCH = 100;
const RECENT_ALERTS = 500;
const MERGED_ALERTS = 500;
const TOLD_MS = 1000;
const AROUND_MS = 1_800_000;

/**
 * Where signals become alerts. Signals wait in two lanes, so that a storm of minor ones never holds up a high or
 * critical one; equal signals that wait are counted at once; a batch is one transaction.
 */
export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #lanes = alertLanes();
  readonly #flood = createFloodWatch();
  #floodAlert: Alert | null = null;
  #floodToldAt = Number.NEGATIVE_INFINITY;
  #index: IncidentIndex | null = null;
  #serial: Promise<void> = Promise.resolve();
  #draining = false;

  constructor(options: AlertDeskOptions) {
    this.#options = options;
  }

  /** Takes a signal; the alert is kept soon after. */
  raise(signal: AlertSignal): void {
    this.#lanes.add(signal);
    this.#drain();
  }

  /** Resolves when every signal raised so far is kept. */
  async settled(): Promise<void> {
    await this.#serial;
    while (!this.#lanes.isEmpty) {
      this.#drain();
      await this.#serial;
    }
  }

  /** Runs work while no signal is being kept: what it reads of the alerts stays so until it ends. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#serial.then(work);
    this.#serial = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }

  /** Once a second: ends a flood that is over and tells how it stands. */
  tick(): void {
    if (this.#floodAlert === null) return;
    void this.exclusively(async () => {
      const saving = newSaving();
      this.#noteFlood(saving);
      await this.#save(saving);
    }).catch((error: unknown) => this.#failed(error));
  }

  /** What is kept with an alert; rows of its machine are added as long as the store has them. */
  async evidence({ id, equipment, first }: Alert): Promise<AlertEvidence | null> {
    const { store } = this.#options;
    const body = await store.readCheckpoint(evidenceName(id));
    if (body === null) return null;
    const kept = JSON.parse(body) as AlertEvidence;
    const [moment, ...later] = kept.moments;
    if (equipment === undefined || moment === undefined) return kept;
    const series = await this.#series(equipment, first - AROUND_MS, first + AROUND_MS);
    if ((series?.rows.length ?? 0) <= (moment.series?.rows.length ?? 0)) return kept;
    return { ...kept, moments: [{ ...moment, series }, ...later] };
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    void this.exclusively(async () => {
      this.#draining = false;
      try {
        await this.#keep(this.#lanes.take(BATCH));
      } catch (error) {
        this.#failed(error);
      }
      // Other work, and signals of the first lane, come in between.
      if (!this.#lanes.isEmpty) setImmediate(() => this.#drain());
    });
  }

  #failed(error: unknown): void {
    this.#options.log.error({ err: describeError(error) }, 'alerts could not be kept');
  }

  async #keep(batch: readonly { readonly signal: AlertSignal; readonly times: number }[]): Promise<void> {
    const index = await this.#openIndex();
    const saving = newSaving();
    const open = new Map<string, Alert>();
    for (const { signal, times } of batch) {
      const key = alertKey(signal);
      const before = open.get(key) ?? (await this.#options.store.findOpen(key));
      const applied = applySignal(before, signal, randomUUID, times);
      if (applied === null) continue;
      const isNew = applied.id !== before?.id;
      const alert = isNew ? await this.#place(applied, index, saving) : this.#again(applied, times);
      open.set(key, alert);
      saving.alerts.set(alert.id, alert);
      const renewed = before?.condition !== alert.condition || before.severity !== alert.severity;
      if (signal.condition === 'active' && (isNew || renewed)) saving.moments.set(alert.id, signal);
      if (alert.flood !== undefined) continue;
      saving.told.add(alert.id);
      index.note(alert, this.#options.now());
    }
    this.#noteFlood(saving);
    await this.#save(saving);
  }

  /** A new alert: into the flood, into an incident, or the first of its own. */
  async #place(alert: Alert, index: IncidentIndex, saving: Saving): Promise<Alert> {
    const { now, store } = this.#options;
    if (!isFlood(alert) && this.#flood.takes(alert, now())) {
      this.#floodAlert ??= await this.#newFlood();
      return { ...alert, flood: this.#floodAlert.id, incident: this.#floodAlert.id };
    }
    const [incident = alert.id, ...others] = index.find(alert.links ?? [], now());
    for (const other of others) {
      const waiting = [...saving.alerts.values()].filter((one) => one.incident === other);
      const kept = await store.list({ incident: other, limit: MERGED_ALERTS });
      for (const member of [...kept.filter(({ id }) => !saving.alerts.has(id)), ...waiting]) {
        const merged = { ...member, incident };
        saving.alerts.set(member.id, merged);
        saving.told.add(member.id);
        index.note(merged, member.last);
      }
    }
    return { ...alert, incident };
  }

  #again(alert: Alert, times: number): Alert {
    if (alert.flood === undefined) return alert;
    if (alertSeverities.indexOf(alert.severity) <= alertSeverities.indexOf('medium')) {
      this.#flood.count(times);
      return alert;
    }
    const { flood: _, ...standing } = alert;
    return { ...standing, incident: alert.id };
  }

  async #newFlood(): Promise<Alert> {
    const id = randomUUID();
    const signal = { ...floodSignal(NO_FLOOD, this.#options.now()), severity: 'high' as const };
    const alert = applySignal(null, signal, () => id);
    if (alert === null) throw new JoulegateError('STORE_FAILED', 'a flood of alerts has no alert of its own');
    return { ...alert, key: `${alert.key}${id}`, incident: id };
  }

  /** Brings the alert that stands for a flood up to date; told at its begin, its end, and once a second between. */
  #noteFlood(saving: Saving): void {
    const alert = this.#floodAlert;
    const now = this.#options.now();
    const episode = alert === null ? null : this.#flood.episode(now);
    if (alert === null || episode === null) return;
    if (episode.to === null && now - this.#floodToldAt < TOLD_MS) return;
    this.#floodToldAt = now;
    const { message, condition } = floodSignal(episode, now);
    const shown: Alert = { ...alert, message, condition, episode, count: episode.signals, last: now };
    this.#floodAlert = episode.to === null ? shown : null;
    saving.alerts.set(alert.id, shown);
    saving.told.add(alert.id);
  }

  async #save({ alerts, moments, told }: Saving): Promise<void> {
    if (alerts.size === 0) return;
    const { store, onAlert } = this.#options;
    await store.saveAll([...alerts.values()]);
    for (const id of told) {
      const alert = alerts.get(id);
      if (alert !== undefined) onAlert(alert);
    }
    const checkpoints: { name: string; body: string }[] = [];
    for (const [id, signal] of moments) {
      const alert = alerts.get(id);
      if (alert !== undefined) checkpoints.push(await this.#evidenceOf(alert, signal));
    }
    if (checkpoints.length > 0) await store.write({ windows: [], scores: [], episodes: [], checkpoints });
  }

  async #evidenceOf(alert: Alert, signal: AlertSignal): Promise<{ name: string; body: string }> {
    const { store, now, valuesOf, clocks, configHash } = this.#options;
    const { equipment, at, seen = null } = signal;
    const name = evidenceName(alert.id);
    const before = alert.count === 1 ? null : await store.readCheckpoint(name);
    const receivedAt = now();
    const moment = momentOf(at, seen, {
      values: equipment === undefined ? [] : valuesOf(equipment),
      series:
        equipment === undefined || alert.flood !== undefined
          ? null
          : await this.#series(equipment, at - AROUND_MS, at + 1),
      clock: { receivedAt, offsetMs: receivedAt - at, servers: alert.flood === undefined ? clocks() : [] },
    });
    const of = { rule: alert.rule, ruleVersion: alert.ruleVersion ?? '1', configHash };
    return { name, body: JSON.stringify(withMoment(before === null ? null : JSON.parse(before), moment, of)) };
  }

  async #series(path: string, from: number, to: number): Promise<AlertEvidence['moments'][number]['series']> {
    const { sensors, rows } = await this.#options.store.readSensorRows({ path, from, to });
    if (rows.length === 0) return null;
    return {
      sensors,
      rows: rows.map(({ at, sensors: means }) => ({
        at,
        values: Array.from(means, (value) => (Number.isFinite(value) ? value : null)),
      })),
    };
  }

  /** What happened before a restart still counts: incidents go on, a flood of then is over. */
  async #openIndex(): Promise<IncidentIndex> {
    if (this.#index !== null) return this.#index;
    const { store, now } = this.#options;
    const recent = await store.list({ limit: RECENT_ALERTS });
    for (const alert of recent.filter((one) => isFlood(one) && one.condition === 'active')) {
      const { episode } = alert;
      const ended = episode === undefined ? {} : { episode: { ...episode, to: now() } };
      await store.save({ ...alert, ...ended, condition: 'cleared' });
    }
    this.#index = createIncidentIndex(recent.filter((alert) => !isFlood(alert)));
    return this.#index;
  }
}

const NO_FLOOD: FloodEpisode = {
  from: 0,
  to: null,
  alerts: 0,
  signals: 0,
  peak: 0,
  assets: 0,
  firstOut: '',
  rules: [],
};

function newSaving(): Saving {
  return { alerts: new Map(), moments: new Map(), told: new Set() };
}

const evidenceName = (alertId: string): string => `evidence/${alertId}`;
