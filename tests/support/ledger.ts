import type { TagDescription } from '../../broker/contract/tag.ts';
import { EquipmentLedger, type LedgerIssue } from '../../scoring/energy/equipment-ledger.ts';
import { createLocalDays } from '../../scoring/energy/local-day.ts';
import { WindowBook } from '../../scoring/energy/window-book.ts';
import type { EnergyWindow, WindowSize } from '../../scoring/energy/window.ts';

export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** A ledger of one machine below line, area and site, with its book. */
export function openLedger(
  tags: readonly TagDescription[],
  { zone = 'Asia/Shanghai', maxGapMs = 5 * MINUTE }: { readonly zone?: string; readonly maxGapMs?: number } = {},
) {
  const book = new WindowBook(createLocalDays(zone));
  const issues: LedgerIssue[] = [];
  const ledger = new EquipmentLedger(
    tags,
    {
      equipment: book.cursor([{ path: 'a/l/m', level: 'equipment' }]),
      chain: book.cursor([
        { path: 'a/l', level: 'line' },
        { path: 'a', level: 'area' },
        { path: '', level: 'site' },
      ]),
    },
    book,
    { maxGapMs, onIssue: (issue) => issues.push(issue) },
  );
  const rows = new Map<string, EnergyWindow>();
  /** Takes what changed, as a flush does. */
  const take = (finalBefore = Number.POSITIVE_INFINITY): EnergyWindow[] => {
    const taken = book.takeChanged(finalBefore);
    for (const row of taken) rows.set(`${row.path}|${row.window}|${row.start}`, row);
    return taken;
  };
  const of = (path: string, window: WindowSize): EnergyWindow[] =>
    [...rows.values()].filter((row) => row.path === path && row.window === window).sort((a, b) => a.start - b.start);
  return { book, ledger, issues, take, of };
}

/** Runs one value per step through a counter of a machine and gives the energy of all its days. */
export function countedKwh(
  values: readonly number[],
  tag: Partial<TagDescription> = {},
  stepMs = MINUTE,
): { readonly kwh: number; readonly issues: readonly LedgerIssue[]; readonly unresolved: number } {
  const { ledger, take, of, issues } = openLedger([
    { name: 'Energy', role: 'energy-counter', unit: 'kW.h', ratedMax: 1e6, ...tag },
  ]);
  const start = Date.UTC(2026, 2, 2);
  values.forEach((value, index) => ledger.sample('Energy', value, start + index * stepMs));
  take();
  const days = of('a/l/m', '1d');
  return {
    kwh: days.reduce((sum, row) => sum + row.energyKwh, 0),
    unresolved: days.reduce((sum, row) => sum + row.unresolved, 0),
    issues,
  };
}
