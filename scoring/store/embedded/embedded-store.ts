import type { Logger } from '../../../broker/contract/deps.ts';
import type { AnomalyEpisode, AnomalyScore } from '../../anomaly/score.ts';
import { windowSizes, type EnergyWindow, type EquipmentLevel, type WindowSize } from '../../energy/window.ts';
import type { Alert } from '../../security/alert.ts';
import type { AlertStore, ListPlace, MetricStore, SensorHistory, StoreBatch, TimeRange } from '../metric-store.ts';
import type { RetentionEdges, SeriesReader } from '../series.ts';
import { Connection } from './connection.ts';
import { EmbeddedSeries, keepReplaced } from './embedded-series.ts';
import { pruneQuery, queries } from './queries.ts';
import {
  alertValues,
  isFiniteRow,
  scoreValues,
  thinScores,
  toAlert,
  toEpisode,
  toScore,
  toWindow,
  windowValues,
  type Cells,
  type Row,
} from './rows.ts';
import { blockOf, SCORE_BLOCK_MS, windowBlockMs } from './schema.ts';
import { EmbeddedRescored } from './embedded-rescored.ts';
import { EmbeddedSensors } from './embedded-sensors.ts';

export type EmbeddedStoreOptions = {
  readonly file: string;
  /** Names rows that are left out because they hold a number that is none. */
  readonly log?: Logger;
  /**
   * true during a first fill: batches are not synced one by one, so a power cut loses the newest of them but never
   * damages the file. `endBulk` makes it all durable and switches to one sync per batch.
   */
  readonly bulk?: boolean;
  /** For a second process that only looks; the file must exist. */
  readonly readOnly?: boolean;
};

/** One chunk holds up everything else for about 10 ms. */
const PRUNE_ROWS = 5000;
const SHRINK_PAGES = 2000;

type StoredObject = { readonly id: number; level: EquipmentLevel; scoredAt: number | null };

/** SQLite file with one wide row per object and window. Alerts live in the same file. */
export class EmbeddedStore implements MetricStore, AlertStore {
  readonly #connection: Connection;
  readonly #log: Logger | null;
  readonly #objects = new Map<string, StoredObject>();
  readonly #sensors: EmbeddedSensors;
  /** Sums, rankings and revisions of the windows. */
  readonly series: SeriesReader;
  /** Scores and conversions that were made anew. */
  readonly rescored: EmbeddedRescored;

  private constructor(connection: Connection, log: Logger | null) {
    this.#connection = connection;
    this.#sensors = new EmbeddedSensors(connection);
    this.#log = log;
    this.series = new EmbeddedSeries(connection, (edges) => this.prune(edges));
    this.rescored = new EmbeddedRescored(connection);
  }

  /** @throws JoulegateError STORE_FAILED when the file cannot be opened, is damaged or of a newer release. */
  static open({ file, log, bulk = false, readOnly = false }: EmbeddedStoreOptions): EmbeddedStore {
    return new EmbeddedStore(Connection.open({ file, bulk, readOnly }), log ?? null);
  }

  /** Ends a first fill: everything is on disk when it returns, later batches are synced one by one. */
  endBulk(): void {
    this.#connection.endBulk();
  }

  write({ windows, scores, rows = [], episodes, checkpoints }: StoreBatch): Promise<void> {
    const connection = this.#connection;
    return connection.write(
      () => {
        for (const row of windows) this.#writeWindow(row);
        this.#writeScores(scores);
        for (const row of rows) this.#sensors.write(row, this.#object(row.path, 'equipment').id);
        for (const { id, path, from, to, ...rest } of episodes)
          connection.sql(queries.writeEpisode).run(id, path, from, to, JSON.stringify({ id, path, from, to, ...rest }));
        for (const { name, body } of checkpoints) {
          if (body === null) connection.sql(queries.removeCheckpoint).run(name);
          else connection.sql(queries.writeCheckpoint).run(name, body);
        }
      },
      // An object numbered in the failed transaction does not exist.
      () => {
        this.#objects.clear();
        this.#sensors.forget();
      },
    );
  }

