import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, openLedger, SECOND } from '../../tests/support/ledger.ts';
import { shiftsOn } from './calendar.ts';
import { addSums } from './figure.ts';
import { toNano } from './quantum.ts';
import type { EnergyWindow, WindowSize } from './window.ts';

const start = Date.UTC(2026, 2, 1, 16);
const tags = [{ name: 'Energy', role: 'energy-counter', unit: 'kW.h', modulus: 1000, ratedMax: 200 }] as const;
const nano = (rows: readonly EnergyWindow[]): number => rows.reduce((sum, row) => sum + toNano(row.energyKwh), 0);
const sizes: readonly WindowSize[] = ['1m', '15m', '1h', '1d'];
const paths = ['a/l/m', 'a/l', 'a', ''];

/** A machine's energy as increments between instants: gaps from seconds to hours, never above the rated 200 kW. */
const life = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 20_000 })).map((s) => s * SECOND),
    load: fc.integer({ min: 0, max: 1000 }),
  }),
  { minLength: 2, maxLength: 60 },
);
type Sample = { readonly at: number; readonly value: number };

/** Readings of a counter that wraps at 1000, with the true total. */
function readings(steps: readonly { readonly gapMs: number; readonly load: number }[]): {
  readonly samples: readonly Sample[];
  readonly totalNano: number;
} {
  let at = start;
  let micro = 0;
  const samples: Sample[] = [{ at, value: 0 }];
  for (const { gapMs, load } of steps) {
    at += gapMs;
    micro += Math.min(900_000_000, Math.floor(((200 * gapMs) / HOUR) * 1e6 * (load / 1000)));
    samples.push({ at, value: (micro % 1_000_000_000) / 1e6 });
  }
  return { samples, totalNano: micro * 1000 };
}

function run(samples: readonly Sample[], tagList: Parameters<typeof openLedger>[0] = tags) {
  const { ledger, take, of, issues } = openLedger(tagList);
  for (const { at, value } of samples) ledger.sample('Energy', value, at);
  take();
  return { of, issues };
}

describe('conservation', () => {
  it('holds under gaps and rollovers: every size and every level adds up to the counter exactly', () => {
    fc.assert(
      fc.property(life, (steps) => {
        const { samples, totalNano } = readings(steps);
        const { of, issues } = run(samples);
        expect(issues).toEqual([]);
        for (const path of paths) for (const size of sizes) expect(nano(of(path, size))).toBe(totalNano);
      }),
      { numRuns: 100 },
    );
  });

  it('holds under duplicates and late arrival: what arrives in any order within reach gives the same windows', () => {
    fc.assert(
      fc.property(life, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (steps, shuffle) => {
        const { samples } = readings(steps);
        const inOrder = run(samples);
        const [first, ...rest] = samples;
        const mixed = rest
          .map((sample, index) => ({ sample, key: (shuffle[index] ?? 0) % 1000 }))
          .sort((a, b) => a.key - b.key)
          .map(({ sample }) => sample);
        const doubled = [...(first === undefined ? [] : [first]), ...mixed.flatMap((sample) => [sample, sample])];
        const shuffled = run(doubled);
        for (const path of paths) {
          for (const size of sizes) {
            const sums = (rows: readonly EnergyWindow[]) =>
              rows
                .map(({ start: from, energyKwh, estimatedKwh, coveredMs, unresolved }) => ({
                  from,
                  energyKwh,
                  estimatedKwh,
                  coveredMs,
                  unresolved,
                }))
                .filter(
                  ({ energyKwh, coveredMs, unresolved }) => energyKwh !== 0 || coveredMs !== 0 || unresolved !== 0,
                );
            expect(sums(shuffled.of(path, size))).toEqual(sums(inOrder.of(path, size)));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('holds under resets: what is counted from 0 is added, the tail before is not invented', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 3000 }),
        (runs, milli) => {
          const samples: Sample[] = [];
          let at = start;
          let expected = 0;
          runs.forEach((length, index) => {
            for (let i = 0; i < length; i += 1) {
              // After a reset the first value seen was counted from 0.
              const value = ((i + (index === 0 ? 0 : 1)) * milli) / 1000;
              samples.push({ at, value });
              at += MINUTE;
            }
            expected += (length - (index === 0 ? 1 : 0)) * milli;
          });
          const { of } = run(samples, [{ name: 'Energy', role: 'energy-counter', unit: 'kW.h', ratedMax: 200 }]);
          for (const size of sizes) expect(nano(of('', size))).toBe(expected * 1e6);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('makes a day of its shifts: the figures of the shifts add up to the day bit by bit', () => {
    const shifts = [
      { name: 'early', from: '00:00', to: '08:00' },
      { name: 'late', from: '08:00', to: '20:00' },
      { name: 'night', from: '20:00', to: '00:00' },
    ];
    fc.assert(
      fc.property(life, (steps) => {
        const { of } = run(readings(steps).samples);
        for (const day of of('a/l/m', '1d')) {
          const date = new Date(day.start + 8 * HOUR).toISOString().slice(0, 10);
          const parts = shiftsOn(date, 'Asia/Shanghai', shifts).map((shift) =>
            addSums(of('a/l/m', '1m').filter((row) => row.start >= shift.start && row.start < shift.end)),
          );
          const whole = addSums(parts);
          expect(whole.energyKwh).toBe(day.energyKwh);
          expect(whole.estimatedKwh).toBe(day.estimatedKwh);
          expect(whole.coveredMs).toBe(day.coveredMs);
          expect(whole.expectedMs).toBe(day.expectedMs);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('never gives a number that is none, whatever a counter says', () => {
    const anything = fc.array(fc.record({ gapMs: fc.integer({ min: 1, max: 10 * HOUR }), value: fc.double() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(anything, fc.boolean(), (values, rated) => {
        let at = start;
        const { of } = run(
          values.map(({ gapMs, value }) => ({ at: (at += gapMs), value })),
          rated ? tags : [{ name: 'Energy', role: 'energy-counter', unit: 'GJ' }],
        );
        for (const path of paths) {
          const members = of(path, '1d').flatMap((row) => Object.values(row));
          expect(members.filter((member) => typeof member === 'number' && !Number.isFinite(member))).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
