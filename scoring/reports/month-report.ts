import type { LocalText } from '../../broker/contract/plant.ts';
import { accountOf, type AccountRules, type EnergyAccount } from '../energy/account.ts';
import { exactSumOfProducts } from '../energy/decimal.ts';
import {
  addSums,
  figureOf,
  NO_SUMS,
  type EnergyFigure,
  type EnergySums,
  type NoFigureReason,
} from '../energy/figure.ts';
import { relativeChange } from '../energy/intensity.ts';
import { exactTotal } from '../energy/quantum.ts';
import type { TargetReport } from '../energy/target.ts';
import { reportTarget, type TargetInput } from '../energy/target-report.ts';
import { traceFigure } from '../energy/trace.ts';
import { compareMonths, type IntensityMonth } from '../energy/value-added.ts';
import type { EnergyWindow, EquipmentLevel } from '../energy/window.ts';
import { gradeOf, type QuotaGrade, type QuotaRule } from './quota.ts';
import { factorsByDay, usedFactors, type DayFactors, type ReportFactor } from './month-factors.ts';
import type { MonthDay, MonthSpan } from './month.ts';

/** An object of the tree as a report names it. */
export type ReportObject = {
  /** '' is the site. */
  readonly path: string;
  readonly level: EquipmentLevel;
  readonly name: string;
  readonly displayName: LocalText;
};

/** Value added of a month as accounting booked it. */
export type ReportValueAdded = {
  readonly nominal: number;
  readonly priceIndex: number;
  readonly status: 'provisional' | 'final';
  readonly source: string;
};

export type MonthReportInput = {
  readonly enterprise: string;
  readonly site: { readonly name: string; readonly displayName: LocalText };
  readonly zone: string;
  readonly month: MonthSpan;
  /** What the month is compared with. */
  readonly previous: MonthSpan;
  readonly yearBefore: MonthSpan;
  /** Epoch ms; days that begin later are not expected yet. */
  readonly asOf: number;
  /** Site first, then depth first. */
  readonly objects: readonly ReportObject[];
  /** Day windows of all objects in the three spans. */
  readonly windows: readonly EnergyWindow[];
  /** Hour windows of the site in the month, for the tariff. */
  readonly siteHours: readonly EnergyWindow[];
  readonly rules: AccountRules;
  /** Targets with the days from their base period on; days after the month are left out here. */
  readonly targets: readonly TargetInput[];
  readonly valueAdded: ReadonlyMap<string, ReportValueAdded>;
  readonly quotas: readonly QuotaRule[];
};

/** Why a figure of a report is missing. */
export type ReportReason = NoFigureReason | 'no-factor' | 'no-base' | 'no-value-added';

export type ReportAmount = { readonly value: number | null; readonly reason: ReportReason | null };

/** One day of one object as it stands in the store; a day without a window is `missing`. */
export type ReportDay = {
  readonly day: string;
  readonly state: 'final' | 'open' | 'missing';
  readonly revision: number;
  readonly sums: EnergySums;
  /** Factors of electricity on this day; null where none is known. */
  readonly factors: DayFactors;
};

/** What an object did in one of the spans. */
export type ReportPeriod = {
  readonly days: readonly ReportDay[];
  readonly figure: EnergyFigure;
  readonly daysMeasured: number;
};

export type ReportRow = {
  readonly object: ReportObject;
  readonly month: ReportPeriod;
  readonly previous: ReportPeriod;
  readonly yearBefore: ReportPeriod;
  /** 当量值 and 等价值, kgce; never added to one another. */
  readonly kgceCalorific: ReportAmount;
  readonly kgceEquivalent: ReportAmount;
  readonly kgCO2: ReportAmount;
  /** Change of energy per output, signed fraction; a fall is negative. */
  readonly changePrevious: ReportAmount;
  readonly changeYear: ReportAmount;
  /** Days whose final window was changed by late data, and how often. */
  readonly revisedDays: number;
  readonly revisions: number;
  readonly quota: QuotaGrade | null;
};

export type ReportTarget = { readonly month: TargetReport; readonly toDate: TargetReport };

/** A month of a plant as an energy officer signs it. Unknown is null with a reason, never 0. */
export type MonthReport = {
  readonly month: string;
  readonly enterprise: string;
  readonly site: MonthReportInput['site'];
  readonly zone: string;
  /** First and last local day, inclusive. */
  readonly from: string;
  readonly to: string;
  /** provisional: the month is not over, a day is not final, or days are missing. */
  readonly state: 'final' | 'provisional';
  readonly rows: readonly ReportRow[];
  /** Energy of the site that none of the objects right below explains, kWh; null without objects or figure. */
  readonly residualKwh: number | null;
  readonly tariff: EnergyAccount['tariff'];
  readonly targets: readonly ReportTarget[];
  readonly factors: readonly ReportFactor[];
  readonly valueAdded: ReportValueAdded | null;
  /** tce per 10⁴ yuan at comparable prices. */
  readonly intensity: { readonly calorific: ReportIntensity; readonly equivalent: ReportIntensity };
  /** SHA-256 of everything the report is made from: same data, same hash, same bytes. */
  readonly hash: string;
};

