import { nearestEarlier } from '../../anomaly/like-before.ts';
import { ALARM_SCORE, type AnomalyEpisode } from '../../anomaly/score.ts';
import { prefersCsv, sendCsv } from '../plugins/csv.ts';
import { nextCursor, placeOf } from '../cursor.ts';
import { requireNode } from '../nearest-path.ts';
import { rangeOf } from '../query-range.ts';
import { AnomalyAnswer, AnomalyQuery } from '../schemas.ts';
import { viewEpisode } from '../views.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const DEFAULT_DAYS = 7;
const SERIES_POINTS = 2000;
/** How far back and among how many episodes of the machine one like it is looked for. */
const REMEMBERED_MS = 400 * 86_400_000;
const REMEMBERED = 500;

/** Anomaly episodes, and the score series when one machine is asked for. */
export function anomaliesRoute(app: ApiApp, { view, store, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/anomalies',
    {
      config: { csv: true },
      schema: {
        tags: ['anomaly'],
        summary: 'Anomaly episodes and scores',
        querystring: AnomalyQuery,
        response: { 200: AnomalyAnswer, ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const node = requireNode(view, query.path);
      const start = (to: number) => time.daysBefore(to, DEFAULT_DAYS);
      const range = rangeOf(query, { time, now: now(), start });
      const at = node.path === '' ? {} : { path: node.path };
      const after = placeOf(query.cursor);
      const page = after === undefined ? {} : { after };
      const episodes = await store.readEpisodes({ ...at, ...page, limit: query.limit, ...range });
      const next = nextCursor(
        episodes.map(({ from, id }) => ({ at: from, id })),
        query.limit,
      );
      const known = new Map<string, readonly AnomalyEpisode[]>();
      for (const path of new Set(episodes.map((episode) => episode.path))) {
        const before = { from: range.to - REMEMBERED_MS, to: range.to };
        known.set(path, await store.readEpisodes({ path, limit: REMEMBERED, ...before }));
      }
      const items = episodes.map((episode) => {
        const nearest = nearestEarlier(episode, known.get(episode.path) ?? []);
        return {
          ...viewEpisode(episode, time),
          nearestEarlier: nearest === null ? null : { ...nearest, from: time.toIso(nearest.from) },
        };
      });
      if (prefersCsv(request)) {
        const header = ['id', 'path', 'from', 'to', 'peak_score', 'peak_at', 'context', 'model', 'sensors'];
        const rows = items.map((one) => [
          one.id,
          one.path,
          one.from,
          one.to,
          one.peakScore,
          one.peakAt,
          one.context,
          one.model,
          one.contributions.map(({ tag, share }) => `${tag} ${Math.round(share * 100)} %`).join('; '),
        ]);
        return sendCsv(reply, `anomalies-${node.path}.csv`, [header, ...rows]) as never;
      }
      if (node.level !== 'equipment') return { threshold: ALARM_SCORE, items, next };
      const scores = await store.readScores({ path: node.path, limit: SERIES_POINTS, ...range });
      return {
        threshold: ALARM_SCORE,
        items,
        next,
        series: scores.map((score) => ({
          at: time.toIso(score.at),
          score: score.score,
          reason: score.reason ?? null,
          alarm: score.alarm,
        })),
      };
    },
  );
}
