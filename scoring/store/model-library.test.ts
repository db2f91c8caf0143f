import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEAST_SHADOW_ROWS, ModelLibrary, type ModelDraft } from './model-library.ts';

const PRESS = 'stamping/press-line/press-1';
const NOW = Date.UTC(2026, 10, 23);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-models-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const draft: ModelDraft = {
  detector: 'autoencoder',
  detectorVersion: 1,
  window: { from: NOW - 86_400_000, to: NOW },
  dataHash: 'ab'.repeat(32),
  backend: 'wasm 4.22.0',
  trainingSet: {
    used: 1000,
    excluded: { idle: 10, changeover: 0, transition: 3, 'start-up': 7, 'no-values': 0, outlier: 20 },
  },
  metrics: {
    heldOutRows: 900,
    heldOutError: 0.2,
    trainingError: 0.1,
    limit: 2,
    heldOutAbove: 0.001,
    heldOutCrossings: 1,
    seconds: 2,
  },
  sensors: ['a', 'b', 'c'],
  rowIntervalMs: 60_000,
  stateless: false,
  model: {
    kind: 'autoencoder',
    version: 1,
    shape: 'dense',
    windowRows: 1,
    trainedRows: 1000,
    seed: 1,
    center: [0, 0, 0],
    spread: [1, 1, 1],
    usualError: [0.2, 0.2, 0.2],
    limit: 2,
    members: [],
  },
};
const openLibrary = () => new ModelLibrary(folder, () => NOW);
const shadowRows = (version: number, rows: number) => ({ version, from: NOW, to: NOW, rows, above: 1, crossings: 1 });
const states = async (library: ModelLibrary) => (await library.list(PRESS)).map(({ state }) => state);

describe('the model library', () => {
  it('numbers versions and takes them from candidate over shadow and active to retired', async () => {
    const library = openLibrary();
    for (const version of [1, 2, 3]) expect((await library.add(PRESS, draft)).version).toBe(version);
    await library.activate(PRESS, 1, 'ann', true);
    await library.shadow(PRESS, 2, 'ann');
    expect(await states(library)).toEqual(['active', 'shadow', 'candidate']);
    await library.noteShadow(PRESS, shadowRows(2, LEAST_SHADOW_ROWS));
    await library.activate(PRESS, 2, 'ann');
    expect(await states(openLibrary())).toEqual(['retired', 'active', 'candidate']);
  });

  it('does not activate what has not run in shadow unless forced', async () => {
    const library = openLibrary();
    await library.add(PRESS, draft);
    await library.noteShadow(PRESS, shadowRows(1, LEAST_SHADOW_ROWS - 1));
    await expect(library.activate(PRESS, 1, 'ann')).rejects.toMatchObject({ code: 'QUERY_INVALID' });
    expect(await states(library)).toEqual(['candidate']);
    await library.activate(PRESS, 1, 'ann', true);
    expect(await states(library)).toEqual(['active']);
  });

  it('rolls back step by step, and forward again without a new shadow run', async () => {
    const library = openLibrary();
    for (const version of [1, 2, 3]) {
      await library.add(PRESS, draft);
      await library.activate(PRESS, version, 'ann', true);
    }
    expect(await library.rollback(PRESS, 'ann')).toBe(2);
    expect(await library.rollback(PRESS, 'ann')).toBe(1);
    await expect(library.rollback(PRESS, 'ann')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await library.activate(PRESS, 3, 'ann');
    expect(await library.rollback(PRESS, 'ann')).toBe(1);
  });

  it('names a damaged file and goes on with the version before it', async () => {
    const library = openLibrary();
    for (const version of [1, 2]) {
      await library.add(PRESS, draft);
      await library.activate(PRESS, version, 'ann', true);
    }
    const file = join(folder, encodeURIComponent(PRESS), '0002.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"limit":2', '"limit":9'));
    const { active, damaged } = await library.inUse(PRESS);
    expect(active?.version).toBe(1);
    expect(damaged).toEqual([{ version: 2, reason: expect.stringContaining('checksum') }]);
    expect((await library.list(PRESS))[1]?.damage).toContain('0002.json');
  });

  it('gives two writers two versions', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => openLibrary().add(PRESS, draft)));
    expect(made.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });

  it(
    'keeps the model in use through kill -9 at any moment of a training, a save or an activation',
    { timeout: 60_000 },
    async () => {
      await openLibrary().add(PRESS, draft);
      await openLibrary().activate(PRESS, 1, 'ann', true);
      const script = join(import.meta.dirname, '../../tests/support/model-writer.ts');
      for (let kill = 0; kill < 6; kill += 1) {
        const child = spawn(process.execPath, [script, folder, PRESS], { stdio: ['ignore', 'pipe', 'inherit'] });
        // Killed after a different number of its steps each time, in the middle of the next one: training, save and activation in turn.
        let steps = 0;
        child.stdout.on('data', (text: Buffer) => {
          steps += text.toString().split('\n').length - 1;
          if (steps > kill * 2) child.kill('SIGKILL');
        });
        const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
        expect(signal).toBe('SIGKILL');
        const { active, damaged } = await openLibrary().inUse(PRESS);
        expect(damaged).toEqual([]);
        expect(active?.path).toBe(PRESS);
        expect((await openLibrary().list(PRESS)).filter(({ damage }) => damage !== null)).toEqual([]);
      }
      expect((await readdir(join(folder, encodeURIComponent(PRESS)))).length).toBeGreaterThan(2);
    },
  );
});
