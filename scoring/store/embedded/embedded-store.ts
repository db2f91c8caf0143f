import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { AnomalyEpisode, AnomalyScore } from '../../anomaly/score.ts';
import { windowSizes, type EnergyWindow, type EquipmentLevel, type WindowSize } from '../../energy/window.ts';
import type { Alert } from '../../security/alert.ts';
import type { AlertStore, MetricStore, StoreBatch, TimeRange } from '../metric-store.ts';
import { migrate } from './schema.ts';
import { toEpisode, toScore, toWindow, WINDOW_COLUMNS, windowValues, type Row } from './rows.ts';

export type EmbeddedStoreOptions = {
  readonly file: string;
  /**
   * true during a first fill: no fsync per batch, so a power cut loses the file. `endBulk` makes it durable and
   * switches to one fsync per batch.
   */
  readonly bulk?: boolean;
  /** A second process may look without harm. */
  readonly readOnly?: boolean;
};

const PRUNE_ROWS = 20_000;

/** SQLite file with one wide row per object and window, keyed by time first so that appending stays cheap. */
export class EmbeddedStore implements MetricStore, AlertStore {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #objects = new Map<string, number>();
  readonly #statements = new Map<string, StatementSync>();
  #closed = false;

  private constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /** @throws JoulegateError STORE_FAILED when the file cannot be opened, is damaged or of a newer release. */
  static open({ file, bulk = false, readOnly = false }: EmbeddedStoreOptions): EmbeddedStore {
    try {
      const database = new DatabaseSync(file, { readOnly, timeout: 5000 });
      if (!readOnly) {
        database.exec(
          `PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=${bulk ? 'OFF' : 'FULL'};`,
        );
        migrate(database, file);
      }
      database.exec('PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;');
      const store = new EmbeddedStore(database, file);
      for (const row of database.prepare('SELECT id, path FROM object').all()) {
        store.#objects.set(String(row['path']), Number(row['id']));
      }
      return store;
    } catch (error) {
      if (error instanceof JoulegateError) throw error;
      throw new JoulegateError(
        'STORE_FAILED',
        `store ${file} cannot be opened: ${describeError(error)}; check permissions and disk, or move the file away to start with an empty store`,
        { cause: error },
      );
    }
  }

  /** Ends a first fill: everything is on disk when it returns, later batches are synced one by one. */
  endBulk(): void {
    this.#database.exec('PRAGMA synchronous=FULL; PRAGMA wal_checkpoint(TRUNCATE);');
  }

