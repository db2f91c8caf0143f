import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask, createPlant, NOW, PRESS, silentLog, startTestApi, TOKEN } from '../../tests/support/api-plant.ts';
import { trainAutoencoder } from '../anomaly/tensor/autoencoder-training.ts';
import { openBackend } from '../anomaly/tensor/backend.ts';
import { createRandom } from '../anomaly/tensor/network.ts';
import { ModelDesk } from '../model-desk.ts';
import { EmbeddedStore } from '../store/embedded/embedded-store.ts';
import { ModelLibrary, type ModelDraft } from '../store/model-library.ts';

it('lists trained models with their state, and what the one in use says of the latest row', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-models-'));
  await using store = EmbeddedStore.open({ file: join(folder, 'store.db') });
  const library = new ModelLibrary(join(folder, 'models'), () => NOW);
  const random = createRandom(1);
  const rows = Array.from({ length: 1500 }, () => Float64Array.from([random(), random(), random(), random()]));
  const trained = trainAutoencoder(await openBackend(), rows, { steps: 50 });
  if (trained.kind !== 'trained') throw new Error(trained.reason);
  const draft: ModelDraft = {
    detector: 'autoencoder',
    detectorVersion: 1,
    window: { from: NOW - 86_400_000, to: NOW },
    dataHash: 'a'.repeat(64),
    backend: 'wasm 4.22.0',
    trainingSet: { used: 1500, excluded: {} as never },
    metrics: { ...trained.metrics, seconds: 1 },
    sensors: ['a', 'b', 'c', 'Power'],
    rowIntervalMs: 60_000,
    stateless: true,
    model: trained.model,
  };
  await library.add(PRESS, draft);
  await library.activate(PRESS, 1, 'ann', true);
  const desk = new ModelDesk(library, silentLog);
  await desk.refresh();
  let active = null;
  for (const [index, row] of rows.slice(0, 200).entries()) {
    active = desk.take({
      path: PRESS,
      sensors: ['a', 'b', 'c'],
      row: {
        at: NOW + index * 60_000,
        context: 'run',
        mixed: false,
        powerKw: row[3] ?? 0,
        pieces: 0,
        plantKw: 0,
        sensors: row.slice(0, 3),
      },
    });
  }
  await using api = await startTestApi({
    store,
    alerts: store,
    view: createPlant(store),
    models: {
      paths: () => library.paths(),
      list: (path) => library.list(path),
      running: () => desk.running(),
      activate: (path, version, by, force) => library.activate(path, version, by, force),
      rollback: (path, by) => library.rollback(path, by),
      refresh: () => desk.refresh(),
    },
  });
  const answer = JSON.parse((await ask(api, `/api/v1/models?path=${PRESS}`)).text) as {
    items: object[];
    running: object[];
  };
  expect(answer.items).toMatchObject([
    { path: PRESS, version: 1, state: 'active', rows: 1500, backend: 'wasm 4.22.0', damage: null },
  ]);
  expect(answer.running).toEqual([
    { path: PRESS, role: 'active', version: 1, score: active?.score, at: expect.any(String), retrainSuggested: false },
  ]);
  expect((await ask(api, '/api/v1/models?path=nowhere')).status).toBe(404);
  const change = (path: string, body: object, token = TOKEN) =>
    ask(api, path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await library.add(PRESS, draft);
  await library.shadow(PRESS, 2, 'ann');
  const early = await change('/api/v1/models/activate', { path: PRESS, version: 2 });
  expect(early.status).toBe(400);
  expect((await change('/api/v1/models/activate', { path: PRESS, version: 2 }, 'wrong')).status).toBe(401);
  const record = { version: 2, from: NOW, to: NOW + 1, rows: 800, above: 9, crossings: 2, compared: 400, agreed: 390 };
  await library.noteShadow(PRESS, record);
  const shown = JSON.parse((await ask(api, '/api/v1/models')).text) as { items: { shadow: unknown }[] };
  expect(shown.items[1]?.shadow).toEqual({ rows: 800, above: 9, alarms: 2, agreement: 0.975 });
  const taken = await change('/api/v1/models/activate', { path: PRESS, version: 2 });
  expect([taken.status, JSON.parse(taken.text)]).toEqual([200, { path: PRESS, version: 2 }]);
  expect(desk.running()).toMatchObject([{ role: 'active', version: 2 }]);
  const back = await change('/api/v1/models/rollback', { path: PRESS });
  expect(JSON.parse(back.text)).toEqual({ path: PRESS, version: 1 });
  expect((await change('/api/v1/models/rollback', { path: 'nowhere' })).status).toBe(404);
  await rm(folder, { recursive: true, force: true });
});
