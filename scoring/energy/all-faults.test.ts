import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../tests/support/ledger.ts';
import { EquipmentScorer } from '../equipment-scorer.ts';
import type { LedgerIssue } from './equipment-ledger.ts';
import { figureOf } from './figure.ts';
import { createLocalDays } from './local-day.ts';
import { toNano } from './quantum.ts';
import { WindowBook } from './window-book.ts';
import type { EnergyWindow } from './window.ts';

const start = Date.UTC(2026, 2, 1, 15, 59, 30);
const MODULUS = 1000;
const BAD = 0x8000_0000;

/**
 * What happens between two readings. Resets come with a few readings of a running machine behind them, because a single low
 * reading is taken for a glitch.
 */
const turn = fc.record({
  gapMinutes: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(30)),
  load: fc.integer({ min: 100, max: 1000 }),
  reset: fc.boolean(),
  /** The reading itself: delivered in its place, twice, late by so many places, or never. */
  fate: fc.constantFrom('once', 'once', 'twice', 'late', 'lost', 'bad', 'glitch'),
  lateBy: fc.integer({ min: 1, max: 40 }),
  /** Windows are written as final when this reading arrives. */
  flush: fc.boolean(),
});
type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;
type Reading = { readonly at: number; readonly value: number };
type Delivery = Reading & { readonly statusCode: number; readonly flush: boolean; readonly place: number };

/** Readings of a meter that wraps at 1000 and is sometimes set to 0, in the way and order they arrive, and what it counted. */
function life(turns: readonly Turn[]) {
  const deliveries: Delivery[] = [{ at: start, value: 0, statusCode: 0, flush: false, place: -1 }];
  let good: Reading = { at: start, value: 0 };
  const intervals: { from: number; to: number; nano: number }[] = [];
  let at = start;
  let micro = 0;
  let settle = 0;
  turns.forEach((step, index) => {
    const isLast = index === turns.length - 1;
    at += step.gapMinutes * MINUTE;
    const most = Math.max(1000, Math.floor(((200 * step.gapMinutes) / 60) * 1e6 * (step.load / 1000)));
    // Where the counter stands low enough, a fall cannot be a rollover; high enough, its first reading is lower.
    const isReset =
      step.reset &&
      settle === 0 &&
      good.value > 120 &&
      good.value < 700 &&
      at - good.at <= HOUR &&
      index < turns.length - 4;
    if (isReset) {
      micro = 0;
      settle = 4;
    }
    // Back above where it fell from within three readings, a reset cannot be told from a glitch.
    const used = settle > 0 ? Math.min(most, 20e6) : most;
    micro += used;
    const value = (micro % (MODULUS * 1e6)) / 1e6;
    const fate = settle > 0 || isLast ? 'once' : step.fate;
    if (settle > 0) settle -= 1;
    const place = index + (fate === 'late' ? Math.min(step.lateBy, turns.length - index) - 0.5 : 0);
    const delivery = { at, value, statusCode: 0, flush: step.flush, place };
    if (fate === 'bad') deliveries.push({ ...delivery, value: 0, statusCode: BAD });
    if (fate === 'glitch') deliveries.push({ ...delivery, at: at - 1000, value: 1e12 }, delivery);
    if (fate === 'once' || fate === 'twice' || fate === 'late') deliveries.push(delivery);
    if (fate === 'twice') deliveries.push({ ...delivery, place: place + step.lateBy });
    if (fate === 'lost' || fate === 'bad') return;
    const base = isReset ? 0 : value < good.value ? good.value - MODULUS : good.value;
    intervals.push({ from: good.at, to: at, nano: toNano(value) - toNano(base) });
    good = { at, value };
  });
  deliveries.sort((a, b) => a.place - b.place);
  return { deliveries, intervals };
}

function run(deliveries: readonly Delivery[]) {
  const book = new WindowBook(createLocalDays('Asia/Shanghai'));
  const issues: LedgerIssue[] = [];
  const rows = new Map<string, EnergyWindow>();
  const take = (finalBefore: number) => {
    for (const row of book.takeChanged(finalBefore)) rows.set(`${row.path}|${row.window}|${row.start}`, row);
  };
  const scorer = new EquipmentScorer({
    equipment: { path: 'a/m' },
    tags: [{ name: 'Energy', role: 'energy-counter', unit: 'kW.h', modulus: MODULUS, ratedMax: 200 }],
    book,
    cursors: {
      equipment: book.cursor([{ path: 'a/m', level: 'equipment' }]),
      chain: book.cursor([
        { path: 'a', level: 'area' },
        { path: '', level: 'site' },
      ]),
    },
    maxGapMs: 5 * MINUTE,
    anomaly: { rowIntervalMs: MINUTE, trainingRows: 1000, minimumRows: 1000, exceedance: 0.01 },
    events: {
      onIssue: (issue) => issues.push(issue),
      onScore: () => undefined,
      onRow: () => null,
      onEpisode: () => undefined,
      onModel: () => undefined,
      plantKw: () => 0,
      onPower: () => undefined,
    },
  });
  for (const { at, value, statusCode, flush } of deliveries) {
    scorer.sample(0, value, at, statusCode);
    if (flush) take(at - 2 * MINUTE);
  }
  take(Number.POSITIVE_INFINITY);
  const of = (path: string, size: EnergyWindow['window']) =>
    [...rows.values()].filter((row) => row.path === path && row.window === size);
  return { of, issues };
}

const nano = (rows: readonly EnergyWindow[]): number => rows.reduce((sum, row) => sum + toNano(row.energyKwh), 0);

it('conserves under all faults at once: resets, rollovers, gaps, duplicates, disorder, late after final, bad values, glitches', () => {
  const seen = { reset: 0, revised: 0, gap: 0 };
  fc.assert(
    fc.property(fc.array(turn, { minLength: 10, maxLength: 80, size: 'max' }), (turns) => {
      const { deliveries, intervals } = life(turns);
      const { of, issues } = run(deliveries);
      const truth = intervals.reduce((sum, interval) => sum + interval.nano, 0);
      for (const path of ['a/m', 'a', '']) {
        for (const size of ['1m', '15m', '1h', '1d'] as const) expect(nano(of(path, size))).toBe(truth);
      }
      expect(issues.filter(({ code }) => code !== 'COUNTER_RESET')).toEqual([]);
      for (const row of of('a/m', '1h')) {
        const used = intervals.some(({ from, to, nano: n }) => n > 0 && from < row.end && to > row.start);
        const { energyKwh, reason } = figureOf(row);
        expect(used && energyKwh === 0 && reason === null).toBe(false);
        expect([row.unresolved, row.energyKwh >= 0, row.estimatedKwh <= row.energyKwh]).toEqual([0, true, true]);
      }
      if (issues.length > 0) seen.reset += 1;
      if (of('', '15m').some(({ revision }) => revision > 0)) seen.revised += 1;
      if (of('a/m', '1d').some(({ worstGapMs }) => worstGapMs > HOUR / 4)) seen.gap += 1;
    }),
    { numRuns: 200 },
  );
  // The property is worth nothing when the faults do not happen.
  expect(Math.min(seen.reset, seen.revised, seen.gap)).toBeGreaterThan(20);
});
