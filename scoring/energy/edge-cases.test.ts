import { describe, expect, it } from 'vitest';
import type { TagDescription } from '../../broker/contract/tag.ts';
import { countedKwh, HOUR, MINUTE, openLedger, SECOND } from '../../tests/support/ledger.ts';
import { createCounterState, enterReset, float32Step, replaceMeter, stepCounter } from './counter.ts';
import { addSums, figureOf, NO_SUMS } from './figure.ts';
import { splitAtEdges, splitOrders } from './order-split.ts';
import { integratePower } from './power-integral.ts';
import { chooseValue } from './quality.ts';

const start = Date.UTC(2026, 2, 2);
const energyTag: TagDescription = { name: 'Energy', role: 'energy-counter', unit: 'kW.h' };
const counterOptions = { modulus: null, maxPerMs: null, jitter: 0, confirmMs: 600_000 };
const repeat = (value: number, times: number): number[] => Array.from({ length: times }, () => value);

describe('edge cases of counters', () => {
  it('edge case 1: a counter that wraps at 10^6 goes on by 35.9375; without a modulus the change is unresolved, not 0', () => {
    expect(countedKwh([999_984.0625, 20], { modulus: 1_000_000 }).kwh).toBe(35.9375);
    const unknown = countedKwh([999_984.0625, ...repeat(20, 40)], { ratedMax: 100 });
    expect(unknown).toMatchObject({ kwh: 0, unresolved: 1 });
    expect(unknown.issues[0]).toMatchObject({ code: 'COUNTER_UNRESOLVED' });
  });

  it('edge case 2: a 32-bit counter wraps from 4294967290 to 15 as +21', () => {
    expect(countedKwh([4_294_967_290, 15], { modulus: 2 ** 32 }).kwh).toBe(21);
  });

  it('edge case 3: 14 absurd peaks are quarantined and reported, and +146.0 is counted', () => {
    expect(countedKwh([115_603.0078, ...repeat(1.83e21, 14), 115_749.0078])).toMatchObject({
      kwh: 146,
      unresolved: 0,
      issues: [{ code: 'VALUE_NOT_A_NUMBER' }],
    });
  });

  it('edge case 4: 15 zeros between good values are no reset and +146.0 is counted', () => {
    expect(countedKwh([115_823.0078, ...repeat(0, 15), 115_969.0078])).toMatchObject({ kwh: 146, issues: [] });
  });

  it('edge case 5: 13 small negative values are a glitch and +146 is counted', () => {
    expect(countedKwh([139_968, ...repeat(-0.007_07, 13), 140_114])).toMatchObject({ kwh: 146, issues: [] });
  });

  it('edge case 6: 14 small positive values are a glitch and +147.0 is counted', () => {
    expect(countedKwh([165_599.0156, ...repeat(0.003_03, 14), 165_746.0156])).toMatchObject({ kwh: 147, issues: [] });
  });

  it('edge case 7: catch-up over the night keeps 3812 kWh, gives yesterday 2.033 and marks eight hours estimated', () => {
    const { ledger, take, of } = openLedger([energyTag]);
    const from = Date.UTC(2026, 2, 2, 15, 59, 48);
    ledger.sample('Energy', 38_312_088, from);
    ledger.sample('Energy', 38_315_900, from + 22_501 * SECOND);
    take();
    const days = of('a/l/m', '1d');
    expect(addSums(days).energyKwh).toBe(3812);
    expect(days[0]?.energyKwh).toBeCloseTo((3812 * 12) / 22_501, 9);
    expect(days[0]?.energyKwh.toFixed(3)).toBe('2.033');
    const hours = of('a/l/m', '1h');
    expect(hours).toHaveLength(8);
    expect(hours.every((hour) => hour.estimatedKwh === hour.energyKwh && hour.energyKwh > 0)).toBe(true);
    expect(hours.every((hour) => hour.energyKwh < 650)).toBe(true);
  });

  it('edge case 8: the first reading ever is an anchor, not 56.8 million', () => {
    expect(countedKwh([56_842_170.8]).kwh).toBe(0);
    expect(stepCounter(createCounterState(), 56_842_170.8, 0, counterOptions)).toEqual({ kind: 'anchor' });
  });

  it('edge case 9: a fall within the jitter is held and the whole rise counts +0.05', () => {
    const state = createCounterState();
    const steps = [1000, 999.98, 1000.05].map((value, i) =>
      stepCounter(state, value, i * MINUTE, { ...counterOptions, jitter: 0.1 }),
    );
    expect(steps.map(({ kind }) => kind)).toEqual(['anchor', 'held', 'delta']);
    expect(steps[2]).toMatchObject({ delta: 0.05 });
  });

  it('edge case 10: an entered reset counts +3 from 0 and says that the tail before it is unknown', () => {
    const { ledger, take, of, issues } = openLedger([energyTag]);
    ledger.sample('Energy', 5000, start);
    expect(ledger.meterEvent('Energy', { kind: 'reset' }, start + 30 * SECOND)).toBe(true);
    ledger.sample('Energy', 0, start + MINUTE);
    ledger.sample('Energy', 3, start + 2 * MINUTE);
    take();
    expect(of('a/l/m', '1h')[0]?.energyKwh).toBe(3);
    expect(issues[0]).toMatchObject({ code: 'COUNTER_RESET' });
    expect(issues[0]?.message).toContain('before the reset since the last sample is unknown');
    const state = createCounterState();
    stepCounter(state, 5000, 0, counterOptions);
    enterReset(state, 1);
    expect(stepCounter(state, 3, MINUTE, counterOptions)).toMatchObject({ cause: 'reset', delta: 3 });
  });

  it('edge case 11: a meter change settles the old meter and goes on with 8.0 of the new one', () => {
    const { ledger, take, of } = openLedger([energyTag]);
    ledger.sample('Energy', 8100, start);
    ledger.meterEvent('Energy', { kind: 'replaced', oldLast: 8123.4, newFirst: 12 }, start + MINUTE);
    ledger.sample('Energy', 20, start + 2 * MINUTE);
    take();
    expect(of('a/l/m', '1m').map((row) => row.energyKwh)).toEqual([23.4, 8]);
    expect(of('a/l/m', '1h')[0]?.energyKwh).toBe(31.4);
    const state = createCounterState();
    stepCounter(state, 8100, 0, counterOptions);
    expect(replaceMeter(state, { oldLast: 8123.4, newFirst: 12 }, MINUTE)).toMatchObject({ delta: 23.4 });
  });

  it('edge case 12: a float counter that cannot take a small step is reported as stalled while power flows', () => {
    expect(Math.fround(16_777_216 + 1)).toBe(16_777_216);
    expect(float32Step(16_777_216)).toBe(2);
    expect(float32Step(1e9)).toBe(64);
    const { ledger, issues } = openLedger([
      { name: 'Energy', role: 'energy-counter', unit: 'W.h' },
      { name: 'Power', role: 'power', unit: 'kW' },
    ]);
    for (let minute = 0; minute <= 180; minute += 1) {
      ledger.sample('Power', 5, start + minute * MINUTE);
      ledger.sample('Energy', Math.fround(16_777_216), start + minute * MINUTE);
    }
    expect(issues.map(({ code }) => code)).toEqual(['COUNTER_STALLED']);
    expect(issues[0]?.remedy).toContain('1002');
  });
});

