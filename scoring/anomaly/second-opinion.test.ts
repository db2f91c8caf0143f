import { expect, it } from 'vitest';
import { seededRandom } from './evaluation/record.ts';
import { MachineDetector } from './machine-detector.ts';
import type { MachineRow } from './machine-row.ts';
import { fitMachineModel } from './model-fit.ts';

const MINUTE = 60_000;

it('a trained model in use joins the live one: the ratio is the geometric mean of both', () => {
  const random = seededRandom(3);
  const rows = Array.from({ length: 1600 }, (_, index): MachineRow => {
    const load = Math.sin(index / 40);
    return {
      at: index * MINUTE,
      context: 'run',
      mixed: false,
      powerKw: 40 + 5 * load + random(),
      pieces: 10,
      plantKw: 100,
      sensors: Float64Array.from([60 + 3 * load + random(), 5 + random()]),
    };
  });
  const sensors = ['Temperature', 'Pressure'];
  const model = fitMachineModel(rows.slice(0, 1500), {
    id: 'm-1',
    sensors,
    exceedance: 1e-3,
    rowIntervalMs: MINUTE,
    fullRows: 1500,
  });
  if (model === null) throw new Error('no model');
  const create = (): MachineDetector => {
    const detector = new MachineDetector({ path: 'a/m', sensors, units: [], rowIntervalMs: MINUTE, risk: 1e-4 });
    detector.use(model);
    return detector;
  };
  const [alone, agreeing, doubting] = [create(), create(), create()];
  for (const row of rows.slice(1500)) {
    const own = alone.next(row).score.score;
    const with4 = agreeing.next(row, { score: 0.99, ratio: 4 }).score.score;
    const with0 = doubting.next(row, { score: 0, ratio: 0 }).score.score;
    if (own === null) continue;
    // Score 1 − 0.01^(ratio²): its exponent is the squared ratio.
    const squared = (score: number | null): number => Math.log(1 - (score ?? Number.NaN)) / Math.log(0.01);
    expect(squared(with4)).toBeCloseTo(Math.max(4 * Math.sqrt(squared(own)), squared(own) / 4), 6);
    // A model that sees nothing halves the ratio at most.
    expect(squared(with0)).toBeCloseTo(squared(own) / 4, 6);
  }
});
