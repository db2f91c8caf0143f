import { figure, noFigure, realValueAdded, relativeChange, type Outcome } from './intensity.ts';

/** One month of the plant: its energy on one basis and what accounting reports; null = not reported. */
export type IntensityMonth = {
  /** YYYY-MM. */
  readonly month: string;
  /** Comprehensive energy, tce; null with the reason. */
  readonly energyTce: number | null;
  readonly energyReason: string | null;
  /** At current prices, 10⁴ yuan. */
  readonly nominal: number | null;
  /** 100 = constant-price base year. */
  readonly priceIndex: number | null;
};

/** Energy per value added of several months at comparable prices: Σ energy / Σ real value added (F4). */
export type ValueAddedIntensity = {
  readonly energyTce: number;
  /** At comparable prices, 10⁴ yuan. */
  readonly valueAdded: number;
  /** tce per 10⁴ yuan. */
  readonly intensity: number;
};

/** F4 over months. A month without energy or value added makes it no figure, which says which one and why. */
export function intensityOfMonths(months: readonly IntensityMonth[]): Outcome<ValueAddedIntensity> {
  if (months.length === 0) return noFigure('the period has no month');
  let energyTce = 0;
  let valueAdded = 0;
  for (const { month, energyTce: tce, energyReason, nominal, priceIndex } of months) {
    if (tce === null) return noFigure(`energy of ${month}: ${energyReason ?? 'not measured'}`);
    const real = realValueAdded({ label: month, energyTce: tce, valueAddedNominal: nominal, priceIndex });
    if (real.kind === 'no-figure') return real;
    energyTce += tce;
    valueAdded += real.value;
  }
  return figure({ energyTce, valueAdded, intensity: energyTce / valueAdded });
}

export type ValueAddedChange = {
  readonly base: Outcome<ValueAddedIntensity>;
  readonly current: Outcome<ValueAddedIntensity>;
  /** F5, signed: a fall is negative. */
  readonly change: Outcome<number>;
};

/** F5 between two periods of months at comparable prices. */
export function compareMonths(base: readonly IntensityMonth[], current: readonly IntensityMonth[]): ValueAddedChange {
  const before = intensityOfMonths(base);
  const after = intensityOfMonths(current);
  const change =
    before.kind === 'no-figure'
      ? before
      : after.kind === 'no-figure'
        ? after
        : relativeChange(after.value.intensity, before.value.intensity);
  return { base: before, current: after, change };
}
