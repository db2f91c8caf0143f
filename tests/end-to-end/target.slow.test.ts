import { expect, it } from 'vitest';
import type { TargetAnswer } from '../../scoring/api/schemas.ts';
import { startDemo } from '../support/demo-process.ts';

it(
  'the target of the demo plant after 30 days: raw, load-adjusted and LMDI parts add up bit by bit',
  { timeout: 180_000 },
  async () => {
    await using demo = await startDemo('30d');
    const { items } = await demo.get<TargetAnswer>('target');
    const [target] = items;
    if (target?.lmdi == null) throw new Error('no decomposition');
    const { rawChange, adjustedChange, loadEffect, lmdi, base, current, levels } = target;
    expect(rawChange).toBeCloseTo((current.sec ?? Number.NaN) / (base.sec ?? Number.NaN) - 1, 12);
    expect((adjustedChange ?? Number.NaN) + (loadEffect ?? Number.NaN)).toBe(rawChange);
    expect(adjustedChange).not.toBe(rawChange);

    expect(lmdi.activityKwhPerDay + lmdi.structureKwhPerDay + lmdi.intensityKwhPerDay).toBe(lmdi.totalKwhPerDay);
    expect(lmdi.totalKwhPerDay).toBeCloseTo(current.energyKwh / current.days - base.energyKwh / base.days, 6);
    expect(lmdi.parts.map(({ path }) => path)).toEqual(['body', 'electronics', 'machining', 'plastics', 'utilities']);
    for (const effect of ['activityKwhPerDay', 'structureKwhPerDay', 'intensityKwhPerDay'] as const)
      expect(lmdi.parts.reduce((sum, part) => sum + part[effect], 0)).toBe(lmdi[effect]);
    expect(levels.map(({ reduction }) => reduction)).toEqual([0.01, 0.015]);
  },
);