export type ReportIntensity = {
  readonly value: ReportAmount;
  /** Against the same month of the year before, signed fraction. */
  readonly change: ReportAmount;
};

/** Makes the report of a month. Pure: same input, same report. */
export function buildMonthReport(input: MonthReportInput): MonthReport {
  const byPath = new Map<string, Map<number, EnergyWindow>>();
  for (const window of input.windows) {
    const rows = byPath.get(window.path) ?? new Map<number, EnergyWindow>();
    byPath.set(window.path, rows.set(window.start, window));
  }
  const factors = factorsByDay(input.rules);
  const rows = input.objects.map((object) => rowOf(object, byPath.get(object.path) ?? new Map(), input, factors));
  const site = rows[0];
  const asOf = Math.min(input.asOf, input.month.to);
  const account = accountOf(input.siteHours, input.rules);
  const dayOf = new Map(input.month.days.map(({ day, start }) => [day, start]));
  const lastDay = input.month.days.at(-1)?.day ?? '';
  const firstDay = input.month.days[0]?.day ?? '';
  const report: Omit<MonthReport, 'hash'> = {
    month: input.month.month,
    enterprise: input.enterprise,
    site: input.site,
    zone: input.zone,
    from: firstDay,
    to: lastDay,
    state:
      asOf < input.month.to || (site?.month.days ?? []).some(({ state }) => state !== 'final')
        ? 'provisional'
        : 'final',
    rows,
    residualKwh: residualOf(rows, input.rules),
    tariff: input.siteHours.length === 0 ? null : account.tariff,
    targets: input.targets.map((target) => ({
      month: reportTarget({
        ...target,
        days: target.days.filter(({ day }) => day <= target.basePeriod.to || dayOf.has(day)),
      }),
      toDate: reportTarget({ ...target, days: target.days.filter(({ day }) => day <= lastDay) }),
    })),
    factors: usedFactors(input.rules, input.month.days),
    valueAdded: input.valueAdded.get(input.month.month) ?? null,
    intensity: {
      calorific: intensityOf('kgceCalorific', site, input),
      equivalent: intensityOf('kgceEquivalent', site, input),
    },
  };
  return { ...report, hash: hashOf(input, report) };
}

function rowOf(
  object: ReportObject,
  windows: ReadonlyMap<number, EnergyWindow>,
  input: MonthReportInput,
  factors: (day: string) => DayFactors,
): ReportRow {
  const meters = metersOf(windows.values());
  const periodOf = (span: MonthSpan): ReportPeriod => {
    const days = span.days
      .filter(({ start }) => start < input.asOf)
      .map((day) => dayRow(day, windows.get(day.start), { meters, factors: factors(day.day) }));
    const known = days.some(({ state }) => state !== 'missing');
    return {
      days: known ? days : [],
      figure: figureOf(addSums(known ? days.map(({ sums }) => sums) : [])),
      daysMeasured: days.filter(({ state }) => state !== 'missing').length,
    };
  };
  const month = periodOf(input.month);
  const previous = periodOf(input.previous);
  const yearBefore = periodOf(input.yearBefore);
  const amounts = {
    kgceCalorific: amountOf(month, 'kgceCalorific'),
    kgceEquivalent: amountOf(month, 'kgceEquivalent'),
    kgCO2: amountOf(month, 'kgCO2'),
  };
  const measured = month.days.filter(({ state }) => state !== 'missing');
  return {
    object,
    month,
    previous,
    yearBefore,
    ...amounts,
    changePrevious: changeOf(month, previous),
    changeYear: changeOf(month, yearBefore),
    revisedDays: measured.filter(({ revision }) => revision > 0).length,
    revisions: measured.reduce((sum, { revision }) => sum + revision, 0),
    quota: gradeOf(
      object.path,
      { ...amounts, output: month.figure.sec === null ? null : month.figure.output },
      input.quotas,
    ),
  };
}

/** Meters of an object as its windows count them: expected time over length. */
function metersOf(windows: Iterable<EnergyWindow>): number {
  let meters = 0;
  for (const { expectedMs, start, end } of windows) meters = Math.max(meters, Math.round(expectedMs / (end - start)));
  return meters;
}

function dayRow(
  { day, start, end }: MonthDay,
  window: EnergyWindow | undefined,
  { meters, factors }: { readonly meters: number; readonly factors: DayFactors },
): ReportDay {
  // A day without a window was not measured; leaving it out of the expected time would hide the hole.
  if (window === undefined)
    return { day, state: 'missing', revision: 0, sums: { ...NO_SUMS, expectedMs: meters * (end - start) }, factors };
  return { day, state: window.state, revision: window.revision, sums: window, factors };
}