  write({ windows, scores, episodes, checkpoints }: StoreBatch): Promise<void> {
    return this.#transaction(() => {
      for (const row of windows) this.#writeWindow(row);
      for (const score of scores) this.#writeScore(score);
      for (const episode of episodes) this.#writeEpisode(episode);
      for (const { name, body } of checkpoints) {
        if (body === null) this.#sql('DELETE FROM checkpoint WHERE name = ?').run(name);
        else
          this.#sql('INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET body = excluded.body').run(
            name,
            body,
          );
      }
    });
  }

  readWindows({
    path,
    window,
    from,
    to,
  }: { readonly path: string; readonly window: WindowSize } & TimeRange): Promise<EnergyWindow[]> {
    return this.#read(() => {
      const object = this.#objects.get(path);
      if (object === undefined) return [];
      const sql = `SELECT o.path, o.level, w.* FROM window_${window} w JOIN object o ON o.id = w.object WHERE w.object = ? AND w.start >= ? AND w.start < ? ORDER BY w.start`;
      return this.#sql(sql)
        .all(object, from, to)
        .map((row) => toWindow(row, window));
    });
  }

  readAllWindows({ window, from, to }: { readonly window: WindowSize } & TimeRange): Promise<EnergyWindow[]> {
    const sql = `SELECT o.path, o.level, w.* FROM window_${window} w JOIN object o ON o.id = w.object WHERE w.start >= ? AND w.start < ? ORDER BY w.start, o.path`;
    return this.#read(() =>
      this.#sql(sql)
        .all(from, to)
        .map((row) => toWindow(row, window)),
    );
  }

  readScores(query: { readonly path: string; readonly limit?: number } & TimeRange): Promise<AnomalyScore[]> {
    const { path, from, to, limit } = query;
    return this.#read(() => {
      const object = this.#objects.get(path);
      if (object === undefined) return [];
      const sql =
        'SELECT o.path, s.* FROM score s JOIN object o ON o.id = s.object WHERE s.object = ? AND s.at >= ? AND s.at < ? ORDER BY s.at';
      const scores = this.#sql(sql).all(object, from, to).map(toScore);
      return limit === undefined ? scores : thin(scores, limit);
    });
  }

  latestScores(): Promise<AnomalyScore[]> {
    const sql = `SELECT o.path, s.* FROM object o JOIN score s ON s.object = o.id
      WHERE s.at = (SELECT MAX(at) FROM score WHERE object = o.id) ORDER BY o.path`;
    return this.#read(() => this.#sql(sql).all().map(toScore));
  }

  readEpisodes(query: { readonly path?: string; readonly limit?: number } & TimeRange): Promise<AnomalyEpisode[]> {
    const { path, from, to, limit = 1000 } = query;
    const sql = `SELECT body FROM episode WHERE started < ? AND (ended IS NULL OR ended >= ?)
      AND (? = '' OR path = ? OR path LIKE ? ESCAPE '\\') ORDER BY started DESC LIMIT ?`;
    const below = `${(path ?? '').replaceAll(/[\\%_]/g, String.raw`\$&`)}/%`;
    return this.#read(() =>
      this.#sql(sql)
        .all(to, from, path ?? '', path ?? '', below, limit)
        .map(toEpisode),
    );
  }

  readCheckpoint(name: string): Promise<string | null> {
    return this.#read(() => {
      const body = this.#sql('SELECT body FROM checkpoint WHERE name = ?').get(name)?.['body'];
      return typeof body === 'string' ? body : null;
    });
  }

  readCheckpoints(prefix: string): Promise<{ readonly name: string; readonly body: string }[]> {
    const sql = 'SELECT name, body FROM checkpoint WHERE substr(name, 1, ?) = ? ORDER BY name';
    return this.#read(() =>
      this.#sql(sql)
        .all(prefix.length, prefix)
        .map((row) => ({ name: String(row['name']), body: String(row['body']) })),
    );
  }

  extent(): Promise<TimeRange | null> {
    return this.#read(() => {
      let from = Number.POSITIVE_INFINITY;
      let to = Number.NEGATIVE_INFINITY;
      for (const size of windowSizes) {
        const row = this.#sql(`SELECT MIN(start) AS low, MAX(start) AS high FROM window_${size}`).get();
        if (typeof row?.['low'] !== 'number' || typeof row['high'] !== 'number') continue;
        from = Math.min(from, row['low']);
        to = Math.max(to, row['high']);
      }
      return Number.isFinite(from) ? { from, to } : null;
    });
  }

  async prune(before: { readonly '1m': number; readonly '15m': number; readonly '1h': number }): Promise<void> {
    await this.#pruneTable('window_1m', 'start', before['1m']);
    await this.#pruneTable('score', 'at', before['1m']);
    await this.#pruneTable('window_15m', 'start', before['15m']);
    await this.#pruneTable('window_1h', 'start', before['1h']);
    this.#database.exec('PRAGMA incremental_vacuum(2000)');
  }

  save(alert: Alert): Promise<void> {
    const sql = `INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET
      review = excluded.review, condition = excluded.condition, last = excluded.last, body = excluded.body`;
    return this.#transaction(() => {
      this.#sql(sql).run(
        alert.id,
        alert.key,
        alert.review,
        alert.condition,
        alert.equipment ?? null,
        alert.last,
        JSON.stringify(alert),
      );
    });
  }

  list(query: { readonly open?: boolean; readonly equipment?: string; readonly limit: number }): Promise<Alert[]> {
    const sql = `SELECT body FROM alert WHERE (? = 0 OR review <> 'closed') AND (? = '' OR equipment = ?) ORDER BY last DESC, id LIMIT ?`;
    const equipment = query.equipment ?? '';
    return this.#read(() =>
      this.#sql(sql)
        .all(query.open === true ? 1 : 0, equipment, equipment, query.limit)
        .map(toAlert),
    );
  }

  get(id: string): Promise<Alert | null> {
    return this.#read(() => maybeAlert(this.#sql('SELECT body FROM alert WHERE id = ?').get(id)));
  }

  findOpen(key: string): Promise<Alert | null> {
    const sql = "SELECT body FROM alert WHERE key = ? AND review <> 'closed' ORDER BY last DESC LIMIT 1";
    return this.#read(() => maybeAlert(this.#sql(sql).get(key)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#database.close();
    }
    return Promise.resolve();
  }

  #writeWindow(row: EnergyWindow): void {
    const marks = WINDOW_COLUMNS.replaceAll(/\w+/g, '?');
    this.#sql(`INSERT OR REPLACE INTO window_${row.window} (${WINDOW_COLUMNS}) VALUES (${marks})`).run(
      ...windowValues(row, this.#object(row.path, row.level)),
    );
  }

  #writeScore(score: AnomalyScore): void {
    this.#sql(
      'INSERT OR REPLACE INTO score (object, at, score, reason, context, alarm, model, contributions) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(
      this.#object(score.path, 'equipment'),
      score.at,
      score.score,
      score.reason ?? null,
      score.context,
      score.alarm ? 1 : 0,
      score.model,
      score.contributions.length === 0 ? null : JSON.stringify(score.contributions),
    );
  }

  #writeEpisode(episode: AnomalyEpisode): void {
    this.#sql('INSERT OR REPLACE INTO episode VALUES (?, ?, ?, ?, ?)').run(
      episode.id,
      episode.path,
      episode.from,
      episode.to,
      JSON.stringify(episode),
    );
  }

  #object(path: string, level: EquipmentLevel): number {
    const known = this.#objects.get(path);
    if (known !== undefined) return known;
    const id = Number(this.#sql('INSERT INTO object (path, level) VALUES (?, ?)').run(path, level).lastInsertRowid);
    this.#objects.set(path, id);
    return id;
  }

  async #pruneTable(table: string, column: string, before: number): Promise<void> {
    const sql = `DELETE FROM ${table} WHERE (${column}, object) IN (SELECT ${column}, object FROM ${table} WHERE ${column} < ? LIMIT ${PRUNE_ROWS})`;
    for (;;) {
      let deleted = 0;
      await this.#transaction(() => {
        deleted = Number(this.#sql(sql).run(before).changes);
      });
      if (deleted < PRUNE_ROWS) return;
      // Between chunks others may write.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #read<Result>(work: () => Result): Promise<Result> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(this.#failed('read', error));
    }
  }

  #transaction(work: () => void): Promise<void> {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        // An object numbered in the failed transaction does not exist.
        this.#database.exec('ROLLBACK');
        this.#objects.clear();
        for (const row of this.#database.prepare('SELECT id, path FROM object').all()) {
          this.#objects.set(String(row['path']), Number(row['id']));
        }
        throw error;
      }
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(this.#failed('written', error));
    }
  }

  #failed(what: string, error: unknown): JoulegateError {
    return new JoulegateError(
      'STORE_FAILED',
      `store ${this.#file} cannot be ${what}: ${describeError(error)}; check disk space and the disk`,
      {
        cause: error,
      },
    );
  }
}

function toAlert(row: Row): Alert {
  return JSON.parse(String(row['body'])) as Alert;
}

const maybeAlert = (row: Row | undefined): Alert | null => (row === undefined ? null : toAlert(row));

/** At most `limit` scores: of each even group the largest, so that a short alarm stays visible. */
function thin(scores: readonly AnomalyScore[], limit: number): AnomalyScore[] {
  if (scores.length <= limit) return [...scores];
  const size = Math.ceil(scores.length / Math.max(1, limit));
  const out: AnomalyScore[] = [];
  for (let start = 0; start < scores.length; start += size) {
    const group = scores.slice(start, start + size);
    const largest = group.reduce((best, score) => ((score.score ?? -1) > (best.score ?? -1) ? score : best));
    out.push(largest);
  }
  return out;
}
