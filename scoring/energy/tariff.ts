import { DateTime } from 'luxon';

export const tariffLevels = ['sharp', 'peak', 'flat', 'valley', 'deep-valley'] as const;
/** 尖, 峰, 平, 谷, 深谷. */
export type TariffLevel = (typeof tariffLevels)[number];
export type DayKind = 'workday' | 'rest-day' | 'holiday';

/** Hours of the day, [from, to) in "HH:MM"; to may be 24:00. */
export type TariffSpan = { readonly level: TariffLevel; readonly from: string; readonly to: string };

/** A time-of-use tariff with month sets, holidays and make-up workdays (调休). */
export type TariffPlan = {
  readonly id: string;
  readonly source: string;
  readonly validFrom: string;
  readonly validTo: string | null;
  /** Each month is in exactly one season, whose spans cover 24 hours without overlap. */
  readonly seasons: readonly { readonly months: readonly number[]; readonly spans: readonly TariffSpan[] }[];
  /** Hours that replace the season's, so that a sharp hour is not counted as peak as well. Later ones win. */
  readonly overlays: readonly {
    readonly months: readonly number[];
    readonly days: readonly DayKind[];
    readonly spans: readonly TariffSpan[];
  }[];
  /** Price of a level over the flat price. */
  readonly ratios: readonly {
    readonly months: readonly number[];
    readonly ratio: Readonly<Partial<Record<TariffLevel, number>>>;
  }[];
  /** ISO dates. */
  readonly holidays: readonly string[];
  readonly makeUpWorkdays: readonly string[];
};

const DAY_MINUTES = 1440;
const everyMonth = Array.from({ length: 12 }, (_, i) => i + 1);

function minuteOf(text: string): number {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  return Number(match?.[2]) < 60 && minutes <= DAY_MINUTES ? minutes : Number.NaN;
}

/** Why a plan cannot be used, in words with place and remedy; empty when it can. */
export function tariffProblems(plan: TariffPlan): string[] {
  const problems: string[] = [];
  if (plan.source.trim() === '') problems.push(`tariff ${plan.id}: source is empty; name the decree`);
  for (const month of everyMonth) {
    const seasons = plan.seasons.filter(({ months }) => months.includes(month));
    if (seasons.length !== 1)
      problems.push(`tariff ${plan.id}: month ${month} is in ${seasons.length} seasons; put it in exactly one`);
    const used = new Set(levelsOfMonth(plan, month));
    for (const level of used) {
      if (ratioOf(plan, month, level) === null)
        problems.push(`tariff ${plan.id}: no price ratio for ${level} in month ${month}; add one under ratios`);
    }
  }
  plan.seasons.forEach(({ spans }, index) => {
    const minutes = new Uint8Array(DAY_MINUTES);
    for (const { from, to } of spans) {
      if (!(minuteOf(to) > minuteOf(from))) {
        problems.push(`tariff ${plan.id}: seasons[${index}] has the span ${from}-${to}; write HH:MM, from before to`);
        continue;
      }
      for (let minute = minuteOf(from); minute < minuteOf(to); minute += 1)
        minutes[minute] = (minutes[minute] ?? 0) + 1;
    }
    const hours = minutes.reduce((sum, count) => sum + count, 0) / 60;
    if (minutes.some((count) => count !== 1)) {
      problems.push(
        `tariff ${plan.id}: spans of seasons[${index}] cover ${hours} hours and ${minutes.every(Boolean) ? 'overlap' : 'leave gaps'}; they must cover 24 hours once`,
      );
    }
  });
  return problems;
}

function levelsOfMonth(plan: TariffPlan, month: number): TariffLevel[] {
  return [...plan.seasons, ...plan.overlays]
    .filter(({ months }) => months.includes(month))
    .flatMap(({ spans }) => spans.map(({ level }) => level));
}

function ratioOf(plan: TariffPlan, month: number, level: TariffLevel): number | null {
  return plan.ratios.find(({ months }) => months.includes(month))?.ratio[level] ?? null;
}

/** What kind of day an ISO date is; a make-up workday on a weekend is a workday. */
export function dayKindOf(plan: Pick<TariffPlan, 'holidays' | 'makeUpWorkdays'>, day: string): DayKind {
  if (plan.holidays.includes(day)) return 'holiday';
  if (plan.makeUpWorkdays.includes(day)) return 'workday';
  return DateTime.fromISO(day, { zone: 'utc' }).weekday >= 6 ? 'rest-day' : 'workday';
}

