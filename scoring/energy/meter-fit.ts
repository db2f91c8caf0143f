import type { TagDescription } from '../../broker/contract/tag.ts';
import { powerFactorKw } from './unit.ts';

/** A meter level of GB 17167 with what it requires. */
export type MeterLevel = {
  readonly level: 'site' | 'sub-unit' | 'main-equipment';
  readonly required: number;
  readonly fitted: number;
  /** Share the standard asks for, e.g. 0.95. */
  readonly requiredRate: number;
};

/** F20: fitted ÷ required meters; null where none is required. */
export function meterFitRate({ required, fitted, requiredRate }: MeterLevel): {
  readonly rate: number | null;
  readonly missing: number;
  readonly meets: boolean;
} {
  const rate = required > 0 ? fitted / required : null;
  return { rate, missing: Math.max(0, required - fitted), meets: rate === null || rate >= requiredRate };
}

/** Level of GB 17167-2006 (electricity) that a consumer's rated power puts it on; null when no meter is required. */
export function requiredMeterLevel(
  kind: 'site' | 'sub-unit' | 'equipment',
  ratedKw: number,
): MeterLevel['level'] | null {
  if (kind === 'site') return 'site';
  if (kind === 'sub-unit') return ratedKw >= 10 ? 'sub-unit' : null;
  return ratedKw >= 100 ? 'main-equipment' : null;
}

/** What is known of the meter of one machine. */
export type MachineMeter = {
  readonly path: string;
  /** Rated electric power; null = not given by the tags. */
  readonly ratedKw: number | null;
  /** Whether a counter of electric energy is read. */
  readonly metered: boolean;
};

/** Reads rated power (`ratedMax` of energy and power tags, else the range of the power tag) and meter from the tags of a machine. */
export function machineMeter(path: string, tags: readonly TagDescription[]): MachineMeter {
  const electric = tags.filter(({ carrier }) => (carrier ?? 'electricity') === 'electricity');
  const rated = electric.flatMap(({ role, ratedMax, range, unit }) => {
    if (role !== 'energy-counter' && role !== 'power') return [];
    if (ratedMax !== undefined) return [ratedMax];
    const factor = role === 'power' ? powerFactorKw(unit) : null;
    return range === undefined || factor === null ? [] : [range[1] * factor];
  });
  return {
    path,
    ratedKw: rated.length === 0 ? null : Math.max(...rated),
    metered: electric.some(({ role }) => role === 'energy-counter'),
  };
}

export type MeterFitRow = MeterLevel & {
  readonly rate: number | null;
  readonly meets: boolean;
  /** Paths a meter is required for and none is fitted, largest rated power first. */
  readonly missing: readonly string[];
  /** Paths whose rated power is not known, so that nobody can say what they need. */
  readonly unknown: readonly string[];
};

const requiredRates = { site: 1, 'sub-unit': 1, 'main-equipment': 0.95 } as const;

/**
 * F20, electricity by GB 17167-2006: the site and every sub-unit of 10 kW or more by a meter of its own, machines of
 * 100 kW or more. A sub-unit is an object right below the site that has machines below it; machines that are main meters
 * consume nothing and count for what they meter.
 */
export function meterFit(machines: readonly MachineMeter[], mainMeters: ReadonlyMap<string, string>): MeterFitRow[] {
  const meters = new Set(mainMeters.values());
  const consumers = machines.filter(({ path }) => !meters.has(path));
  const units = new Map<string, MachineMeter[]>();
  for (const machine of consumers) {
    const unit = machine.path.split('/')[0] ?? '';
    if (unit !== machine.path) units.set(unit, [...(units.get(unit) ?? []), machine]);
  }
  const own = (path: string) => mainMeters.has(path);
  return [
    rowOf('site', [{ path: '', ratedKw: totalRated(consumers), metered: own('') }], 'site'),
    rowOf(
      'sub-unit',
      [...units].map(([path, list]) => ({ path, ratedKw: totalRated(list), metered: own(path) })),
      'sub-unit',
    ),
    rowOf('main-equipment', consumers, 'equipment'),
  ];
}

/** Known rated power together; null when nothing is known of any. */
function totalRated(machines: readonly MachineMeter[]): number | null {
  const known = machines.flatMap(({ ratedKw }) => (ratedKw === null ? [] : [ratedKw]));
  return known.length === 0 ? null : known.reduce((sum, kw) => sum + kw, 0);
}

function rowOf(
  level: MeterLevel['level'],
  objects: readonly MachineMeter[],
  kind: Parameters<typeof requiredMeterLevel>[0],
): MeterFitRow {
  const required = objects.filter(
    ({ ratedKw }) => kind === 'site' || (ratedKw !== null && requiredMeterLevel(kind, ratedKw) !== null),
  );
  const fitted = required.filter(({ metered }) => metered).length;
  const counts = { level, required: required.length, fitted, requiredRate: requiredRates[level] };
  const { rate, meets } = meterFitRate(counts);
  return {
    ...counts,
    rate,
    meets,
    missing: required
      .filter(({ metered }) => !metered)
      .sort((a, b) => (b.ratedKw ?? 0) - (a.ratedKw ?? 0))
      .map(({ path }) => path),
    unknown: kind === 'site' ? [] : objects.filter(({ ratedKw }) => ratedKw === null).map(({ path }) => path),
  };
}
