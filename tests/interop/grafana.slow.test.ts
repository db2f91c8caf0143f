import { readdir, readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceHealth } from '../../broker/contract/health.ts';
import { copyToSinks } from '../../scoring/sink-copy.ts';
import { openInfluxSink } from '../../scoring/store/influx/influx-sink.ts';
import { batch, scoreOf } from '../../scoring/store/metric-store.contract.ts';
import { alertOf, createPlant, hourWindow, NOW, PRESS } from '../support/api-plant.ts';
import { influxMissing, startInfluxServer, type InfluxServer } from '../support/influxdb.ts';
import { quietLog, settled } from '../support/influx-under-test.ts';
import { EmbeddedStore } from '../../scoring/store/embedded/embedded-store.ts';

/** Dashboards as Grafana provisions them; only what this test reads. */
type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly query: string; readonly rawQuery: boolean }[];
  }[];
};

const folder = join(import.meta.dirname, '../../deploy/grafana/provisioning/dashboards');
const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
const dashboards: (readonly [string, Dashboard])[] = [];
for (const name of files) dashboards.push([name, JSON.parse(await readFile(join(folder, name), 'utf8')) as Dashboard]);

const HOUR_MS = 3_600_000;

/** What Grafana puts in the place of its variables: everything, hours, the last week. */
const filledIn = (query: string): string =>
  query
    .replaceAll('$timeFilter', `time >= ${NOW - 168 * HOUR_MS}ms and time <= ${NOW + HOUR_MS}ms`)
    .replaceAll('$__interval', '1h')
    .replaceAll('$window', '1h')
    .replaceAll(/\$(path|severity|id)\b/g, '.*');

const gatewayHealth = (at: number, values: number): ServiceHealth => ({
  service: 'gateway',
  id: 'edge-1',
  version: '0.1.0',
  state: 'running',
  at,
  problems: [],
  figures: { valuesTotal: values, outboxDepth: 3, serverLostTotal: values / 10, droppedTotal: 0, badTotal: values / 5 },
  connections: [
    {
      name: 'press-plc',
      state: 'running',
      reason: '',
      since: at,
      serviceLevel: 255,
      clockSkewMs: 3,
      tags: { live: 4, waiting: 0, bad: 0, unknown: 0, quarantined: 0, offline: 0 },
      reading: { subscriptions: 1, items: 4, polled: 0 },
      sessions: 1,
      repairs: 0,
      exceptions: [],
    },
  ],
});
const scoringHealth = (at: number): ServiceHealth => ({
  service: 'scoring',
  id: 'scoring-1',
  version: '0.1.0',
  state: 'degraded',
  at,
  problems: [],
  figures: { influxQueued: 7 },
});

if (influxMissing !== null) console.warn(`the Grafana dashboards are not tested: ${influxMissing}`);

describe.skipIf(influxMissing !== null)('the Grafana dashboards', () => {
  let server: InfluxServer;
  let scratch: string;

  beforeAll(async () => {
    server = await startInfluxServer();
    scratch = await mkdtemp(join(tmpdir(), 'joulegate-grafana-'));
    await using sink = await openInfluxSink(
      { url: server.url, database: 'joulegate', queueMegabytes: 64 },
      { file: join(scratch, 'queue.db'), log: quietLog, now: () => NOW, site: 'pudong', enterprise: 'acme' },
    );
    await sink.write(
      batch({
        windows: Array.from({ length: 48 }, (_, hour) => hourWindow(hour + 1, { idleKwh: 2 })),
        scores: Array.from({ length: 180 }, (_, minute) =>
          scoreOf({ path: PRESS, at: NOW - minute * 60_000, score: minute < 5 ? 0.995 : 0.3, alarm: minute < 5 }),
        ),
      }),
    );
    await using alerts = EmbeddedStore.open({ file: join(scratch, 'alerts.db') });
    const plant = createPlant(alerts);
    for (const [hour, values] of [
      [3, 1000],
      [2, 5000],
      [1, 9000],
    ] as const) {
      const at = NOW - hour * HOUR_MS;
      const view = {
        ...plant,
        health: () => ({ ...plant.health(), services: [gatewayHealth(at, values), scoringHealth(at)] }),
      };
      using _ = copyToSinks(view, [sink], { log: quietLog, now: () => NOW, dayStart: (instant) => instant });
      plant.emit({ kind: 'alert', alert: alertOf(`alert-${hour}`, { first: at, count: 2 }) });
      await view.targets();
    }
    // Closed meanwhile: the point of the alert is replaced, not doubled.
    {
      using _ = copyToSinks(plant, [sink], { log: quietLog, now: () => NOW, dayStart: (instant) => instant });
      plant.emit({
        kind: 'alert',
        alert: alertOf('alert-1', { first: NOW - HOUR_MS, review: 'closed', condition: 'cleared' }),
      });
    }
    await settled(sink);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(scratch, { recursive: true, force: true });
  });

  it('are those of intensity, anomalies, alerts and gateway health', () => {
    expect(files.toSorted()).toEqual(['alerts.json', 'anomalies.json', 'health.json', 'intensity.json']);
  });

  it.each(dashboards)('%s has what provisioning needs', (_, dashboard) => {
    expect(dashboard.uid).toMatch(/^joulegate-[a-z]+$/);
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { title, datasource, gridPos, targets } of dashboard.panels) {
      expect(title).not.toBe('');
      expect(datasource.uid).toBe('joulegate-influx');
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(targets.every(({ rawQuery }) => rawQuery)).toBe(true);
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it.each(
    dashboards.flatMap(([name, { panels, templating }]) => [
      ...panels.flatMap(({ title, targets }) => targets.map(({ query }) => [name, title, query] as const)),
      ...templating.list
        .filter(({ type }) => type === 'query')
        .map(({ name: variable, query }) => [name, `choice of ${variable}`, query] as const),
    ]),
  )('%s, "%s" finds its rows', async (_, __, query) => {
    const rows = await server.query(filledIn(query), 'joulegate');
    expect(rows.length).toBeGreaterThan(0);
    const figures = rows.flatMap((row) => Object.entries(row).filter(([column]) => column !== 'time'));
    expect(figures.some(([, value]) => value !== null)).toBe(true);
  });

  it('count an alert once, in its newest state', async () => {
    const rows = await server.query('SELECT "id", "open", "review" FROM "alert"', 'joulegate');
    expect(rows.map(({ id, open, review }) => [id, open, review])).toEqual([
      ['alert-3', true, 'new'],
      ['alert-2', true, 'new'],
      ['alert-1', false, 'closed'],
    ]);
  });
});