/** Level in force at a minute (0…1439) of an ISO date. The plan has no problems. */
export function tariffLevelAt(plan: TariffPlan, day: string, minute: number): TariffLevel {
  const month = Number(day.slice(5, 7));
  const kind = dayKindOf(plan, day);
  const holds = ({ from, to }: TariffSpan): boolean => minute >= minuteOf(from) && minute < minuteOf(to);
  let level = plan.seasons.find(({ months }) => months.includes(month))?.spans.find(holds)?.level ?? 'flat';
  for (const overlay of plan.overlays) {
    if (!overlay.months.includes(month) || !overlay.days.includes(kind)) continue;
    level = overlay.spans.find(holds)?.level ?? level;
  }
  return level;
}

/** Hours of each level on an ISO date; they add up to 24. */
export function tariffHours(plan: TariffPlan, day: string): Record<TariffLevel, number> {
  const minutes = { sharp: 0, peak: 0, flat: 0, valley: 0, 'deep-valley': 0 };
  for (let minute = 0; minute < DAY_MINUTES; minute += 1) minutes[tariffLevelAt(plan, day, minute)] += 1;
  for (const level of tariffLevels) minutes[level] /= 60;
  return minutes;
}

/** Price over flat price at an instant of the day. @throws RangeError when the plan gives the level no ratio. */
export function priceRatio(plan: TariffPlan, day: string, level: TariffLevel): number {
  const ratio = ratioOf(plan, Number(day.slice(5, 7)), level);
  if (ratio === null) throw new RangeError(`tariff ${plan.id} has no price ratio for ${level} on ${day}`);
  return ratio;
}

/** Mean price ratio of a constant load over an ISO date. */
export function meanPriceRatio(plan: TariffPlan, day: string): number {
  const hours = tariffHours(plan, day);
  return (
    tariffLevels.reduce(
      (sum, level) => (hours[level] === 0 ? sum : sum + hours[level] * priceRatio(plan, day, level)),
      0,
    ) / 24
  );
}

export type TariffPart = { readonly level: TariffLevel; readonly kwh: number; readonly cost: number };
export type TariffSplit = {
  readonly parts: readonly TariffPart[];
  /** true: a window longer than 15 minutes crosses an edge, so its split is a guess by time. */
  readonly estimated: boolean;
};

const steps = new WeakMap<TariffPlan, number>();
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Longest time, up to a quarter of an hour, on whose multiples every edge of a plan lies; zones are off by whole quarters. */
function stepMs(plan: TariffPlan): number {
  const known = steps.get(plan);
  if (known !== undefined) return known;
  const edges = [...plan.seasons, ...plan.overlays].flatMap(({ spans }) => spans.flatMap(({ from, to }) => [from, to]));
  const step = edges.reduce((least, edge) => divisor(least, minuteOf(edge)), 15) * 60_000;
  steps.set(plan, step);
  return step;
}

/** F17: one window's energy by level and its cost at a flat price per kWh; the parts add up to the energy. */
export function splitByTariff(
  window: { readonly kwh: number; readonly start: number; readonly end: number },
  plan: TariffPlan,
  { zone, flatPrice }: { readonly zone: string; readonly flatPrice: number },
): TariffSplit {
  const byLevel = new Map<string, { level: TariffLevel; day: string; ms: number }>();
  const step = stepMs(plan);
  for (let at = window.start; at < window.end;) {
    const local = DateTime.fromMillis(at, { zone });
    const day = local.toISODate() ?? '';
    const level = tariffLevelAt(plan, day, local.hour * 60 + local.minute);
    const next = Math.min(window.end, at - (at % step) + step);
    const key = `${level}|${day}`;
    const part = byLevel.get(key) ?? { level, day, ms: 0 };
    part.ms += next - at;
    byLevel.set(key, part);
    at = next;
  }
  const parts = [...byLevel.values()];
  let left = window.kwh;
  const split = parts.map(({ level, day, ms }, index) => {
    const kwh = index === parts.length - 1 ? left : (window.kwh * ms) / (window.end - window.start);
    left -= kwh;
    return { level, kwh, cost: kwh * flatPrice * priceRatio(plan, day, level) };
  });
  return {
    parts: split,
    estimated: new Set(parts.map(({ level }) => level)).size > 1 && window.end - window.start > 900_000,
  };
}
