import { describe, expect, it } from 'vitest';
import { machineMeter, meterFit, meterFitRate, type MachineMeter } from './meter-fit.ts';

const machine = (path: string, ratedKw: number | null, metered: boolean): MachineMeter => ({ path, ratedKw, metered });

describe('the meter-fit rate of GB 17167', () => {
  it('is fitted over required per level; small machines need none, unknown ones are named', () => {
    const machines = [
      ...Array.from({ length: 19 }, (_, index) => machine(`body/line/press-${index}`, 110, true)),
      machine('body/line/press-19', 400, false),
      machine('paint/line/fan', 9, false),
      machine('utilities/air/compressor', null, true),
      machine('body/line/feeder', 2000, true),
    ];
    const rows = meterFit(machines, new Map([['body', 'body/line/feeder']]));
    expect(rows).toEqual([
      {
        level: 'site',
        required: 1,
        fitted: 0,
        requiredRate: 1,
        rate: 0,
        meets: false,
        missing: [''],
        unknown: [],
      },
      {
        level: 'sub-unit',
        required: 1,
        fitted: 1,
        requiredRate: 1,
        rate: 1,
        meets: true,
        missing: [],
        unknown: ['utilities'],
      },
      {
        level: 'main-equipment',
        required: 20,
        fitted: 19,
        requiredRate: 0.95,
        rate: 0.95,
        meets: true,
        missing: ['body/line/press-19'],
        unknown: ['utilities/air/compressor'],
      },
    ]);
  });

  it('has no rate where no meter is required', () => {
    expect(meterFitRate({ level: 'sub-unit', required: 0, fitted: 0, requiredRate: 1 })).toEqual({
      rate: null,
      missing: 0,
      meets: true,
    });
  });

  it('takes rated power from the tags: a given maximum, else the range of the power in its unit', () => {
    const counter = { name: 'E', role: 'energy-counter', unit: 'kW.h' } as const;
    expect(machineMeter('a', [{ ...counter, ratedMax: 120 }])).toEqual({ path: 'a', ratedKw: 120, metered: true });
    expect(machineMeter('a', [{ name: 'P', role: 'power', unit: 'W', range: [0, 90_000] }])).toEqual({
      path: 'a',
      ratedKw: 90,
      metered: false,
    });
    expect(machineMeter('a', [{ ...counter, carrier: 'natural-gas', ratedMax: 9 }])).toEqual({
      path: 'a',
      ratedKw: null,
      metered: false,
    });
  });
});