/** kgce or kg CO₂ of a period: Σ energy of the day × factor of the day. Only what has a class may be signed. */
function amountOf({ days, figure }: ReportPeriod, name: keyof DayFactors): ReportAmount {
  if (figure.energyKwh === null) return none('no-data');
  if (figure.class === null) return none('low-coverage');
  const used = days.filter(({ state }) => state !== 'missing');
  if (used.some(({ factors }) => factors[name] === null)) return none('no-factor');
  return {
    value: exactSumOfProducts(used.map(({ sums, factors }) => [sums.energyKwh, factors[name] ?? 0])),
    reason: null,
  };
}

const none = (reason: ReportReason): ReportAmount => ({ value: null, reason });

function changeOf(now: ReportPeriod, before: ReportPeriod): ReportAmount {
  if (now.figure.sec === null) return none(now.figure.reason ?? 'no-data');
  if (before.figure.sec === null) return none('no-base');
  const change = relativeChange(now.figure.sec, before.figure.sec);
  return change.kind === 'figure' ? { value: change.value, reason: null } : none('no-base');
}

type Row = Pick<ReportRow, 'object' | 'month'>;

/** Main meters measure what lies beside them again, and independent objects are no part of the site. */
function residualOf(rows: readonly Row[], { boundaries }: AccountRules): number | null {
  const site = rows[0]?.month.figure.energyKwh ?? null;
  const parts = rows.filter(
    ({ object: { path } }) =>
      path !== '' && !path.includes('/') && path !== boundaries.mainMeters.get('') && !boundaries.independent.has(path),
  );
  if (site === null || parts.length === 0) return null;
  return exactTotal([site, ...parts.map(({ month }) => -(month.figure.energyKwh ?? 0))]);
}

function intensityOf(
  name: 'kgceCalorific' | 'kgceEquivalent',
  site: ReportRow | undefined,
  { month, yearBefore, valueAdded }: MonthReportInput,
): ReportIntensity {
  const monthOf = ({ month: label }: MonthSpan, period: ReportPeriod | undefined): IntensityMonth => {
    const amount = period === undefined ? none('no-data') : amountOf(period, name);
    const entry = valueAdded.get(label);
    return {
      month: label,
      energyTce: amount.value === null ? null : amount.value / 1000,
      energyReason: amount.reason,
      nominal: entry?.nominal ?? null,
      priceIndex: entry?.priceIndex ?? null,
    };
  };
  const now = monthOf(month, site?.month);
  const { current, change } = compareMonths([monthOf(yearBefore, site?.yearBefore)], [now]);
  const reason: ReportReason =
    now.nominal === null ? 'no-value-added' : ((now.energyReason as ReportReason | null) ?? 'no-data');
  return {
    value: current.kind === 'figure' ? { value: current.value.intensity, reason: null } : none(reason),
    change:
      change.kind === 'figure'
        ? { value: change.value, reason: null }
        : none(current.kind === 'figure' ? 'no-base' : reason),
  };
}

function hashOf(input: MonthReportInput, report: Omit<MonthReport, 'hash'>): string {
  const windows = input.windows.map(
    ({ path, start, state, revision, energyKwh, idleKwh, estimatedKwh, output, scrap, coveredMs, expectedMs }) => [
      path,
      start,
      state,
      revision,
      energyKwh,
      idleKwh,
      estimatedKwh,
      output,
      scrap,
      coveredMs,
      expectedMs,
    ],
  );
  return traceFigure(
    `month-report ${report.month}`,
    {
      windows,
      hours: input.siteHours.map(({ start, revision, energyKwh, idleKwh }) => [start, revision, energyKwh, idleKwh]),
      objects: input.objects.map(({ path, name, displayName }) => [
        path,
        name,
        displayName.en ?? null,
        displayName.zh ?? null,
      ]),
      days: input.month.days.filter(({ start }) => start < input.asOf).length,
      factors: report.factors.map(({ set, basis, value, source }) => [set.id, set.edition, basis, value, source]),
      tariff: input.rules.tariff === null ? null : [input.rules.tariff.plan.id, input.rules.tariff.flatPriceYuan],
      quotas: input.quotas.map((quota) => ({ ...quota })),
      valueAdded: [input.month.month, input.yearBefore.month].map((month) => {
        const entry = input.valueAdded.get(month);
        return entry === undefined ? null : { ...entry };
      }),
      targets: report.targets.map(({ month, toDate }) => [month.trace.hash, toDate.trace.hash]),
      place: [input.enterprise, input.site.name, input.zone],
    },
    { state: report.state, rows: report.rows.length },
  ).hash;
}