  readWindows({
    path,
    window,
    from,
    to,
  }: { readonly path: string; readonly window: WindowSize } & TimeRange): Promise<EnergyWindow[]> {
    const query = { path, from, to, block: windowBlockMs[window] };
    return this.#ofOneObject(queries.readWindows[window], query, (rows, level) =>
      rows.map((cells) => toWindow(cells, { path, level, window })),
    );
  }

  readAllWindows({ window, from, to }: { readonly window: WindowSize } & TimeRange): Promise<EnergyWindow[]> {
    const block = windowBlockMs[window];
    return this.#ofAllObjects(
      queries.readAllWindows[window],
      [blockOf(from, block), blockOf(to, block), from, to],
      (cells, { path, level }) => toWindow(cells, { path, level, window }),
    );
  }

  readScores({
    path,
    from,
    to,
    limit = Number.POSITIVE_INFINITY,
  }: { readonly path: string; readonly limit?: number } & TimeRange): Promise<AnomalyScore[]> {
    return this.#ofOneObject(queries.readScores, { path, from, to, block: SCORE_BLOCK_MS }, (rows) =>
      thinScores(rows, limit).map((cells) => toScore(cells, path)),
    );
  }

  readSensorRows(query: { readonly path: string } & TimeRange): Promise<SensorHistory> {
    return this.#sensors.read(query);
  }

  sensorPaths(): Promise<readonly string[]> {
    return this.#all(queries.sensorPaths, [], (rows) => rows.map((row) => String(row['path'])));
  }

  latestScores(): Promise<AnomalyScore[]> {
    return this.#ofAllObjects(queries.latestScores, [SCORE_BLOCK_MS], (cells, { path }) => toScore(cells, path));
  }

  readEpisodes({
    path = '',
    from,
    to,
    limit = 1000,
    after,
  }: { readonly path?: string; readonly limit?: number; readonly after?: ListPlace } & TimeRange): Promise<
    AnomalyEpisode[]
  > {
    return this.#all(queries.readEpisodes, [from, to, path, limit, after?.at ?? null, after?.id ?? null], (rows) =>
      rows.map(toEpisode),
    );
  }

  readCheckpoint(name: string): Promise<string | null> {
    return this.#all(queries.readCheckpoint, [name], ([row]) => (row === undefined ? null : String(row['body'])));
  }

  readCheckpoints(prefix: string): Promise<{ readonly name: string; readonly body: string }[]> {
    return this.#all(queries.readCheckpoints, [prefix], (rows) =>
      rows.map((row) => ({ name: String(row['name']), body: String(row['body']) })),
    );
  }

  extent(): Promise<TimeRange | null> {
    return this.#connection.read(() => {
      const ends = windowSizes
        .map((size) => this.#connection.sql(queries.extent[size]).get())
        .filter((row) => row !== undefined && row['low'] !== null);
      if (ends.length === 0) return null;
      return {
        from: Math.min(...ends.map((row) => Number(row?.['low']))),
        to: Math.max(...ends.map((row) => Number(row?.['high']))),
      };
    });
  }

  async prune(before: RetentionEdges): Promise<void> {
    for (const size of ['1m', '15m', '1h'] as const) {
      await this.#pruneTable(`window_${size}`, 'start', { before: before[size], block: windowBlockMs[size] });
    }
    for (const table of ['score', 'sensor_row'])
      await this.#pruneTable(table, 'at', { before: before['1m'], block: SCORE_BLOCK_MS });
    await this.#connection.write(() => {
      this.#connection.sql(queries.pruneRevisions).run(before['1h']);
      this.#connection.sql(queries.pruneReplacedScores).run(before['1m']);
    });
    await this.#connection.read(() => this.#connection.shrink(SHRINK_PAGES));
  }

  save(alert: Alert): Promise<void> {
    return this.#connection.write(() => {
      this.#connection.sql(queries.saveAlert).run(...alertValues(alert));
    });
  }

  list(query: Parameters<AlertStore['list']>[0]): Promise<Alert[]> {
    const { after } = query;
    return this.#all(
      queries.listAlerts,
      [query.open === true ? 1 : 0, query.equipment ?? '', query.limit, after?.at ?? null, after?.id ?? null],
      (rows) => rows.map(toAlert),
    );
  }

  get(id: string): Promise<Alert | null> {
    return this.#all(queries.getAlert, [id], ([row]) => (row === undefined ? null : toAlert(row)));
  }

  findOpen(key: string): Promise<Alert | null> {
    return this.#all(queries.findOpenAlert, [key], ([row]) => (row === undefined ? null : toAlert(row)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  #all<Result>(
    text: string,
    parameters: readonly (number | string | null)[],
    make: (rows: readonly Row[]) => Result,
  ): Promise<Result> {
    return this.#connection.read(() => make(this.#connection.sql(text).all(...parameters)));
  }

  #ofOneObject<Result>(
    text: string,
    { path, from, to, block }: TimeRange & { readonly path: string; readonly block: number },
    make: (rows: readonly Cells[], level: EquipmentLevel) => Result[],
  ): Promise<Result[]> {
    return this.#connection.read(() => {
      const object = this.#connection.sql(queries.object).get(path);
      if (object === undefined) return [];
      const parameters = [blockOf(from, block), blockOf(to, block), Number(object['id']), from, to];
      return make(this.#connection.cells(text, parameters), String(object['level']) as EquipmentLevel);
    });
  }

  #ofAllObjects<Result>(
    text: string,
    parameters: readonly number[],
    make: (cells: Cells, object: { readonly path: string; readonly level: EquipmentLevel }) => Result,
  ): Promise<Result[]> {
    return this.#connection.read(() => {
      const rows = this.#connection.cells(text, parameters);
      const objects = new Map(
        this.#connection
          .sql(queries.objects)
          .all()
          .map((row) => [row['id'], { path: String(row['path']), level: String(row['level']) as EquipmentLevel }]),
      );
      return rows.flatMap((cells) => {
        const object = objects.get(cells[1] ?? null);
        return object === undefined ? [] : [make(cells, object)];
      });
    });
  }

  #writeWindow(row: EnergyWindow): void {
    const object = this.#object(row.path, row.level);
    if (object.level !== row.level) {
      this.#connection.sql(queries.relevel).run(object.id, row.level);
      object.level = row.level;
    }
    const values = windowValues(row, object.id);
    if (isFiniteRow(values)) {
      keepReplaced(this.#connection, row, object.id);
      this.#connection.sql(queries.writeWindow[row.window]).run(...values);
    } else this.#leaveOut({ path: row.path, window: row.window, start: row.start });
  }

  #writeScores(scores: readonly AnomalyScore[]): void {
    const newest = new Set<StoredObject>();
    for (const score of scores) {
      const object = this.#object(score.path, 'equipment');
      const values = scoreValues(score, object.id);
      if (!isFiniteRow(values)) {
        this.#leaveOut({ path: score.path, at: score.at });
        continue;
      }
      this.#connection.sql(queries.writeScore).run(...values);
      if (object.scoredAt !== null && score.at <= object.scoredAt) continue;
      object.scoredAt = score.at;
      newest.add(object);
    }
    for (const { id, scoredAt } of newest) this.#connection.sql(queries.scored).run(id, scoredAt);
  }

  #leaveOut(row: object): void {
    this.#log?.error(row, 'a computed row holds a number that is none; it was not stored');
  }

  #object(path: string, level: EquipmentLevel): StoredObject {
    const known = this.#find(path);
    if (known !== null) return known;
    const id = Number(this.#connection.sql(queries.addObject).run(path, level).lastInsertRowid);
    const object: StoredObject = { id, level, scoredAt: null };
    this.#objects.set(path, object);
    return object;
  }

  #find(path: string): StoredObject | null {
    const known = this.#objects.get(path);
    if (known !== undefined) return known;
    const row = this.#connection.sql(queries.object).get(path);
    if (row === undefined) return null;
    const object: StoredObject = {
      id: Number(row['id']),
      level: String(row['level']) as EquipmentLevel,
      scoredAt: row['scored_at'] === null ? null : Number(row['scored_at']),
    };
    this.#objects.set(path, object);
    return object;
  }

  async #pruneTable(
    table: string,
    key: 'start' | 'at',
    { before, block }: { readonly before: number; readonly block: number },
  ): Promise<void> {
    const text = pruneQuery(table, key, PRUNE_ROWS);
    for (;;) {
      let deleted = 0;
      await this.#connection.write(() => {
        deleted = Number(this.#connection.sql(text).run(blockOf(before, block), before).changes);
      });
      if (deleted < PRUNE_ROWS) return;
      // Between chunks others may write.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
