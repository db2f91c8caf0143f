import { exactTotal, splitExactly } from './quantum.ts';

/** Drivers of a shared utility in the order they are preferred. */
export const allocationDrivers = ['sub-meter', 'flow', 'run-time-rated', 'good-output', 'fixed-share'] as const;
export type AllocationDriver = (typeof allocationDrivers)[number];

export type AllocationInput = {
  readonly utility: string;
  readonly totalKwh: number;
  /** Consumers with what is known of each driver; null or absent = unknown. */
  readonly consumers: readonly {
    readonly path: string;
    readonly drivers: Readonly<Partial<Record<AllocationDriver, number | null>>>;
  }[];
  /** Version of the rules that were agreed, stored with every allocated kWh. */
  readonly rulesVersion: string;
  /** ISO date on which fixed shares were approved; without one they are not used. */
  readonly fixedSharesApproved?: string;
};

export type Allocation = {
  readonly utility: string;
  /** Null: nothing could be allocated. */
  readonly driver: AllocationDriver | null;
  readonly rulesVersion: string;
  /** Preferred drivers that could not be used, each with the reason; the class of the figure is lowered when there are any. */
  readonly fallbacks: readonly string[];
  readonly rows: readonly { readonly path: string; readonly share: number; readonly allocatedKwh: number }[];
  /** Base load in time without any demand; it belongs to no product. */
  readonly plantIdleKwh: number;
  /** What no rule could give away. Σ rows + plantIdleKwh + residualKwh = total, to the last decimal. */
  readonly residualKwh: number;
};

/** Gives the energy of a shared utility to its consumers by the best driver that is known for all of them. */
export function allocate(input: AllocationInput): Allocation {
  const { utility, totalKwh, consumers, rulesVersion } = input;
  const fallbacks: string[] = [];
  const none = { utility, rulesVersion, rows: [], plantIdleKwh: 0, residualKwh: 0 };
  for (const driver of allocationDrivers) {
    const values = consumers.map(({ drivers }) => drivers[driver] ?? null);
    if (values.every((value) => value === null)) continue;
    const missing = consumers.filter((_, index) => values[index] === null).map(({ path }) => path);
    if (missing.length > 0) {
      fallbacks.push(`${driver} is not known of ${missing.join(', ')}`);
      continue;
    }
    if (driver === 'fixed-share' && input.fixedSharesApproved === undefined) {
      fallbacks.push('fixed-share has no date of approval');
      continue;
    }
    const weights = values.map((value) => value ?? 0);
    if (weights.some((weight) => weight < 0 || !Number.isFinite(weight))) {
      fallbacks.push(`${driver} has a negative value`);
      continue;
    }
    if (weights.every((weight) => weight === 0)) return { ...none, driver, fallbacks, plantIdleKwh: totalKwh };
    const parts =
      driver === 'sub-meter'
        ? weights
        : (splitExactly(totalKwh * (driver === 'fixed-share' ? fixedWhole(weights) : 1), weights) ?? []);
    return {
      ...none,
      driver,
      fallbacks,
      rows: consumers.map(({ path }, index) => ({
        path,
        share: totalKwh === 0 ? 0 : (parts[index] ?? 0) / totalKwh,
        allocatedKwh: parts[index] ?? 0,
      })),
      residualKwh: exactTotal([totalKwh, ...parts.map((part) => -part)]),
    };
  }
  return { ...none, driver: null, fallbacks, residualKwh: totalKwh };
}

/** Fixed shares need not give everything away; more than everything is scaled down to it. */
const fixedWhole = (shares: readonly number[]): number =>
  Math.min(
    1,
    shares.reduce((sum, share) => sum + share, 0),
  );