describe('edge cases of power', () => {
  it('edge case 13: 50 minutes without a value hold 0 measured kWh; 0.0667, 1.0333 and 2.0 are labelled estimates', () => {
    const gap = integratePower(
      [
        [0, 0.08],
        [50 * MINUTE, 2.4],
      ],
      { shape: 'trapezoid', maxGapMs: 5 * MINUTE },
    );
    expect(gap).toMatchObject({ measuredKwh: 0, coverage: 0 });
    expect(gap?.gapEstimatesKwh.hold).toBeCloseTo(0.0667, 4);
    expect(gap?.gapEstimatesKwh.trapezoid).toBeCloseTo(1.0333, 4);
    expect(gap?.gapEstimatesKwh.next).toBeCloseTo(2, 12);
    const { ledger, take, of } = openLedger([{ name: 'Power', role: 'power', unit: 'W' }]);
    ledger.sample('Power', 80, start);
    ledger.sample('Power', 2400, start + 50 * MINUTE);
    take();
    expect(of('a/l/m', '1h')[0]).toMatchObject({ energyKwh: 0, coveredMs: 0, worstGapMs: 50 * MINUTE });
  });

  it('edge case 14: three weeks of unchanged 0 kW kept alive, then 6 kW, are 0 kWh and not 1512', () => {
    const weeks = 21 * 24 * HOUR;
    const samples = [
      [0, 0],
      [weeks, 6],
    ] as const;
    expect(integratePower(samples, { shape: 'stepped', maxGapMs: weeks })?.measuredKwh).toBe(0);
    expect(integratePower(samples, { shape: 'trapezoid', maxGapMs: weeks })?.measuredKwh).toBe(1512);
    const { ledger, take, of } = openLedger([{ name: 'Power', role: 'power', unit: 'kW' }]);
    ledger.sample('Power', 0, start);
    for (let at = MINUTE; at < weeks; at += MINUTE) ledger.proveAlive(start + at);
    ledger.sample('Power', 6, start + weeks);
    take();
    const sum = addSums(of('a/l/m', '1d'));
    expect(sum).toMatchObject({ energyKwh: 0, coveredMs: weeks });
  });
});

