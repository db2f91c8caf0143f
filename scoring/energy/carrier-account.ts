import type { AccountRules } from './account.ts';
import { energyChain, type Boundaries } from './boundaries.ts';
import { convert, factorSetOn, type FactorSet } from './conversion.ts';
import { exactSum } from './decimal.ts';
import { exactTotal } from './quantum.ts';
import type { Quarter, SeriesInfo } from './quarter-book.ts';

/** What was used of one carrier in one unit, with what it is in standard coal. */
export type CarrierFigure = {
  readonly carrier: string;
  readonly unit: string;
  readonly amount: number;
  /** Of amount: spread over gaps. */
  readonly estimated: number;
  readonly unresolved: number;
  /** Tags the amount is from. */
  readonly meters: readonly string[];
  /** Null with a reason. */
  readonly kgce: number | null;
  readonly reason: string | null;
  /** Why the amount is not in a sum of standard coal although it has a figure of 0. */
  readonly note: string | null;
  readonly factorSets: readonly string[];
};

/** A meter of a carrier with its quarters in the range. */
export type CarrierSeries = { readonly info: SeriesInfo; readonly quarters: readonly Quarter[] };

/**
 * The meters that make up an object: its main meter alone where that meters the carrier, otherwise all below; none beyond
 * an independent object.
 */
export function metersOf(object: string, series: readonly SeriesInfo[], boundaries: Boundaries): SeriesInfo[] {
  return series.filter(({ path, carrier }) => {
    const metering = new Set(series.filter((one) => one.carrier === carrier).map((one) => one.path));
    const mainMeters = new Map([...boundaries.mainMeters].filter(([, meter]) => metering.has(meter)));
    return path === object || energyChain(path, ancestorsOf(path), { ...boundaries, mainMeters }).includes(object);
  });
}

/**
 * Sums of carriers beside electricity and their standard coal (calorific; only electricity has another basis), each day by the
 * factor set that is valid on it. Energy-carrying media count only where they are bought.
 * @param dayOf ISO local date of an instant
 */
export function carrierFigures(
  series: readonly CarrierSeries[],
  rules: Pick<AccountRules, 'factorSets' | 'boughtMedia'>,
  dayOf: (at: number) => string,
): CarrierFigure[] {
  const groups = new Map<string, CarrierSeries[]>();
  for (const one of series) {
    const key = `${one.info.carrier ?? ''}|${one.info.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const sets = rules.factorSets.filter(({ quantity }) => quantity === 'kgce');
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { carrier, unit } = first.info;
    const quarters = group.flatMap((one) => one.quarters);
    const madeOnSite = !rules.boughtMedia.has(carrier ?? '');
    return [
      {
        carrier: carrier ?? '',
        unit,
        amount: exactTotal(quarters.map(({ sum }) => sum)),
        estimated: exactTotal(quarters.map(({ estimated }) => estimated)),
        unresolved: quarters.reduce((sum, { unresolved }) => sum + unresolved, 0),
        meters: group.map(({ info }) => `${info.path}#${info.tag}`),
        ...coalOf(quarters, { carrier: carrier ?? '', unit, madeOnSite }, { sets, dayOf }),
      },
    ];
  });
}

type Coal = Pick<CarrierFigure, 'kgce' | 'reason' | 'note' | 'factorSets'>;

function coalOf(
  quarters: readonly Quarter[],
  what: { readonly carrier: string; readonly unit: string; readonly madeOnSite: boolean },
  { sets, dayOf }: { readonly sets: readonly FactorSet[]; readonly dayOf: (at: number) => string },
): Coal {
  const none = (reason: string): Coal => ({ kgce: null, reason, note: null, factorSets: [] });
  if (quarters.length === 0) return none('nothing was measured');
  const days = new Map<string, number[]>();
  for (const { start, sum } of quarters) {
    const day = dayOf(start);
    const amounts = days.get(day);
    if (amounts === undefined) days.set(day, [sum]);
    else amounts.push(sum);
  }
  const used = new Set<string>();
  const totals: number[] = [];
  let note: string | null = null;
  for (const [day, amounts] of days) {
    const set = factorSetOn(sets, day);
    if (set === null)
      return none(`no factor set is valid on ${day}; add the edition of that day under scoring.energy.factorSets`);
    if (!set.factors.some((factor) => factor.carrier === what.carrier && factor.unit === what.unit)) {
      return none(
        `factor set ${set.id} has no factor of ${what.carrier} per ${what.unit}; add one with its source under scoring.energy.factorSets`,
      );
    }
    const { total, rows } = convert([{ ...what, amount: exactTotal(amounts) }], set);
    totals.push(total);
    note ??= rows[0]?.note ?? null;
    used.add(set.id);
  }
  return { kgce: exactSum(totals), reason: null, note, factorSets: [...used] };
}

/** Objects above a path, nearest first; '' is the site. */
function ancestorsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, depth) => parts.slice(0, parts.length - 1 - depth).join('/'));
}
