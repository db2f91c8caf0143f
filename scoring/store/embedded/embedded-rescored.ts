import type { AnomalyEpisode } from '../../anomaly/score.ts';
import type { Conversion, ConversionRevision, RescoredStore, ScoreRevision } from '../rescored.ts';
import type { TimeRange } from '../metric-store.ts';
import type { Connection } from './connection.ts';
import { queries } from './queries.ts';
import { SCORE_COLUMNS, scoreValues, toScore } from './rows.ts';

/** Figures of a score, without its place. */
const FIGURES = SCORE_COLUMNS.replace('block, object, at, ', '');
const keepScore = `INSERT INTO replaced_score (object, at, revision, ${FIGURES})
  SELECT object, at, (SELECT COUNT(*) FROM replaced_score b WHERE b.object = s.object AND b.at = s.at), ${FIGURES}
  FROM score s WHERE block = ? AND object = ? AND at = ?`;
const keepEpisodes = `INSERT OR IGNORE INTO replaced_episode (object, started, replaced_at, id, body)
  SELECT ?1, started, ?2, id, body FROM episode WHERE path = ?3 AND started >= ?4 AND started < ?5 AND ended IS NOT NULL`;
const dropEpisodes = 'DELETE FROM episode WHERE path = ? AND started >= ? AND started < ? AND ended IS NOT NULL';
const replaced = `SELECT 0, object, at, ${FIGURES}, revision FROM replaced_score WHERE object = ? AND at >= ? AND at < ?
  ORDER BY at, revision`;
const newestConversion =
  'SELECT revision, body FROM conversion WHERE object = ? AND day = ? ORDER BY revision DESC LIMIT 1';
const conversions = `SELECT day, revision, written_at, body FROM conversion WHERE object = ? AND day >= ? AND day < ?
  ORDER BY day, revision`;

/** What was scored or converted anew, in the tables of the embedded store. */
export class EmbeddedRescored implements RescoredStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async replaceScores(
    path: string,
    { from, to, at, scores, episodes }: Parameters<RescoredStore['replaceScores']>[1],
  ): Promise<void> {
    await this.#connection.write(() => {
      const object = this.#objectOf(path);
      if (object === null) return;
      for (const score of scores) {
        const values = scoreValues(score, object);
        this.#connection.sql(keepScore).run(values[0] ?? 0, object, score.at);
        this.#connection.sql(queries.writeScore).run(...values);
      }
      this.#connection.sql(keepEpisodes).run(object, at, path, from, to);
      this.#connection.sql(dropEpisodes).run(path, from, to);
      for (const episode of episodes) {
        const { id, from: started, to: ended } = episode;
        this.#connection.sql(queries.writeEpisode).run(id, path, started, ended, JSON.stringify(episode));
      }
    });
  }

  scoreRevisions({ path, from, to }: { readonly path: string } & TimeRange): Promise<ScoreRevision[]> {
    return this.#connection.read(() => {
      const object = this.#objectOf(path);
      if (object === null) return [];
      return this.#connection
        .cells(replaced, [object, from, to])
        .map((cells) => ({ revision: Number(cells.at(-1)), ...toScore(cells, path) }));
    });
  }

  replacedEpisodes({ path, from, to }: { readonly path: string } & TimeRange): Promise<AnomalyEpisode[]> {
    return this.#connection.read(() => {
      const object = this.#objectOf(path);
      if (object === null) return [];
      return this.#connection
        .sql(
          'SELECT body FROM replaced_episode WHERE object = ? AND started >= ? AND started < ? ORDER BY started, replaced_at',
        )
        .all(object, from, to)
        .map((row) => JSON.parse(String(row['body'])) as AnomalyEpisode);
    });
  }

  async keepConversions(rows: readonly Conversion[], at: number): Promise<number> {
    let kept = 0;
    await this.#connection.write(() => {
      kept = 0;
      for (const { path, day, ...body } of rows) {
        const object = this.#objectOf(path);
        if (object === null) continue;
        const text = JSON.stringify(body);
        const newest = this.#connection.sql(newestConversion).get(object, day);
        if (newest !== undefined && newest['body'] === text) continue;
        const revision = newest === undefined ? 0 : Number(newest['revision']) + 1;
        this.#connection
          .sql('INSERT INTO conversion (object, day, revision, written_at, body) VALUES (?, ?, ?, ?, ?)')
          .run(object, day, revision, at, text);
        kept += 1;
      }
    });
    return kept;
  }

  conversions({ path, from, to }: { readonly path: string } & TimeRange): Promise<ConversionRevision[]> {
    return this.#connection.read(() => {
      const object = this.#objectOf(path);
      if (object === null) return [];
      return this.#connection
        .sql(conversions)
        .all(object, from, to)
        .map((row) => ({
          path,
          day: Number(row['day']),
          revision: Number(row['revision']),
          writtenAt: Number(row['written_at']),
          ...(JSON.parse(String(row['body'])) as Omit<Conversion, 'path' | 'day'>),
        }));
    });
  }

  #objectOf(path: string): number | null {
    const row = this.#connection.sql(queries.object).get(path);
    return row === undefined ? null : Number(row['id']);
  }
}
