import { Type } from 'typebox';
import { LEAST_SHADOW_ROWS, modelStates, type ModelEntry } from '../../store/model-library.ts';
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
  shadow: nullable(
    Type.Object({
      rows: Type.Integer(),
      above: Type.Integer(),
      alarms: Type.Integer(),
      agreement: nullable(
        Type.Number({
          minimum: 0,
          maximum: 1,
          description: 'Share of the rows both models judged where both said the same.',
        }),
      ),
    }),
  ),
  damage: nullable(Type.String({ description: 'Why the file cannot be used.' })),
});
const InUse = Type.Object({ path: Type.String(), version: Type.Integer({ description: 'The version in use now.' }) });
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

/** Trained models: every version with its state, what those at work say, and which one is in use. */
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
  app.post(
    '/api/v1/models/activate',
    {
      schema: {
        tags: ['anomaly'],
        summary: 'Take a trained model into use',
        description: `Only after its shadow run of ${LEAST_SHADOW_ROWS} rows; before that "joulegate models activate --force" does it. Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.`,
        body: Type.Object(
          {
            path: Type.String({ minLength: 1, maxLength: 256 }),
            version: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
          },
          { additionalProperties: false },
        ),
        response: { 200: InUse, ...problemAnswers },
      },
    },
    async ({ body: { path, version }, caller }) => {
      requireNode(view, path);
      await models.activate(path, version, caller);
      await models.refresh();
      return { path, version };
    },
  );
  app.post(
    '/api/v1/models/rollback',
    {
      schema: {
        tags: ['anomaly'],
        summary: 'Take the model that was in use before back into use',
        description:
          'Without a bearer token the headers "x-joulegate: console" and "content-type: application/json" are needed.',
        body: Type.Object({ path: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false }),
        response: { 200: InUse, ...problemAnswers },
      },
    },
    async ({ body: { path }, caller }) => {
      requireNode(view, path);
      const version = await models.rollback(path, caller);
      await models.refresh();
      return { path, version };
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
    shadow:
      shadow === null
        ? null
        : {
            rows: shadow.rows,
            above: shadow.above,
            alarms: shadow.crossings,
            agreement: (shadow.compared ?? 0) > 0 ? (shadow.agreed ?? 0) / (shadow.compared ?? 1) : null,
          },
    damage,
  };
}
