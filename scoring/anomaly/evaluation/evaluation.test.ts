import { describe, expect, it } from 'vitest';
import { changepointScore, normaliseChangepoints } from './changepoints.ts';
import { averagePrecision, eventView, trivialVerdicts } from './metrics.ts';
import { nabScore, normaliseNab } from './nab.ts';
import { seededRandom, type LabelledRecord } from './record.ts';
import { vusPr } from './vus.ts';

function generated(rows: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: rows }, () => {
    state = Number((BigInt(state) * 1_103_515_245n + 12_345n) % 2_147_483_648n);
    return state / 2_147_483_648;
  });
}

const labels = Array.from(
  { length: 600 },
  (_, i) => (i >= 100 && i < 140) || (i >= 148 && i < 160) || (i >= 400 && i < 430) || i >= 595,
);
const scores = generated(600, 7).map(
  (value, i) => value + (labels[i] === true ? 0.5 : 0) + (i >= 90 && i < 100 ? 0.3 : 0),
);

describe('VUS-PR', () => {
  // Values of an independent implementation (Python, TSB-AD's definition) on the same vectors.
  it.each([
    [0, 0.7305287174624372],
    [10, 0.7491550655173994],
    [60, 0.8169377135353584],
    [100, 0.8441244420076918],
  ])('is that of an independent implementation for window %i', (window, expected) => {
    expect(vusPr(labels, scores, window)).toBeCloseTo(expected, 10);
  });

  it('agrees where many scores are the same', () => {
    expect(
      vusPr(
        labels,
        scores.map((score) => Math.round(score * 10) / 10),
        20,
      ),
    ).toBeCloseTo(0.7372572804045888, 10);
  });

  it('is not a number without any label, and 1 for scores that are the labels', () => {
    expect(vusPr([false, false], [0, 1], 10)).toBeNaN();
    expect(vusPr(labels, labels.map(Number), 0)).toBeCloseTo(1, 10);
  });
});

describe('average precision', () => {
  it('steps over equal scores together', () => {
    // Ranks: 1 hit, then one hit and one miss at the same score, then a hit: 1/3·1 + 1/3·2/3 + 1/3·3/4.
    expect(averagePrecision([true, true, false, true], [4, 3, 3, 1])).toBeCloseTo((1 + 2 / 3 + 3 / 4) / 3, 12);
    expect(averagePrecision([false], [1])).toBeNaN();
  });
});

describe('event view', () => {
  it('counts found events, delays, false episodes and the competition score', () => {
    const truth = [0, 0, 1, 1, 1, 1, 0, 0, 1, 1].map(Boolean);
    const alarms = [1, 0, 0, 0, 1, 1, 1, 0, 0, 0].map(Boolean);
    const view = eventView(truth, alarms);
    expect(view).toMatchObject({ events: 2, found: 1, medianDelayRows: 2, falseEpisodes: 1 });
    // Time: (1 − 2/4 + 0)/2; rows: hit rate 2/6, quiet rate 2/4.
    expect(view.competitionScore).toBeCloseTo((0.25 + (1 / 3 + 1 / 2) / 2) / 2, 12);
  });
});

describe("NAB's score", () => {
  it('is 0 for silence and 100 for a detection at the first row of each window', () => {
    const windows = [[100, 149] as const, [200, 249] as const];
    const at = (...rows: number[]) => Array.from({ length: 300 }, (_, row) => rows.includes(row));
    const score = (...rows: number[]) => normaliseNab([nabScore(at(...rows), windows, 'standard')], 'standard');
    expect(score()).toBe(0);
    expect(score(100, 200)).toBeCloseTo(100, 10);
    expect(score(100, 200, 210, 240)).toBeCloseTo(100, 10);
    // One false row before any window costs 0.11 of the 4 points between silence and perfection.
    expect(score(60, 100, 200)).toBeCloseTo(100 - (100 * 0.11) / 4, 10);
    // The probation of 15 % is not scored.
    expect(score(44, 100, 200)).toBeCloseTo(100, 10);
  });
});

describe("SKAB's changepoint score", () => {
  const times = Array.from({ length: 200 }, (_, second) => second * 1000);
  const flags = (...rows: number[]) => times.map((_, row) => rows.includes(row));

  it('is 0 for silence, 100 for an alarm that turns on and off at the changes, and loses for a late one', () => {
    const score = (from: number, to: number) =>
      normaliseChangepoints(
        [
          changepointScore(
            times,
            flags(20, 120),
            times.map((_, row) => row >= from && row < to),
          ),
        ],
        'standard',
      );
    expect(score(300, 300)).toBe(0);
    expect(score(20, 120)).toBeCloseTo(100, 10);
    expect(score(50, 150)).toBeLessThan(80);
    expect(score(50, 150)).toBeGreaterThan(20);
  });

  it('cuts the right one of two overlapping windows', () => {
    const found = changepointScore(
      times,
      flags(20, 50),
      times.map((_, row) => row >= 60),
    );
    expect(found).toMatchObject({ total: 2, found: 1, falseRows: 0 });
  });
});

describe('rows that look at no sensor', () => {
  const record: LabelledRecord = {
    name: 'x',
    sensors: ['a'],
    timestamps: labels.map((_, row) => String(row)),
    times: null,
    rows: labels.map(() => new Float64Array(1)),
    labels,
    changepoints: labels.map(() => false),
  };

  it('are the same for the same seed', () => {
    const once = () => trivialVerdicts('random', record, { start: 10, random: seededRandom(5) });
    expect(once()).toEqual(once());
    expect(once()).not.toEqual(trivialVerdicts('random', record, { start: 10, random: seededRandom(6) }));
  });

  it('are on always, and from a row on', () => {
    const random = seededRandom(1);
    expect(trivialVerdicts('always', record, { start: 10, random }).alarms).not.toContain(false);
    expect(trivialVerdicts('position', record, { start: 10, random }).alarms.indexOf(true)).toBe(10);
  });
});
