import { ALARM_SCORE } from '../../anomaly/score.ts';
import { requireNode } from '../nearest-path.ts';
import { rangeOf } from '../query-range.ts';
import { AnomalyAnswer, AnomalyQuery } from '../schemas.ts';
import { viewEpisode } from '../views.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const DEFAULT_DAYS = 7;
const SERIES_POINTS = 2000;

/** Anomaly episodes, and the score series when one machine is asked for. */
export function anomaliesRoute(app: ApiApp, { view, store, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/anomalies',
    {
      schema: {
        tags: ['anomaly'],
        summary: 'Anomaly episodes and scores',
        querystring: AnomalyQuery,
        response: { 200: AnomalyAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const node = requireNode(view, query.path);
      const start = (to: number) => time.daysBefore(to, DEFAULT_DAYS);
      const range = rangeOf(query, { time, now: now(), start });
      const at = node.path === '' ? {} : { path: node.path };
      const episodes = await store.readEpisodes({ ...at, limit: query.limit, ...range });
      const items = episodes.map((episode) => viewEpisode(episode, time));
      if (node.level !== 'equipment') return { threshold: ALARM_SCORE, items };
      const scores = await store.readScores({ path: node.path, limit: SERIES_POINTS, ...range });
      return {
        threshold: ALARM_SCORE,
        items,
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
