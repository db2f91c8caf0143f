import { setImmediate as breathe } from 'node:timers/promises';
import { accountOf, type AccountRules } from './energy/account.ts';
import type { DaySpan } from './energy/local-day.ts';
import type { EnergyWindow } from './energy/window.ts';
import type { EmbeddedStore } from './store/embedded/embedded-store.ts';
import type { TimeRange } from './store/metric-store.ts';
import type { Conversion } from './store/rescored.ts';

export type ConversionWork = {
  readonly store: Pick<EmbeddedStore, 'readWindows' | 'series' | 'rescored'>;
  readonly rules: AccountRules;
  readonly dayOf: (at: number) => DaySpan;
  /** When, epoch ms. */
  readonly now: number;
};

/**
 * Converts the electricity of every object and finished local day in the range by the rules of today (factor sets, equivalent
 * factor, tariff), and keeps what differs from the newest revision of its day as a further one.
 * @returns days that were converted and revisions that were written. @throws JoulegateError STORE_FAILED.
 */
export async function keepConversions(
  { store, rules, dayOf, now }: ConversionWork,
  { from, to }: TimeRange,
  isWanted: (path: string) => boolean = () => true,
): Promise<{ readonly days: number; readonly written: number }> {
  const total = { days: 0, written: 0 };
  const objects = (await store.series.latest({ window: '1d' })).map(({ path }) => path);
  for (const path of objects.filter(isWanted)) {
    const days = await store.readWindows({ path, window: '1d', from, to });
    const finished = days.filter(({ state }) => state === 'final');
    if (finished.length === 0) continue;
    const hours = byDay(await store.readWindows({ path, window: '1h', ...spanOf(finished) }), dayOf);
    const rows = finished.map((day) => conversionOf(day, hours.get(day.start) ?? [day], rules));
    total.days += rows.length;
    total.written += await store.rescored.keepConversions(rows, now);
    await breathe();
  }
  return total;
}

/** A tariff needs the hours; where they are gone, the day as a whole is converted. */
function conversionOf(day: EnergyWindow, hours: readonly EnergyWindow[], rules: AccountRules): Conversion {
  const account = accountOf(hours, rules);
  const { kgceCalorific, kgceEquivalent, kgCO2, tariff } = account;
  return {
    path: day.path,
    day: day.start,
    energyKwh: account.energyKwh,
    output: account.output,
    kgceCalorific: kgceCalorific.value,
    kgceEquivalent: kgceEquivalent.value,
    kgCO2: kgCO2.value,
    cost: tariff?.cost ?? null,
    factorSets: [...new Set([...kgceCalorific.factorSets, ...kgceEquivalent.factorSets, ...kgCO2.factorSets])].sort(),
    tariff: tariff?.plan ?? null,
  };
}

function byDay(hours: readonly EnergyWindow[], dayOf: ConversionWork['dayOf']): ReadonlyMap<number, EnergyWindow[]> {
  const days = new Map<number, EnergyWindow[]>();
  for (const hour of hours) {
    const { start } = dayOf(hour.start);
    const day = days.get(start);
    if (day === undefined) days.set(start, [hour]);
    else day.push(hour);
  }
  return days;
}

const spanOf = (days: readonly EnergyWindow[]): TimeRange => ({
  from: Math.min(...days.map(({ start }) => start)),
  to: Math.max(...days.map(({ end }) => end)),
});
