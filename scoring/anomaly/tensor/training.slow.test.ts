import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DefaultDetector } from '../default-detector.ts';
import { Autoencoder } from './autoencoder.ts';
import { createRandom } from './network.ts';
import { trainInWorker } from './training.ts';

function rowsOf(count: number, seed: number): Float64Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const load = Math.sin(index / 50);
    return Float64Array.from({ length: 8 }, (_, sensor) => 20 + (sensor + 1) * load + random());
  });
}
const rows = rowsOf(3000, 1);

describe('training in a worker', () => {
  it('gives a model that judges here, with its backend and figures, and tells how far it is', async () => {
    const steps: number[] = [];
    const result = await trainInWorker({
      rows,
      options: { steps: 150 },
      onProgress: ({ member, step }) => steps.push(member * 150 + step),
    });
    if (result.kind !== 'trained') throw new Error(result.reason);
    expect(['tfjs-node', 'wasm', 'cpu']).toContain(result.backend);
    expect(result.metrics.heldOutError).toBeGreaterThan(0);
    expect(steps.length).toBeGreaterThan(0);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    const detector = new Autoencoder();
    detector.load(result.model);
    expect(
      rowsOf(200, 2)
        .map((row) => detector.next(row).score)
        .at(-1),
    ).toBeLessThan(0.99);
  });

  it('ends without a model when it is cancelled, takes too long or too much memory', async () => {
    const stop = new AbortController();
    const cancelled = trainInWorker({
      rows,
      options: { steps: 1_000_000 },
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(await cancelled).toEqual({ kind: 'not-trained', reason: 'cancelled' });
    expect(await trainInWorker({ rows, options: { steps: 1_000_000 }, deadlineMs: 100 })).toEqual({
      kind: 'not-trained',
      reason: 'time-bound',
    });
    const tight = trainInWorker({ rows, memoryBytes: 64 * 1024 * 1024, options: { steps: 10 } });
    expect((await tight).kind).toBe('trained');
    const small = trainInWorker({ rows: rowsOf(200_000, 1), memoryBytes: 4 * 1024 * 1024, options: { steps: 10 } });
    expect(await small).toEqual({ kind: 'not-trained', reason: 'memory-bound' });
  });

  it('says what failed when no backend works', async () => {
    await expect(trainInWorker({ rows, backends: [] })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('leaves the event loop to the scoring', { timeout: 60_000 }, async () => {
    const detectors = Array.from({ length: 100 }, () => new DefaultDetector());
    for (const detector of detectors) detector.fit(rows.slice(0, 500));
    const quiet = await scoringDelay(detectors, wait(2000));
    const stop = new AbortController();
    const training = trainInWorker({ rows, options: { steps: 1_000_000 }, signal: stop.signal });
    const busy = await scoringDelay(detectors, wait(2000));
    stop.abort();
    await training;
    // In the event loop one member of a training would hold up scoring for hundreds of times as long.
    expect(busy.medianMs).toBeLessThan(5 * quiet.medianMs + 5);
    expect(busy.rounds).toBeGreaterThan(quiet.rounds / 3);
  });
});

/** Delay of the event loop and rounds of scoring while something else goes on. */
async function scoringDelay(
  detectors: readonly DefaultDetector[],
  until: Promise<unknown>,
): Promise<{ readonly medianMs: number; readonly rounds: number }> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let over = false;
  void until.then(() => (over = true));
  let rounds = 0;
  while (!over) {
    const row = rows[rounds % rows.length] ?? new Float64Array();
    for (const detector of detectors) detector.next(row);
    rounds += 1;
    await wait(10);
  }
  delay.disable();
  return { medianMs: delay.percentile(50) / 1e6, rounds };
}
