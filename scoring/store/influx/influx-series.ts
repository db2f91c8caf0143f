import { JoulegateError } from '../../../broker/contract/error.ts';
import type { InfluxSection } from '../../config.ts';
import type { EquipmentLevel, WindowSize } from '../../energy/window.ts';
import type { TimeRange } from '../metric-store.ts';
import {
  rankObjects,
  type LatestPoint,
  type RankedObject,
  type RankQuery,
  type RetentionEdges,
  type Revision,
  type RevisedWindow,
  type SeriesPoint,
  type SeriesQuery,
  type SeriesReader,
} from '../series.ts';
import { describeCause, displayUrl, InfluxClient } from './influx-client.ts';
import { quoteText, rowsOf, type InfluxRow } from './influxql.ts';
import { decodeTag, tagValue, type SiteTags } from './line-batch.ts';

const SUMMED = {
  energyKwh: 'energy_kwh',
  idleKwh: 'idle_kwh',
  estimatedKwh: 'estimated_kwh',
  output: 'output',
  scrap: 'scrap',
  runHours: 'run_hours',
  idleHours: 'idle_hours',
  coveredMs: 'covered_ms',
  expectedMs: 'expected_ms',
} as const satisfies Partial<Record<keyof SeriesPoint, string>>;

const fields = Object.values(SUMMED);
const plain = fields.map((field) => `"${field}"`).join(', ');
const sums = `COUNT("revision") AS "windows", ${fields.map((field) => `SUM("${field}") AS "${field}"`).join(', ')}`;
/** InfluxQL takes instants of 1677 to 2262 only. */
const LOWEST_MS = -9_223_372_036_854;
const HIGHEST_MS = 9_223_372_036_854;

/**
 * Reads figures back from InfluxDB in InfluxQL, the one query language all generations share (2.x by its mapping of
 * databases to buckets). Names of the plant reach a query only as quoted strings.
 */
export class InfluxSeries implements SeriesReader, AsyncDisposable {
  readonly #client: InfluxClient;
  readonly #tags: { readonly site: string; readonly where: string };

