import { fromNano, wholePart } from './quantum.ts';

/**
 * Sums of named series by quarter of an hour, for what has no windows of its own: carriers beside electricity and tags that a
 * baseline rests on. Kept as one text per series and UTC day. A quarter fits every time zone and shift in use.
 */
export type SeriesKind = 'amount' | 'mean';

/** What a series holds; written once under its name. */
export type SeriesInfo = {
  readonly kind: SeriesKind;
  readonly path: string;
  readonly tag: string;
  /** Canonical unit of an amount, unit of the tag for a mean. */
  readonly unit: string;
  /** Amounts only. */
  readonly carrier: string | null;
};

/** Sums of one quarter. */
export type Quarter = {
  /** Epoch ms. */
  readonly start: number;
  /** amount: in the canonical unit. mean: Σ value · ms. */
  readonly sum: number;
  /** Time that was measured, ms. */
  readonly ms: number;
  /** Of `sum`: spread over a gap. Amounts only. */
  readonly estimated: number;
  /** Counter steps nobody can explain, in no sum. */
  readonly unresolved: number;
};

export const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const QUARTERS = 96;
const FIELDS = 4;
/** Days in memory; no difference of a counter is spread further back. */
export const QUARTERS_KEPT_MS = 17 * DAY_MS;
const fields = { sum: 0, ms: 1, estimated: 2, unresolved: 3 } as const;
export type QuarterField = keyof typeof fields;

type Day = { readonly series: string; readonly start: number; readonly sums: Float64Array; changed: boolean };

/** Name of a series in the store. */
export const seriesName = ({ kind, path, tag }: Pick<SeriesInfo, 'kind' | 'path' | 'tag'>): string =>
  `${kind}/${path}#${tag}`;
/** Names of the store's rows: what there is, and the days of one series. */
export const QUARTERS_PREFIX = 'quarters/';
export const SERIES_PREFIX = 'series/';
export const dayPrefix = (series: string): string => `quarters/${series}/`;

/** The quarters in the making. */
export class QuarterBook {
  readonly #days = new Map<string, Day>();
  readonly #unsaved = new Map<string, SeriesInfo>();
  readonly #known = new Set<string>();

  /** Makes a series known before anything is added to it. */
  describe(info: SeriesInfo): string {
    const name = seriesName(info);
    if (!this.#known.has(name)) this.#unsaved.set(name, info);
    this.#known.add(name);
    return name;
  }

  /** Adds to the quarter that holds `at`; amounts are whole numbers of 10⁻⁹. */
  add(series: string, at: number, field: QuarterField, amount: number): void {
    if (amount === 0) return;
    const start = at - (at % DAY_MS);
    const key = rowName(series, start);
    let day = this.#days.get(key);
    if (day === undefined) {
      day = { series, start, sums: new Float64Array(QUARTERS * FIELDS), changed: false };
      this.#days.set(key, day);
    }
    const index = Math.floor((at - start) / QUARTER_MS) * FIELDS + fields[field];
    day.sums[index] = (day.sums[index] ?? 0) + amount;
    day.changed = true;
  }

  /** Spreads a whole amount evenly over [from, to); the parts add up to it exactly. */
  spread(series: string, from: number, to: number, field: QuarterField, amount: number): void {
    let at = from;
    let given = 0;
    for (let edge = nextQuarter(from); edge < to; edge += QUARTER_MS) {
      const until = wholePart(amount, edge - from, to - from);
      this.add(series, at, field, until - given);
      given = until;
      at = edge;
    }
    this.add(series, at, field, amount - given);
  }

  /** Adds `perMs` for each ms of [from, to). */
  addTime(series: string, from: number, to: number, field: QuarterField, perMs = 1): void {
    for (let at = from; at < to;) {
      const edge = Math.min(nextQuarter(at), to);
      this.add(series, at, field, (edge - at) * perMs);
      at = edge;
    }
  }

  /** Rows that changed, to be written in one transaction with the state they come from. */
  takeChanged(clock: number): { readonly name: string; readonly body: string }[] {
    const rows = [...this.#unsaved].map(([name, info]) => ({
      name: `${SERIES_PREFIX}${name}`,
      body: JSON.stringify(info),
    }));
    this.#unsaved.clear();
    for (const [key, day] of this.#days) {
      if (day.changed) rows.push({ name: key, body: JSON.stringify([...day.sums]) });
      day.changed = false;
      if (day.start < clock - QUARTERS_KEPT_MS) this.#days.delete(key);
    }
    return rows;
  }

  /** Marks rows that could not be written, so that they are taken again. */
  retake(rows: readonly { readonly name: string }[]): void {
    for (const { name } of rows) {
      const day = this.#days.get(name);
      if (day !== undefined) day.changed = true;
      else this.#known.delete(name.slice(SERIES_PREFIX.length));
    }
  }

  /** Puts the stored days of a series back that may still change. */
  restore(rows: readonly { readonly name: string; readonly body: string }[]): void {
    for (const { name, body } of rows) {
      const slash = name.lastIndexOf('/');
      const series = name.slice(QUARTERS_PREFIX.length, slash);
      const start = Date.parse(`${name.slice(slash + 1)}T00:00:00Z`);
      const sums = Float64Array.from(JSON.parse(body) as number[]);
      if (sums.length === QUARTERS * FIELDS && Number.isFinite(start))
        this.#days.set(name, { series, start, sums, changed: false });
    }
  }
}

/** The quarters of one series in [from, to) that hold anything, oldest first, from its stored rows. */
export function quartersIn(
  rows: readonly { readonly name: string; readonly body: string }[],
  { kind, from, to }: { readonly kind: SeriesKind; readonly from: number; readonly to: number },
): Quarter[] {
  const unit = kind === 'amount' ? fromNano : (value: number) => value;
  return rows.flatMap(({ name, body }) => {
    const start = Date.parse(`${name.slice(name.lastIndexOf('/') + 1)}T00:00:00Z`);
    if (!(start + DAY_MS > from && start < to)) return [];
    const sums = JSON.parse(body) as readonly number[];
    return Array.from({ length: QUARTERS }, (_, index) => {
      const [sum = 0, ms = 0, estimated = 0, unresolved = 0] = sums.slice(index * FIELDS, (index + 1) * FIELDS);
      return { start: start + index * QUARTER_MS, sum: unit(sum), ms, estimated: unit(estimated), unresolved };
    }).filter(
      (quarter) =>
        quarter.start >= from &&
        quarter.start < to &&
        (quarter.sum !== 0 || quarter.ms > 0 || quarter.unresolved !== 0),
    );
  });
}

const rowName = (series: string, start: number): string =>
  `${dayPrefix(series)}${new Date(start).toISOString().slice(0, 10)}`;
const nextQuarter = (at: number): number => at - (at % QUARTER_MS) + QUARTER_MS;
