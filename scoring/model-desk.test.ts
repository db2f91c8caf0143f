import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MachineRow } from './anomaly/machine-row.ts';
import { createRandom } from './anomaly/tensor/network.ts';
import { ModelDesk } from './model-desk.ts';
import { hashOf, trainMachine } from './model-training.ts';
import { batch, MINUTE_MS, PRESS, START } from './store/metric-store.contract.ts';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';
import { ModelLibrary } from './store/model-library.ts';

const sensors = ['Vibration', 'Temperature', 'Pressure', 'Current'];
const log = pino({ level: 'silent' });
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-desk-'));
});
afterEach(async () => rm(folder, { recursive: true }));

function machineRows(count: number, { seed = 1, fault = 0, from = START } = {}): MachineRow[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const load = Math.sin(index / 40);
    return {
      at: from + index * MINUTE_MS,
      context: index % 500 < 60 ? 'idle' : 'run',
      mixed: false,
      powerKw: 40 + 5 * load + random(),
      pieces: 5,
      plantKw: 100,
      sensors: Float64Array.of(
        3 + load + random() + fault,
        60 + 4 * load + random(),
        6 - load + random(),
        20 + 2 * load + random(),
      ),
    };
  });
}

async function trainedLibrary(): Promise<{ library: ModelLibrary; file: string }> {
  const file = join(folder, 'store.db');
  await using store = EmbeddedStore.open({ file });
  await store.write(batch({ rows: machineRows(2500).map((row) => ({ path: PRESS, sensors, row })) }));
  const library = new ModelLibrary(join(folder, 'models'), () => START);
  const { result, trainingSet, found } = await trainMachine(
    PRESS,
    { store, library },
    {
      from: 0,
      to: START + 1e10,
      shape: 'dense',
      seed: 1,
      steps: 200,
      falseAlarmsPerWeek: 1,
      by: 'ann',
      onProgress: () => undefined,
    },
  );
  expect(found).toBe(2500);
  expect(trainingSet.excluded.idle).toBe(300);
  expect(trainingSet.sensors).toEqual([...sensors, 'Power']);
  if (result.kind !== 'kept') throw new Error(result.reason);
  expect(result.file.dataHash).toMatch(/^[0-9a-f]{64}$/);
  return { library, file };
}

describe('the model desk', () => {
  it(
    'runs a trained model in shadow, counts its alarms and keeps them across a restart',
    { timeout: 60_000 },
    async () => {
      const { library } = await trainedLibrary();
      expect((await library.list(PRESS)).map(({ state }) => state)).toEqual(['shadow']);
      const desk = new ModelDesk(library, log);
      await desk.refresh();
      const later = machineRows(900, { seed: 3, from: START + 3000 * MINUTE_MS });
      for (const row of later) desk.take({ path: PRESS, sensors, row });
      const [healthy] = desk.running();
      expect(healthy).toMatchObject({ role: 'shadow', version: 1, retrainSuggested: false });
      expect(healthy?.record.above).toBeLessThan(20);
      for (const row of machineRows(300, { seed: 4, fault: 8, from: START + 4000 * MINUTE_MS }))
        desk.take({ path: PRESS, sensors, row });
      expect(desk.running()[0]?.record.above).toBeGreaterThan(100);
      await desk.refresh();
      const next = new ModelDesk(library, log);
      await next.refresh();
      expect(next.running()[0]?.record).toEqual(desk.running()[0]?.record);
      await library.activate(PRESS, 1, 'ann');
      await next.refresh();
      expect(next.running()).toMatchObject([{ role: 'active', version: 1 }]);
      for (const row of machineRows(2000, { seed: 5, fault: 8, from: START + 5000 * MINUTE_MS }))
        next.take({ path: PRESS, sensors, row });
      expect(next.running()[0]?.retrainSuggested).toBe(true);
      expect((await library.list(PRESS))[0]?.state).toBe('active');
    },
  );

  it('goes on with other machines and models when one cannot be read', { timeout: 60_000 }, async () => {
    const { library } = await trainedLibrary();
    const desk = new ModelDesk(library, log);
    await library.activate(PRESS, 1, 'ann', true);
    await writeFile(join(folder, 'models', encodeURIComponent(PRESS), 'states.json'), '{"format":');
    await desk.refresh();
    expect(desk.running()).toEqual([]);
    desk.take({ path: PRESS, sensors, row: machineRows(1)[0] as MachineRow });
  });

  it('tells data apart by their hash', () => {
    const at = [1, 2];
    const rows = [Float64Array.of(1, 2), Float64Array.of(3, 4)];
    const hash = hashOf({ sensors: ['a', 'b'], at, rows });
    expect(hashOf({ sensors: ['a', 'b'], at, rows })).toBe(hash);
    expect(hashOf({ sensors: ['a', 'b'], at, rows: [Float64Array.of(1, 2), Float64Array.of(3, 4.5)] })).not.toBe(hash);
    expect(hashOf({ sensors: ['b', 'a'], at, rows })).not.toBe(hash);
  });
});
