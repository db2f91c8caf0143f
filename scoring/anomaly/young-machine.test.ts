import { describe, expect, it } from 'vitest';
import { seededRandom } from './evaluation/record.ts';
import { MachineDetector, TRAINING_FREE } from './machine-detector.ts';
import type { Context, MachineRow } from './machine-row.ts';
import { ALARM_SCORE } from './score.ts';

const MINUTE = 60_000;
const sensors = ['Temperature', 'Pressure'];
const create = () =>
  new MachineDetector({ path: 'a/m', sensors, units: ['Cel', 'bar'], rowIntervalMs: MINUTE, risk: 1e-4 });

/** Minutes of a machine: one that starts, runs and stands for a while every three hours; `offset` is added to the pressure. */
function rowsOf(from: number, count: number, offset = 0): MachineRow[] {
  const random = seededRandom(from + 1);
  const noise = (): number => random() + random() + random() - 1.5;
  return Array.from({ length: count }, (_, index) => {
    const minute = from + index;
    const context: Context = minute % 180 < 20 ? 'idle' : 'run';
    const values = context === 'run' ? [60 + noise(), 120 + 2 * noise() + offset] : [35 + noise(), 5];
    return {
      at: minute * MINUTE,
      context,
      mixed: minute % 180 === 20,
      powerKw: context === 'run' ? 40 + noise() : 3,
      pieces: 0,
      plantKw: 0,
      sensors: Float64Array.from(values),
    };
  });
}

describe('a machine without a model', () => {
  it('is scored within its first hours, while it runs, and says why not otherwise', () => {
    const detector = create();
    const scores = rowsOf(0, 360).map((row) => detector.next(row).score);
    expect(scores[0]).toMatchObject({ score: null, reason: 'learning' });
    const later = scores.slice(200);
    expect(later.some(({ score, model }) => score !== null && model === TRAINING_FREE)).toBe(true);
    const standing = scores.filter((_, index) => index % 180 < 20);
    expect(standing.every(({ score, alarm }) => score === null && !alarm)).toBe(true);
    // Right after a start nothing is judged.
    expect(scores.slice(201, 209).map(({ reason }) => reason)).toEqual(Array.from({ length: 8 }, () => 'transition'));
  });

  it('raises no alarm while it is healthy, and one with the sensor that is off when it is not', () => {
    const detector = create();
    const healthy = rowsOf(0, 1200).map((row) => detector.next(row));
    expect(healthy.filter(({ step }) => step === 'start')).toEqual([]);
    const faulty = rowsOf(1230, 100, 30).map((row) => detector.next(row));
    expect(faulty.some(({ step }) => step === 'start')).toBe(true);
    const worst = faulty.find(({ score }) => (score.score ?? 0) >= ALARM_SCORE)?.score;
    expect(worst?.contributions[0]).toMatchObject({ tag: 'Pressure', unit: 'bar' });
  });

  it('says that values are missing instead of a score, and never gives NaN', () => {
    const detector = create();
    for (const row of rowsOf(0, 400)) detector.next(row);
    const [next, later] = rowsOf(400, 2);
    if (next === undefined || later === undefined) throw new Error('no row');
    expect(detector.next({ ...next, sensors: Float64Array.of(Number.NaN, 120) }).score).toMatchObject({
      score: null,
      reason: 'sensor-missing',
    });
    const silent = { ...later, sensors: Float64Array.of(Number.NaN, Number.NaN), powerKw: Number.NaN };
    expect(detector.next(silent).score).toMatchObject({ score: null, reason: 'no-data' });
  });

  it('goes on after a restart where it was', () => {
    const [first, second] = [create(), create()];
    for (const row of rowsOf(0, 600)) first.next(row);
    second.restore(JSON.parse(JSON.stringify(first.memory)) as typeof first.memory);
    const next = rowsOf(630, 60);
    expect(next.map((row) => second.next(row).score.score !== null)).toEqual(
      next.map((row) => first.next(row).score.score !== null),
    );
  });
});
