import { describe, expect, it } from 'vitest';
import type { TagDescription } from '../../broker/contract/tag.ts';
import { EquipmentLedger, type LedgerIssue } from './equipment-ledger.ts';
import { createLocalDays } from './local-day.ts';
import { WindowBook } from './window-book.ts';
import type { EnergyWindow, WindowSize } from './window.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** 2026-03-02 08:00 in Shanghai. */
const start = Date.UTC(2026, 2, 2);
const tags: readonly TagDescription[] = [
  { name: 'Energy', role: 'energy-counter', unit: 'kW.h' },
  { name: 'Good', role: 'output-counter', unit: '{pcs}', boundaryOutput: true, coefficient: 2 },
  { name: 'State', role: 'state', states: { '3': 'run', '2': 'idle', '0': 'off' } },
];

function openLedger(tagList: readonly TagDescription[] = tags, zone = 'Asia/Shanghai') {
  const book = new WindowBook(createLocalDays(zone));
  const issues: LedgerIssue[] = [];
  const ledger = new EquipmentLedger(
    tagList,
    {
      equipment: book.cursor([{ path: 'a/l/m', level: 'equipment' }]),
      chain: book.cursor([
        { path: 'a/l', level: 'line' },
        { path: 'a', level: 'area' },
        { path: '', level: 'site' },
      ]),
    },
    book,
    { maxGapMs: 5 * MINUTE, onIssue: (issue) => issues.push(issue) },
  );
  const rows = (path: string, window: WindowSize): EnergyWindow[] =>
    taken.filter((row) => row.path === path && row.window === window).sort((a, b) => a.start - b.start);
  let taken: EnergyWindow[] = [];
  return {
    ledger,
    issues,
    close: () => void (taken = book.takeChanged(Number.POSITIVE_INFINITY)),
    rows,
    sum: (
      path: string,
      window: WindowSize,
      name: 'energyKwh' | 'output' | 'idleKwh' | 'coveredMs' | 'estimatedKwh' | 'expectedMs',
    ) => rows(path, window).reduce((total, row) => total + row[name], 0),
  };
}