  constructor(section: InfluxSection, { site, enterprise }: SiteTags) {
    this.#client = new InfluxClient(section);
    const tags = { site: tagValue(site), enterprise: tagValue(enterprise) };
    this.#tags = {
      site: tags.site,
      where: `"site" = ${quoteText(tags.site)} AND "enterprise" = ${quoteText(tags.enterprise)}`,
    };
  }

  async readSeries({ path, window, every, ...range }: SeriesQuery): Promise<SeriesPoint[]> {
    const where = `${this.#of(path)} AND "window" = ${quoteText(window)} AND ${within(range)}`;
    const rows = await this.#query(
      every === undefined
        ? `SELECT ${plain}, "revision" FROM "energy" WHERE ${where}`
        : `SELECT ${sums} FROM "energy" WHERE ${where} GROUP BY time(${Math.round(every)}ms) fill(none)`,
    );
    return rows.map((row) => toPoint(row)).filter(({ windows }) => windows > 0);
  }

  async rank({ window, level, by, limit, ...range }: RankQuery): Promise<RankedObject[]> {
    const rows = await this.#query(
      `SELECT ${sums} FROM "energy" WHERE ${this.#tags.where} AND "window" = ${quoteText(window)} AND "level" = ${quoteText(level)} AND ${within(range)} GROUP BY "path"`,
    );
    const points = rows.map((row) => ({ ...toPoint(row), start: range.from, path: pathOf(row, level) }));
    return rankObjects(points, { by, limit });
  }

  async latest({ window }: { readonly window: WindowSize }): Promise<LatestPoint[]> {
    const rows = await this.#query(
      `SELECT ${plain}, "revision" FROM "energy" WHERE ${this.#tags.where} AND "window" = ${quoteText(window)} GROUP BY "path", "level" ORDER BY time DESC LIMIT 1`,
    );
    return rows
      .map((row) => {
        const level = String(row['level']) as EquipmentLevel;
        return { ...toPoint(row), level, path: pathOf(row, level) };
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async revisions({
    path,
    window,
    ...range
  }: { readonly path: string; readonly window: RevisedWindow } & TimeRange): Promise<Revision[]> {
    const rows = await this.#query(
      `SELECT ${plain}, "number" FROM "energy_revision" WHERE ${this.#of(path)} AND "window" = ${quoteText(window)} AND ${within(range)}`,
    );
    return rows
      .map((row) => ({ revision: Number(row['number']), ...toPoint(row) }))
      .sort((a, b) => a.start - b.start || a.revision - b.revision);
  }

  /** 1.x by DELETE, 2.x by its delete endpoint. @throws JoulegateError STORE_FAILED on 3, which deletes by database retention only. */
  async deleteBefore(edges: RetentionEdges): Promise<void> {
    for (const [window, before] of Object.entries(edges)) {
      for (const measurement of ['energy', 'energy_per_output', 'energy_revision'])
        await this.#delete(measurement, { window, before });
    }
    await this.#delete('anomaly', { window: null, before: edges['1m'] });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  #of(path: string): string {
    return path === ''
      ? `${this.#tags.where} AND "level" = 'site'`
      : `${this.#tags.where} AND "path" = ${quoteText(tagValue(path))} AND "level" <> 'site'`;
  }

  async #delete(
    measurement: string,
    { window, before }: { readonly window: string | null; readonly before: number },
  ): Promise<void> {
    const server = await this.#reach(() => this.#client.server());
    if (server.generation === 1) {
      const tag = window === null ? '' : ` AND "window" = ${quoteText(window)}`;
      await this.#query(`DELETE FROM "${measurement}" WHERE ${this.#tags.where}${tag} AND time < ${clamp(before)}ms`);
      return;
    }
    const { database, org = '' } = this.#client.section;
    if (server.generation === 3)
      throw new JoulegateError(
        'STORE_FAILED',
        `InfluxDB ${server.version} deletes by age of the whole database only; set scoring.influx.retention, or: influxdb3 update database --database ${database} --retention-period 400d`,
      );
    const tag = window === null ? '' : ` AND window=${JSON.stringify(window)}`;
    const body = JSON.stringify({
      start: '1970-01-01T00:00:00Z',
      stop: new Date(Math.max(0, before - 1)).toISOString(),
      predicate: `_measurement="${measurement}"${tag} AND site=${JSON.stringify(this.#tags.site)}`,
    });
    const path = `/api/v2/delete?${new URLSearchParams({ org, bucket: database }).toString()}`;
    const answer = await this.#reach(() => this.#client.ask('POST', path, { body, type: 'application/json' }));
    if (answer.status !== 204)
      throw new JoulegateError(
        'STORE_FAILED',
        `InfluxDB refuses to delete (${answer.status}): ${answer.body.slice(0, 300)}`,
      );
  }

  async #query(text: string): Promise<InfluxRow[]> {
    await this.#reach(() => this.#client.server());
    const { database } = this.#client.section;
    const body = new URLSearchParams({ db: database, epoch: 'ms', q: text }).toString();
    const content = { body, type: 'application/x-www-form-urlencoded' };
    const answer = await this.#reach(() => this.#client.ask('POST', '/query', content));
    return rowsOf(answer.status, answer.body);
  }

  async #reach<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#client.hangUp();
      throw new JoulegateError(
        'STORE_FAILED',
        `InfluxDB ${displayUrl(this.#client.section)} cannot be reached: ${describeCause(error)}; check that it runs and that scoring.influx.url is right`,
        { cause: error },
      );
    }
  }
}

const clamp = (at: number): number => Math.trunc(Math.min(HIGHEST_MS, Math.max(LOWEST_MS, at)));
const within = ({ from, to }: TimeRange): string => `time >= ${clamp(from)}ms AND time < ${clamp(to)}ms`;
const pathOf = (row: InfluxRow, level: EquipmentLevel): string =>
  level === 'site' ? '' : decodeTag(String(row['path']));
const numberOf = (value: InfluxRow[string] | undefined): number | null => (typeof value === 'number' ? value : null);

function toPoint(row: InfluxRow): SeriesPoint {
  const value = (name: keyof typeof SUMMED): number | null => numberOf(row[SUMMED[name]]);
  return {
    start: Number(row['time']),
    windows: numberOf(row['windows']) ?? 1,
    energyKwh: value('energyKwh'),
    idleKwh: value('idleKwh'),
    estimatedKwh: value('estimatedKwh'),
    output: value('output'),
    scrap: value('scrap'),
    runHours: value('runHours') ?? 0,
    idleHours: value('idleHours') ?? 0,
    coveredMs: value('coveredMs') ?? 0,
    expectedMs: value('expectedMs') ?? 0,
  };
}
