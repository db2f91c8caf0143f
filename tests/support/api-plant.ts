import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../broker/contract/deps.ts';
import { JoulegateError } from '../../broker/contract/error.ts';
import type { ApiOptions } from '../../scoring/api/options.ts';
import { startApi, type ApiServer } from '../../scoring/api/server.ts';
import { NO_SUMS } from '../../scoring/energy/figure.ts';
import type { TargetReport } from '../../scoring/energy/target.ts';
import type { EnergyWindow } from '../../scoring/energy/window.ts';
import type { EquipmentNode, LiveEvent, LiveFigures, PlantView } from '../../scoring/plant-view.ts';
import { decide } from '../../scoring/security/review.ts';
import type { Alert } from '../../scoring/security/alert.ts';
import { accountRules } from '../../deploy/account-rules.ts';
import { StaticFactorLog } from '../../scoring/store/static-factor-log.ts';
import { ValueAddedBook } from '../../scoring/store/value-added-book.ts';
import type { AlertStore } from '../../scoring/store/metric-store.ts';

export const TOKEN = 'test-token-0123456789abcdef';
/** 2026-11-23T12:34:56+08:00 */
export const NOW = Date.UTC(2026, 10, 23, 4, 34, 56);
export const HOUR_MS = 3_600_000;
export const PRESS = 'stamping/press-line/press-1';

export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

const live: LiveFigures = {
  at: NOW - 1000,
  powerKw: 41.5,
  energyTodayKwh: 320,
  outputToday: 1200,
  secToday: 320 / 1200,
  secHour: null,
  secReason: null,
  idleShareToday: 0.12,
  coverageToday: 0.998,
  classToday: 'A',
  anomalyScore: null,
  anomalyReason: 'learning',
  anomalyAlarm: false,
};

const node = (path: string, level: EquipmentNode['level']): EquipmentNode => ({
  path,
  parent: path === '' ? null : path.split('/').slice(0, -1).join('/'),
  level,
  name: path.split('/').at(-1) ?? '',
  displayName: { en: path, zh: '压力机' },
  kind: level === 'equipment' ? 'stamping-press' : null,
  state: level === 'equipment' ? 'run' : null,
  live,
  tags:
    level === 'equipment'
      ? [{ name: 'power', role: 'power', unit: 'kW', value: 41.5, at: NOW - 1000, statusCode: 0 }]
      : [],
});

export const target: TargetReport = {
  id: 'sec-2027',
  displayName: { en: 'Energy per unit', zh: '单位产品能耗' },
  path: '',
  base: { from: '2026-10-01', to: '2026-10-31', days: 31, energyKwh: 31_000, output: 100_000, sec: 0.31 },
  current: { from: '2026-11-01', to: '2026-11-22', days: 22, energyKwh: 22_000, output: 72_000, sec: 22 / 72 },
  rawChange: -0.0143,
  adjustedChange: -0.012,
  loadEffect: -0.0023,
  adjustedUncertainty: 0.004,
  adjustedReason: null,
  baseline: {
    interceptKwh: 200,
    slopeKwhPerUnit: 0.25,
    r2: 0.91,
    cvRmse: 0.04,
    days: 31,
    period: 'day',
    variables: [{ name: 'output', slope: 0.25, p: 0.001, mayFall: false }],
    valid: true,
    checks: [{ name: 'sensible', passed: true, finding: 'more of every variable needs more energy' }],
    leftOut: {},
  },
  proof: { verdict: 'not-distinguishable', reason: 'smaller than its uncertainty', changePoint: null },
  lmdi: null,
  reason: null,
  levels: [
    {
      reduction: 0.01,
      targetSec: 0.3069,
      rawVerdict: 'met',
      adjustedVerdict: 'not-distinguishable',
      flatCutKwhPerDay: 10,
      outlook: null,
    },
  ],
  multiYear: null,
  days: [{ day: '2026-11-01', energyKwh: 1000, output: 3300, sec: 10 / 33, runningSec: 10 / 33, inBase: false }],
  trace: { figure: 'target sec-2027', inputs: {}, result: {}, codeVersion: 'energy-2', hash: '0'.repeat(64) },
  founding: null,
};