describe('edge cases of late and repeated values', () => {
  it('edge case 15: the same sample twice changes nothing', () => {
    const once = openLedger([energyTag]);
    const twice = openLedger([energyTag]);
    for (const [value, minute] of [
      [1, 0],
      [2, 1],
      [4, 2],
    ] as const) {
      once.ledger.sample('Energy', value, start + minute * MINUTE);
      twice.ledger.sample('Energy', value, start + minute * MINUTE);
      twice.ledger.sample('Energy', value, start + minute * MINUTE);
    }
    twice.ledger.sample('Energy', 2, start + MINUTE);
    expect(twice.take()).toEqual(once.take());
    expect(twice.issues).toEqual([]);
  });

  it('edge case 16: of two values for one instant the better quality, then the later server time counts; the other is reported', () => {
    const good = { value: 5, statusCode: 0, serverTimestamp: 1 };
    const uncertain = { value: 6, statusCode: 0x4000_0000, serverTimestamp: 9 };
    const later = { value: 7, statusCode: 0, serverTimestamp: 2 };
    expect(chooseValue(good, uncertain)).toEqual({ chosen: good, conflict: true });
    expect(chooseValue(uncertain, good)).toEqual({ chosen: good, conflict: true });
    expect(chooseValue(good, later)).toEqual({ chosen: later, conflict: true });
    expect(chooseValue(good, good).conflict).toBe(false);
    const { ledger, issues, take, of } = openLedger([energyTag]);
    ledger.sample('Energy', 1, start);
    ledger.sample('Energy', 5, start + MINUTE);
    ledger.sample('Energy', 6, start + MINUTE);
    take();
    expect(of('a/l/m', '1h')[0]?.energyKwh).toBe(4);
    expect(issues.map(({ code }) => code)).toEqual(['VALUE_CONFLICT']);
  });

  it('edge case 17: a sample of 08:40 after the hour is final restates exactly the minutes, hour and day it touches', () => {
    const { ledger, take, of } = openLedger([energyTag], { maxGapMs: HOUR });
    const eight = Date.UTC(2026, 2, 2, 0);
    for (const [minute, value] of [
      [0, 0],
      [30, 30],
      [50, 70],
      [60, 80],
      [150, 200],
    ] as const) {
      ledger.sample('Energy', value, eight + minute * MINUTE);
    }
    take(eight + 2 * HOUR);
    const before = of('a/l/m', '1h')[0];
    expect(before).toMatchObject({ state: 'final', revision: 0, energyKwh: 80 });
    const at = (minute: number) => of('a/l/m', '1m').find((row) => row.start === eight + minute * MINUTE);
    expect(at(35)?.energyKwh).toBe(2);
    ledger.sample('Energy', 35, eight + 40 * MINUTE);
    const restated = take(eight + 2 * HOUR);
    expect(at(35)).toMatchObject({ energyKwh: 0.5, revision: 1 });
    expect(at(45)).toMatchObject({ energyKwh: 3.5, revision: 1 });
    expect(of('a/l/m', '1h')[0]).toMatchObject({ energyKwh: 80, revision: 1 });
    expect(of('', '1h')[0]).toMatchObject({ energyKwh: 80, revision: 1 });
    expect(at(10)?.revision).toBe(0);
    expect(restated.some((row) => row.window === '1h' && row.start >= eight + HOUR)).toBe(false);
  });
});

