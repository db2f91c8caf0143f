import { Type } from 'typebox';
import { modelStates, type ModelEntry } from '../../store/model-library.ts';
import { requireNode } from '../nearest-path.ts';
import { Instant, nullable } from '../schema-parts.ts';
import type { ZoneTime } from '../zone-time.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const Entry = Type.Object({
  path: Type.String(),
  version: Type.Integer(),
  state: Type.Enum(modelStates),
  createdAt: nullable(Instant),
  trainedFrom: nullable(Instant),
  trainedTo: nullable(Instant),
  rows: nullable(Type.Integer()),
  backend: nullable(Type.String()),
  dataHash: nullable(Type.String()),
  shadow: nullable(Type.Object({ rows: Type.Integer(), above: Type.Integer(), alarms: Type.Integer() })),
  damage: nullable(Type.String({ description: 'Why the file cannot be used.' })),
});
const ModelsAnswer = Type.Object({
  items: Type.Array(Entry),
  running: Type.Array(
    Type.Object({
      path: Type.String(),
      role: Type.Enum(['active', 'shadow']),
      version: Type.Integer(),
      score: nullable(Type.Number()),
      at: nullable(Instant),
      retrainSuggested: Type.Boolean(),
    }),
  ),
});

/** Trained models: every version with its state, and what those at work say. */
export function modelRoute(app: ApiApp, { view, time, models }: RouteDeps): void {
  app.get(
    '/api/v1/models',
    {
      schema: {
        tags: ['anomaly'],
        summary: 'Trained models of the machines',
        querystring: Type.Object({
          path: Type.Optional(Type.String({ description: 'Equipment path; default: all.' })),
        }),
        response: { 200: ModelsAnswer, ...problemAnswers },
      },
    },
    async ({ query: { path } }) => {
      if (path !== undefined) requireNode(view, path);
      const paths = path === undefined ? await models.paths() : [path];
      const entries = (await Promise.all(paths.map((one) => models.list(one)))).flat();
      return {
        items: entries.map((entry) => viewEntry(entry, time)),
        running: models
          .running()
          .filter((one) => path === undefined || one.path === path)
          .map(({ latest, record: _record, ...one }) => ({
            ...one,
            score: latest?.score ?? null,
            at: latest === null ? null : time.toIso(latest.at),
          })),
      };
    },
  );
}

function viewEntry({ path, version, state, shadow, file, damage }: ModelEntry, time: ZoneTime) {
  return {
    path,
    version,
    state,
    createdAt: file === null ? null : time.toIso(file.createdAt),
    trainedFrom: file === null ? null : time.toIso(file.window.from),
    trainedTo: file === null ? null : time.toIso(file.window.to),
    rows: file === null ? null : file.trainingSet.used,
    backend: file?.backend ?? null,
    dataHash: file?.dataHash ?? null,
    shadow: shadow === null ? null : { rows: shadow.rows, above: shadow.above, alarms: shadow.crossings },
    damage,
  };
}
