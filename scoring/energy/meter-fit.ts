import { meterFitRate, requiredMeterLevel, type MeterLevel } from './allocation.ts';

/** An object of the plant as the meter rate sees it. */
export type MeterPlace = {
  readonly path: string;
  readonly kind: 'site' | 'sub-unit' | 'equipment';
  /** kW; null = not stated. */
  readonly ratedKw: number | null;
  /** Whether its energy is measured by a meter of its own. */
  readonly isMetered: boolean;
};

export type MeterFit = {
  readonly level: MeterLevel['level'];
  readonly required: number;
  readonly fitted: number;
  readonly requiredRate: number;
  /** null where no meter is required. */
  readonly rate: number | null;
  readonly meets: boolean;
  readonly missing: readonly string[];
};

/** GB 17167-2006, electricity: share of the required meters that must be there. */
const requiredRates: Readonly<Record<MeterLevel['level'], number>> = { site: 1, 'sub-unit': 1, 'main-equipment': 0.95 };

/** F20: rate of fitted meters by level of GB 17167. `unrated`: objects of which no rated power is stated, so that none is required yet. */
export function meterFit(places: readonly MeterPlace[]): {
  readonly levels: readonly MeterFit[];
  readonly unrated: readonly string[];
} {
  const levels = (Object.keys(requiredRates) as MeterLevel['level'][]).map((level): MeterFit => {
    const required = places.filter(({ kind, ratedKw }) => requiredMeterLevel(kind, ratedKw ?? 0) === level);
    const missing = required.filter(({ isMetered }) => !isMetered).map(({ path }) => path);
    const counts = { required: required.length, fitted: required.length - missing.length };
    const requiredRate = requiredRates[level];
    const { rate, meets } = meterFitRate({ level, ...counts, requiredRate });
    return { level, ...counts, requiredRate, rate, meets, missing };
  });
  const unrated = places.filter(({ kind, ratedKw }) => kind !== 'site' && ratedKw === null).map(({ path }) => path);
  return { levels, unrated };
}