const day = (members: Partial<typeof NO_SUMS>) => ({ ...NO_SUMS, coveredMs: HOUR, expectedMs: HOUR, ...members });

describe('edge cases of energy per output', () => {
  it('edge case 18: energy without output has no figure and stays in the numerator of the day', () => {
    const stop = day({ energyKwh: 4, idleKwh: 4, idleMs: HOUR });
    expect(figureOf(stop)).toMatchObject({ sec: null, reason: 'no-output', energyKwh: 4, idleKwh: 4 });
    expect(figureOf(addSums([stop, day({ energyKwh: 6, output: 10 })])).sec).toBe(1);
  });

  it('edge case 19: nothing and nothing is no figure; output without energy is a dead meter, not 0 kWh per piece', () => {
    expect(figureOf(day({})).sec).toBeNull();
    expect(figureOf(day({ output: 10 }))).toMatchObject({ sec: null, reason: 'no-energy' });
  });

  it('edge case 20: 10 kWh for 100 and 10 kWh for 10 pieces are 0.181818 a day, never 0.55', () => {
    const sum = addSums([day({ energyKwh: 10, output: 100 }), day({ energyKwh: 10, output: 10 })]);
    expect(figureOf(sum).sec).toBeCloseTo(0.181_818, 6);
  });

  it('edge case 21: pieces that are counted from 0 in each shift and energy that is not are classified apart', () => {
    const { ledger, take, of } = openLedger([
      energyTag,
      { name: 'Good', role: 'output-counter', unit: '{pcs}', ratedMax: 6000 },
    ]);
    for (let shift = 0; shift < 3; shift += 1) {
      for (let minute = 0; minute < 480; minute += 1) {
        const at = start + (shift * 480 + minute) * MINUTE;
        ledger.sample('Energy', 5000 + shift * 480 + minute, at);
        ledger.sample('Good', minute, at);
      }
    }
    take();
    const sum = addSums(of('a/l/m', '1d'));
    expect(sum.output).toBe(3 * 479);
    expect(sum.energyKwh).toBe(3 * 480 - 1);
    expect(sum.unresolved).toBe(0);
  });

  it('edge case 22: an order over midnight and a shift change is split without losing anything', () => {
    const from = Date.UTC(2026, 2, 2, 21, 30);
    const to = Date.UTC(2026, 2, 3, 2, 10);
    const parts = splitAtEdges({ from, to, amount: 100.1 }, [Date.UTC(2026, 2, 2, 22), Date.UTC(2026, 2, 3)]);
    expect(parts).toHaveLength(3);
    expect(addSums(parts.map(({ amount }) => ({ ...NO_SUMS, energyKwh: amount }))).energyKwh).toBe(100.1);
    expect(parts[0]?.amount).toBeCloseTo((100.1 * 30) / 280, 8);
  });

  it('edge case 23: parallel orders share by cycles, else by time, and what nobody ran for is a residual', () => {
    const orders = [
      { order: 'A', cycles: 30, runMs: HOUR },
      { order: 'B', cycles: 10, runMs: HOUR },
    ];
    expect(splitOrders(8, orders)).toEqual({
      rule: 'cycle-count',
      parts: [
        { order: 'A', kwh: 6 },
        { order: 'B', kwh: 2 },
      ],
      residualKwh: 0,
    });
    expect(splitOrders(8, [...orders.slice(0, 1), { order: 'B', cycles: null, runMs: HOUR }])).toMatchObject({
      rule: 'time-share',
      parts: [{ kwh: 4 }, { kwh: 4 }],
    });
    expect(splitOrders(8, [])).toEqual({ rule: 'none', parts: [], residualKwh: 8 });
  });
});
