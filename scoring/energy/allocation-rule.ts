import { allocate, type AllocationDriver } from './allocation.ts';
import { exactTotal } from './quantum.ts';
import type { EnergyWindow } from './window.ts';

/** How the energy of a shared utility is given to those it serves, as the plant has agreed it. */
export type AllocationRule = {
  readonly id: string;
  /** Path of the utility. */
  readonly utility: string;
  /** Version of the agreement, stored with every allocated kWh. */
  readonly version: string;
  /** The only driver that may be used; null = the best that is known of all consumers. */
  readonly driver: AllocationDriver | null;
  /** ISO date on which fixed shares were approved. */
  readonly approved: string | null;
  readonly consumers: readonly {
    readonly path: string;
    /** Rated power in kW, for run-time × rated. */
    readonly ratedKw: number | null;
    /** Path of the meter that measures what this consumer takes of the utility. */
    readonly meter: string | null;
    /** 0 to 1. */
    readonly share: number | null;
  }[];
};

/** What became of a utility's energy in a range. Σ rows + plantIdleKwh + residualKwh = totalKwh, to the last decimal. */
export type AllocatedRange = {
  readonly rule: string;
  readonly version: string;
  readonly utility: string;
  readonly totalKwh: number;
  /** Drivers that were used, with the hours they were used in; null = nothing could be allocated. */
  readonly drivers: readonly { readonly driver: AllocationDriver | null; readonly hours: number }[];
  /** Why a better driver could not be used, without repeats. */
  readonly fallbacks: readonly string[];
  readonly rows: readonly { readonly path: string; readonly share: number | null; readonly allocatedKwh: number }[];
  /** Used in hours in which nobody asked for it; it belongs to no product. */
  readonly plantIdleKwh: number;
  readonly residualKwh: number;
};

const MS_PER_HOUR = 3_600_000;

/** Allocates hour by hour, so that an hour without demand is nobody's. `windowsOf` gives the hourly windows of a path. Pure. */
export function allocateRange(
  rule: AllocationRule,
  windowsOf: (path: string) => readonly EnergyWindow[],
): AllocatedRange {
  const hourly = (path: string): ReadonlyMap<number, EnergyWindow> =>
    new Map(windowsOf(path).map((window) => [window.start, window]));
  const consumers = rule.consumers.map((consumer) => ({
    ...consumer,
    hours: hourly(consumer.path),
    metered: consumer.meter === null ? null : hourly(consumer.meter),
  }));
  const utility = [...hourly(rule.utility).values()];
  const hours = utility.map(({ start, energyKwh }) =>
    allocate({
      utility: rule.utility,
      totalKwh: energyKwh,
      rulesVersion: rule.version,
      ...(rule.approved === null ? {} : { fixedSharesApproved: rule.approved }),
      consumers: consumers.map(({ path, ratedKw, share, hours: own, metered }) => {
        const window = own.get(start);
        const drivers = {
          'sub-meter': metered?.get(start)?.energyKwh ?? null,
          'run-time-rated': window === undefined || ratedKw === null ? null : (window.runMs / MS_PER_HOUR) * ratedKw,
          'good-output': window?.output ?? null,
          'fixed-share': share,
        };
        return { path, drivers: rule.driver === null ? drivers : only(drivers, rule.driver) };
      }),
    }),
  );
  const totalKwh = exactTotal(utility.map(({ energyKwh }) => energyKwh));
  const used = new Map<AllocationDriver | null, number>();
  for (const { driver } of hours) used.set(driver, (used.get(driver) ?? 0) + 1);
  return {
    rule: rule.id,
    version: rule.version,
    utility: rule.utility,
    totalKwh,
    drivers: [...used].map(([driver, count]) => ({ driver, hours: count })),
    fallbacks: [...new Set(hours.flatMap(({ fallbacks }) => fallbacks))],
    rows: rule.consumers.map(({ path }) => {
      const allocatedKwh = exactTotal(
        hours.flatMap(({ rows }) => rows.filter((row) => row.path === path).map((row) => row.allocatedKwh)),
      );
      return { path, share: totalKwh === 0 ? null : allocatedKwh / totalKwh, allocatedKwh };
    }),
    plantIdleKwh: exactTotal(hours.map((hour) => hour.plantIdleKwh)),
    residualKwh: exactTotal(hours.map((hour) => hour.residualKwh)),
  };
}

function only(
  drivers: Readonly<Partial<Record<AllocationDriver, number | null>>>,
  driver: AllocationDriver,
): Partial<Record<AllocationDriver, number | null>> {
  return { [driver]: drivers[driver] ?? null };
}

/** Rules as plant.yaml has them. */
export const allocationRulesOf = (
  section:
    | readonly {
        readonly id: string;
        readonly utility: string;
        readonly version: string;
        readonly driver?: AllocationDriver;
        readonly approved?: string;
        readonly consumers: readonly {
          readonly path: string;
          readonly ratedKw?: number;
          readonly meter?: string;
          readonly share?: number;
        }[];
      }[]
    | undefined,
): AllocationRule[] =>
  (section ?? []).map(({ driver = null, approved = null, consumers, ...rule }) => ({
    ...rule,
    driver,
    approved,
    consumers: consumers.map(({ path, ratedKw = null, meter = null, share = null }) => ({
      path,
      ratedKw,
      meter,
      share,
    })),
  }));