/** A plant in memory that keeps alerts in the given store and lets a test send live events. */
export function createPlant(alerts: AlertStore): PlantView & { readonly emit: (event: LiveEvent) => void } {
  const listeners = new Set<(event: LiveEvent) => void>();
  const nodes = [
    node('', 'site'),
    node('stamping', 'area'),
    node('stamping/press-line', 'line'),
    node(PRESS, 'equipment'),
    node('stamping/press-line/press-2', 'equipment'),
  ];
  return {
    site: { name: 'pudong', displayName: { zh: '浦东' }, enterprise: 'acme', timezone: 'Asia/Shanghai' },
    equipment: () => nodes,
    meters: () => [
      { path: PRESS, ratedKw: 250, metered: true },
      { path: 'stamping/press-line/press-2', ratedKw: 160, metered: false },
    ],
    descriptions: () => [
      {
        path: PRESS,
        displayName: { en: PRESS, zh: '压力机' },
        kind: 'stamping-press',
        tags: [{ name: 'power', role: 'power', unit: 'kW', ratedMax: 250, nodeId: 'nsu=urn:test;s=press-1.power' }],
      },
    ],
    health: () => ({
      status: 'degraded',
      services: [
        {
          service: 'gateway',
          id: 'edge-1',
          version: '0.1.0',
          state: 'degraded',
          at: NOW,
          problems: [],
          figures: { values: 3 },
        },
      ],
      problems: [
        {
          code: 'NODE_UNKNOWN',
          severity: 'warning',
          service: 'gateway',
          where: 'ns=1;s=x',
          message: 'the server knows no such node',
          remedy: 'check the node id',
          since: NOW,
          count: 2,
        },
      ],
    }),
    targets: async () => [target],
    review: async (alertId, decision, { by }) => {
      const alert = await alerts.get(alertId);
      if (alert === null) throw new JoulegateError('NOT_FOUND', `there is no alert "${alertId}"`);
      const seen = decide(alert, decision, { by, at: NOW });
      await alerts.save(seen);
      return seen;
    },
    evidence: async () => null,
    trail: async () => ({ entries: [], verdict: { holds: true, entries: 0 } }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
}

export const hourWindow = (hoursAgo: number, members: Partial<EnergyWindow> = {}): EnergyWindow => {
  const start = Math.floor(NOW / HOUR_MS) * HOUR_MS - hoursAgo * HOUR_MS;
  return {
    ...NO_SUMS,
    path: PRESS,
    level: 'equipment',
    window: '1h',
    start,
    end: start + HOUR_MS,
    state: hoursAgo === 0 ? 'open' : 'final',
    revision: 0,
    energyKwh: 10,
    output: 40,
    runMs: HOUR_MS,
    coveredMs: HOUR_MS,
    expectedMs: HOUR_MS,
    ...members,
  };
};

export const alertOf = (id: string, members: Partial<Alert> = {}): Alert => ({
  id,
  key: id,
  rule: 'loss-of-view',
  severity: 'high',
  condition: 'active',
  review: 'new',
  title: { en: 'Loss of view', zh: '失去监视' },
  message: 'press-1 does not answer',
  equipment: PRESS,
  first: NOW - 5000,
  last: NOW - 1000,
  count: 2,
  ...members,
});

const noModel = (path: string): Promise<never> =>
  Promise.reject(new JoulegateError('NOT_FOUND', `there is no model of "${path}"`));

/** What the API of a test is started with, but for store, alerts and plant. */
export async function apiOptions(): Promise<Omit<ApiOptions, 'store' | 'alerts' | 'view'>> {
  return {
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    openLoopback: true,
    consoleDir: null,
    version: '0.1.0',
    log: silentLog,
    now: () => NOW,
    accounts: await accountRules(undefined, 'Asia/Shanghai', 'plant.yaml'),
    valueAdded: new ValueAddedBook(join(tmpdir(), `joulegate-value-added-${randomUUID()}.jsonl`)),
    models: {
      paths: () => Promise.resolve([]),
      list: () => Promise.resolve([]),
      running: () => [],
      activate: noModel,
      rollback: noModel,
      refresh: () => Promise.resolve(),
    },
    staticFactors: new StaticFactorLog(join(tmpdir(), `joulegate-static-factors-${randomUUID()}.jsonl`)),
  };
}

/** Starts the API on a free port of this machine. */
export async function startTestApi(
  parts: Pick<ApiOptions, 'store' | 'alerts' | 'view'> & Partial<ApiOptions>,
): Promise<ApiServer> {
  return startApi({ ...(await apiOptions()), ...parts });
}

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/** One request with exactly the given path and headers; fetch would mend both. */
export function ask(
  api: ApiServer,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: api.port,
        path,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}