describe('the ledger of one machine', () => {
  it('splits a counter difference at window edges and loses nothing', () => {
    const { ledger, close, rows, sum } = openLedger();
    ledger.sample('Energy', 100, start + 30_000);
    ledger.sample('Energy', 106, start + 30_000 + 2 * MINUTE);
    close();
    expect(rows('a/l/m', '1m').map((row) => row.energyKwh)).toEqual([1.5, 3, 1.5]);
    for (const path of ['a/l/m', 'a/l', 'a', '']) {
      for (const window of ['1m', '15m', '1h', '1d'] as const)
        expect(sum(path, window, 'energyKwh')).toBeCloseTo(6, 12);
    }
  });

  it('counts pieces where they were counted, in equivalents, and in the line only from its boundary output', () => {
    const { ledger, close, rows, sum } = openLedger([
      ...tags,
      { name: 'Inner', role: 'output-counter', unit: '{pcs}' },
    ]);
    for (const [minute, pieces] of [
      [0, 10],
      [1, 13],
      [2, 20],
    ] as const) {
      ledger.sample('Good', pieces, start + minute * MINUTE);
      ledger.sample('Inner', pieces * 10, start + minute * MINUTE);
    }
    close();
    expect(rows('a/l', '1m').map((row) => row.output)).toEqual([6, 14]);
    expect(sum('a/l/m', '1d', 'output')).toBe(20 + 100);
  });

  it('spreads what a counter caught up over a gap and calls it estimated, never one spike', () => {
    const { ledger, close, rows, sum } = openLedger();
    // MyEMS case 1: 23:59:48 38312088 -> 06:14:49 38315900 local time
    const before = Date.UTC(2026, 2, 2, 15, 59, 48);
    ledger.sample('Energy', 38_312_088, before);
    ledger.sample('Energy', 38_315_900, before + 22_501_000);
    close();
    expect(sum('a/l/m', '1d', 'energyKwh')).toBeCloseTo(3812, 9);
    expect(rows('a/l/m', '1d')[0]?.energyKwh).toBeCloseTo((3812 * 12) / 22_501, 9);
    expect(sum('a/l/m', '1h', 'estimatedKwh')).toBeCloseTo(3812, 6);
    expect(rows('a/l/m', '1h')).toHaveLength(8);
    expect(sum('a/l/m', '1d', 'coveredMs')).toBe(0);
  });

  it('gives idle energy and time to the state that was in force', () => {
    const { ledger, close, rows } = openLedger();
    ledger.sample('State', 3, start);
    ledger.sample('Energy', 0, start);
    ledger.sample('State', 2, start + 3 * MINUTE);
    ledger.sample('Energy', 40, start + 4 * MINUTE);
    close();
    const hour = rows('a/l/m', '1h')[0];
    expect(hour?.idleKwh).toBeCloseTo(10, 9);
    expect(hour).toMatchObject({ runMs: 3 * MINUTE, idleMs: MINUTE, coveredMs: 4 * MINUTE, expectedMs: 4 * MINUTE });
  });

  it('integrates power stepped and only up to the longest gap when there is no counter', () => {
    const { ledger, close, sum, rows } = openLedger([{ name: 'P', role: 'power', unit: 'W' }]);
    ledger.sample('P', 60_000, start);
    ledger.sample('P', 30_000, start + 2 * MINUTE);
    ledger.sample('P', 30_000, start + HOUR);
    close();
    expect(sum('a/l/m', '1h', 'energyKwh')).toBeCloseTo(2, 9);
    expect(rows('a/l/m', '1h')[0]).toMatchObject({ coveredMs: 2 * MINUTE, expectedMs: HOUR, worstGapMs: 58 * MINUTE });
  });

  it('expects time of a silent machine, so that its coverage falls', () => {
    const { ledger, close, sum } = openLedger();
    ledger.sample('Energy', 1, start);
    ledger.sample('Energy', 2, start + MINUTE);
    ledger.expect(start + 10 * MINUTE);
    close();
    expect(sum('a/l/m', '1h', 'coveredMs')).toBe(MINUTE);
    expect(sum('', '1h', 'expectedMs')).toBe(10 * MINUTE);
  });

  it('proves coverage of an unchanged counter by a keep-alive', () => {
    const { ledger, close, sum } = openLedger();
    ledger.sample('Energy', 5, start);
    for (let minute = 1; minute <= 30; minute += 1) ledger.proveAlive(start + minute * MINUTE);
    close();
    expect(sum('a/l/m', '1h', 'coveredMs')).toBe(30 * MINUTE);
    expect(sum('a/l/m', '1h', 'energyKwh')).toBe(0);
  });

  it('has 25 hours in the day on which the clocks go back', () => {
    const { ledger, close, rows } = openLedger([{ name: 'E', role: 'energy-counter', unit: 'kW.h' }], 'Europe/Berlin');
    const midnight = Date.UTC(2026, 9, 24, 22);
    for (let minute = 0; minute <= 25 * 60; minute += 1) ledger.sample('E', minute / 6, midnight + minute * MINUTE);
    close();
    expect(rows('a/l/m', '1d')).toHaveLength(1);
    expect(rows('a/l/m', '1d')[0]?.energyKwh).toBeCloseTo(250, 9);
  });

  it('refuses a unit that is no energy and a value that is no number, by name and with a remedy', () => {
    const { ledger, issues, close, rows } = openLedger([
      { name: 'Gas', role: 'energy-counter', unit: 'm3' },
      { name: 'E', role: 'energy-counter', unit: 'kW.h' },
    ]);
    ledger.sample('E', 'broken', start);
    ledger.sample('E', 1, start);
    close();
    expect(issues.map((issue) => [issue.code, issue.tag])).toEqual([
      ['UNIT_UNKNOWN', 'Gas'],
      ['VALUE_NOT_A_NUMBER', 'E'],
    ]);
    expect(issues[0]?.remedy).toContain('kW.h');
    expect(rows('a/l/m', '1h').every((row) => row.energyKwh === 0)).toBe(true);
  });

  it('goes on after a restart from its checkpoint as if nothing had happened', () => {
    const first = openLedger();
    first.ledger.sample('State', 2, start);
    first.ledger.sample('Energy', 10, start);
    const saved = JSON.stringify(first.ledger.checkpoint());
    const second = openLedger();
    second.ledger.restore(JSON.parse(saved));
    second.ledger.sample('Energy', 12, start + MINUTE);
    second.close();
    expect(second.rows('a/l/m', '1h')[0]).toMatchObject({ energyKwh: 2, idleKwh: 2, idleMs: MINUTE });
  });
});
