import { Type } from 'typebox';
import { revisedWindows } from '../../store/series.ts';
import { requireNode } from '../nearest-path.ts';
import { rangeOf } from '../query-range.ts';
import { Instant, nullable } from '../schema-parts.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const DEFAULT_DAYS = 31;
const number = nullable(Type.Number());

const RevisionsQuery = Type.Object({
  path: Type.String({ default: '', description: 'Equipment path; empty = site.' }),
  window: Type.Enum(revisedWindows, { default: '1d' }),
  from: Type.Optional(Type.String({ description: 'ISO 8601 instant or date; default: 31 days back.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 instant or date, exclusive; default: now.' })),
});

const RevisionsAnswer = Type.Object({
  path: Type.String(),
  units: Type.Object({
    energy: Type.Literal('kW.h'),
    output: Type.Literal('{eq}'),
    standardCoal: Type.Literal('kgce'),
    carbon: Type.Literal('kg'),
    cost: Type.Literal('CNY'),
  }),
  windows: Type.Array(
    Type.Object({
      start: Instant,
      revision: Type.Integer({ minimum: 0 }),
      energyKwh: number,
      idleKwh: number,
      estimatedKwh: number,
      output: number,
    }),
    { description: 'Every final state of each window, oldest revision first.' },
  ),
  conversions: Type.Array(
    Type.Object({
      day: Instant,
      revision: Type.Integer({ minimum: 0 }),
      writtenAt: Instant,
      energyKwh: Type.Number(),
      output: Type.Number(),
      kgceCalorific: number,
      kgceEquivalent: number,
      kgCO2: number,
      cost: number,
      factorSets: Type.Array(Type.String()),
      tariff: nullable(Type.String()),
    }),
    { description: 'Each local day by the factors and tariff of the time it was written, oldest revision first.' },
  ),
  scores: Type.Array(
    Type.Object({
      at: Instant,
      revision: Type.Integer({ minimum: 0 }),
      score: number,
      alarm: Type.Boolean(),
      model: Type.String(),
    }),
    { description: 'Scores that a re-scoring has replaced; the newest are in /api/v1/anomalies.' },
  ),
});

/** Earlier revisions of an object's figures: what was once shown or signed stays readable. */
export function revisionsRoute(app: ApiApp, { view, store, now, time }: RouteDeps): void {
  app.get(
    '/api/v1/revisions',
    {
      schema: {
        tags: ['energy'],
        summary: 'Earlier revisions of windows, conversions and scores',
        querystring: RevisionsQuery,
        response: { 200: RevisionsAnswer, ...problemAnswers },
      },
    },
    async ({ query }) => {
      const { path, window } = query;
      requireNode(view, path);
      const range = rangeOf(query, { time, now: now(), start: (to) => time.daysBefore(to, DEFAULT_DAYS) });
      const windows = await store.series.revisions({ path, window, ...range });
      const conversions = await store.rescored.conversions({ path, ...range });
      const scores = await store.rescored.scoreRevisions({ path, ...range });
      return {
        path,
        units: {
          energy: 'kW.h' as const,
          output: '{eq}' as const,
          standardCoal: 'kgce' as const,
          carbon: 'kg' as const,
          cost: 'CNY' as const,
        },
        windows: windows.map(({ start, revision, energyKwh, idleKwh, estimatedKwh, output }) => ({
          start: time.toIso(start),
          revision,
          energyKwh,
          idleKwh,
          estimatedKwh,
          output,
        })),
        conversions: conversions.map((one) => ({
          day: time.toIso(one.day),
          revision: one.revision,
          writtenAt: time.toIso(one.writtenAt),
          energyKwh: one.energyKwh,
          output: one.output,
          kgceCalorific: one.kgceCalorific,
          kgceEquivalent: one.kgceEquivalent,
          kgCO2: one.kgCO2,
          cost: one.cost,
          factorSets: [...one.factorSets],
          tariff: one.tariff,
        })),
        scores: scores.map(({ at, revision, score, alarm, model }) => ({
          at: time.toIso(at),
          revision,
          score,
          alarm,
          model,
        })),
      };
    },
  );
}
