import type { Carrier, TagDescription } from '../../broker/contract/tag.ts';
import { carrierScale, carrierUnitNames } from './carrier-unit.ts';
import { createCounterState, stepCounter, type CounterOptions, type CounterState } from './counter.ts';
import { counterIssueText, type LedgerIssue } from './ledger-issue.ts';
import { toNano } from './quantum.ts';
import type { QuarterBook } from './quarter-book.ts';

/** State as kept in a checkpoint, by tag. */
export type SeriesCheckpoint = {
  readonly amounts: Readonly<Record<string, CounterState>>;
  readonly means: Readonly<Record<string, readonly [value: number, at: number]>>;
};

type Amount = {
  readonly series: string;
  readonly tag: TagDescription;
  readonly factor: number;
  readonly options: CounterOptions;
  state: CounterState;
};
type Mean = { readonly series: string; value: number; at: number };

const HOUR = 3_600_000;
/** A glitch of a counter is forgiven for this long before it counts as a reset. */
const CONFIRM_MS = HOUR / 2;
/** Over a longer silence nothing is spread. */
const MAX_SPAN_MS = 15 * 24 * HOUR;
/** A reading beyond this is no reading: sums with it could not be kept exactly. */
const MAX_READING = 1e15;

/**
 * What a machine's tags say beside electricity and pieces: counters of other carriers, classified like those of electricity,
 * and time means of the tags somebody rests a baseline on. Samples come in event time, good ones only.
 */
export class MachineSeries {
  readonly #book: QuarterBook;
  readonly #maxGapMs: number;
  readonly #onIssue: (issue: LedgerIssue) => void;
  readonly #amounts = new Map<string, Amount>();
  readonly #means = new Map<string, Mean>();
  readonly #reported = new Set<string>();

  constructor(
    path: string,
    tags: readonly TagDescription[],
    options: {
      readonly book: QuarterBook;
      /** Tags whose means are kept. */
      readonly watched: ReadonlySet<string>;
      readonly maxGapMs: number;
      readonly onIssue: (issue: LedgerIssue) => void;
    },
  ) {
    this.#book = options.book;
    this.#maxGapMs = options.maxGapMs;
    this.#onIssue = options.onIssue;
    for (const tag of tags) {
      const { name, carrier, role, unit = '' } = tag;
      if (options.watched.has(name)) {
        const series = this.#book.describe({ kind: 'mean', path, tag: name, unit, carrier: null });
        this.#means.set(name, { series, value: Number.NaN, at: Number.NaN });
      }
      if (role === 'energy-counter' && carrier !== undefined && carrier !== 'electricity')
        this.#open(path, tag, carrier);
    }
  }

  /** Whether there is anything to keep. */
  get isEmpty(): boolean {
    return this.#amounts.size === 0 && this.#means.size === 0;
  }

  sample(name: string, value: number | string | boolean, at: number): void {
    const amount = this.#amounts.get(name);
    if (amount !== undefined) this.#count(amount, Number(value), at);
    const mean = this.#means.get(name);
    if (mean !== undefined) this.#hold(mean, Number(value), at);
  }

  /** A tag has no good value from here on. */
  lost(name: string): void {
    const mean = this.#means.get(name);
    if (mean !== undefined) mean.at = Number.NaN;
  }

  /** All values are unchanged up to `at`. */
  proveAlive(at: number): void {
    for (const amount of this.#amounts.values()) {
      if (amount.state.pending === null && at > amount.state.lastAt) this.#count(amount, amount.state.lastValue, at);
    }
    for (const mean of this.#means.values()) this.#hold(mean, mean.value, at);
  }

  checkpoint(): SeriesCheckpoint {
    return {
      amounts: Object.fromEntries([...this.#amounts].map(([name, { state }]) => [name, { ...state }])),
      means: Object.fromEntries([...this.#means].map(([name, { value, at }]) => [name, [value, at]])),
    };
  }

  restore({ amounts, means }: SeriesCheckpoint): void {
    for (const [name, state] of Object.entries(amounts)) {
      const amount = this.#amounts.get(name);
      // JSON has no NaN: a counter that was never read comes back with null.
      if (amount !== undefined && (state.lastAt as number | null) !== null) amount.state = { ...state };
    }
    for (const [name, [value, at]] of Object.entries(means)) {
      const mean = this.#means.get(name);
      if (mean !== undefined) Object.assign(mean, { value: value ?? Number.NaN, at: at ?? Number.NaN });
    }
  }

  #open(path: string, tag: TagDescription, carrier: Exclude<Carrier, 'electricity'>): void {
    const scale = carrierScale(carrier, tag.unit);
    if (scale === null) {
      return this.#issue('UNIT_UNKNOWN', tag.name, 0, {
        message: `unit of ${tag.name} ${tag.unit === undefined ? 'is missing' : `"${tag.unit}" is no unit of ${carrier}`}; the tag is not counted`,
        remedy: `set the tag's unit in plant.yaml to one of ${carrierUnitNames(carrier).join(', ')}`,
      });
    }
    const series = this.#book.describe({ kind: 'amount', path, tag: tag.name, unit: scale.unit, carrier });
    const maxPerMs = tag.ratedMax === undefined ? null : tag.ratedMax / HOUR;
    this.#amounts.set(tag.name, {
      series,
      tag,
      factor: scale.factor,
      options: { modulus: tag.modulus ?? null, maxPerMs, jitter: 0, confirmMs: CONFIRM_MS },
      state: createCounterState(),
    });
  }

  #count(amount: Amount, value: number, at: number): void {
    const { state, factor, tag, series } = amount;
    if (!(Math.abs(value * factor) < MAX_READING)) {
      return this.#issue('VALUE_NOT_A_NUMBER', tag.name, at, {
        message: `tag ${tag.name} (${tag.role}) delivered ${value}, which is no number a meter can show; the value is left out`,
        remedy: 'check the node and its data type in the PLC, or the role of the tag in plant.yaml',
      });
    }
    const step = stepCounter(state, value, at, amount.options);
    if (step.kind === 'unresolved' || (step.kind === 'delta' && step.to - step.from > MAX_SPAN_MS)) {
      this.#book.add(series, step.to - 1, 'unresolved', 1);
      return this.#issue(
        'COUNTER_UNRESOLVED',
        tag.name,
        step.to,
        counterIssueText.unresolved(value, tag.unit ?? '', step.from),
      );
    }
    if (step.kind !== 'delta') return;
    if (step.cause === 'reset')
      this.#issue('COUNTER_RESET', tag.name, step.to, counterIssueText.reset(step.from, step.to));
    const { from, to } = step;
    const nano = toNano(step.value * factor) - toNano(step.base * factor);
    this.#book.spread(series, from, to, 'sum', nano);
    if (to - from <= this.#maxGapMs) this.#book.addTime(series, from, to, 'ms');
    else this.#book.spread(series, from, to, 'estimated', nano);
  }

  /** The value before holds until this one; over a longer gap nobody knows. */
  #hold(mean: Mean, value: number, at: number): void {
    if (at <= mean.at) return;
    if (Number.isFinite(mean.value) && at - mean.at <= this.#maxGapMs) {
      this.#book.addTime(mean.series, mean.at, at, 'sum', mean.value);
      this.#book.addTime(mean.series, mean.at, at, 'ms');
    }
    mean.value = value;
    mean.at = Number.isFinite(value) ? at : Number.NaN;
  }

  #issue(
    code: LedgerIssue['code'],
    tag: string,
    at: number,
    text: { readonly message: string; readonly remedy: string },
  ): void {
    const key = `${code}|${tag}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#onIssue({ code, tag, at, ...text });
  }
}
