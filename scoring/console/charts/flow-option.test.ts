import { describe, expect, it } from 'vitest';
import type { FlowAnswer } from '../answers.ts';
import { flowLinks } from './flow-option.ts';

const item = (path: string, parent: string | null, energyKwh: number, residualKwh: number | null = null) => ({
  path,
  parent,
  energyKwh,
  kgceCalorific: energyKwh * 0.1229,
  kgceEquivalent: null,
  residualKwh,
});
const answer: FlowAnswer = {
  from: '2026-11-16T00:00:00+08:00',
  to: '2026-11-23T00:00:00+08:00',
  items: [item('', null, 100, 10), item('body', '', 90, 0), item('body/a', 'body', 90)],
  equivalentReason: 'no factor',
};

describe('the energy flow', () => {
  it('conserves energy: what enters an object leaves it to its parts or as residual', () => {
    const links = flowLinks(answer, 'energyKwh');
    const out = links.filter(({ source }) => source === '').reduce((sum, { value }) => sum + value, 0);
    expect(out).toBeCloseTo(100, 9);
    expect(links.filter(({ residual }) => residual).map(({ value }) => value)).toEqual([10]);
  });

  it('keeps the shares on another basis, and shows nothing where there is no factor', () => {
    const residual = flowLinks(answer, 'kgceCalorific').find((link) => link.residual);
    expect(residual?.value).toBeCloseTo(1.229, 9);
    expect(flowLinks(answer, 'kgceEquivalent')).toEqual([]);
  });

  it('draws no ribbon for parts that measure more than the whole', () => {
    const more = { ...answer, items: [item('', null, 100, -5), item('body', '', 105)] };
    expect(flowLinks(more, 'energyKwh').some(({ residual }) => residual)).toBe(false);
  });
});
