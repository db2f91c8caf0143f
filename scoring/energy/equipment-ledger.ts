import type { MachineState, TagDescription } from '../../broker/contract/tag.ts';
import { stepCounter, type CounterState, type CounterStep } from './counter.ts';
import { sortTags, type CounterTag, type LedgerTags, type PowerTag } from './ledger-tags.ts';
import { StateTimeline } from './state-timeline.ts';
import type { SumName, WindowBook, WindowCursor } from './window-book.ts';

/** What the ledger could not count, for the health page. */
export type LedgerIssue = {
  readonly code: 'UNIT_UNKNOWN' | 'COUNTER_UNRESOLVED' | 'COUNTER_RESET' | 'VALUE_NOT_A_NUMBER' | 'STATE_UNKNOWN';
  readonly tag: string;
  readonly at: number;
  readonly message: string;
  readonly remedy: string;
};

export type LedgerOptions = {
  /** Longest gap between good samples that counts as measured, ms. */
  readonly maxGapMs: number;
  readonly onIssue: (issue: LedgerIssue) => void;
};

/** State of a ledger as kept in a checkpoint. */
export type LedgerCheckpoint = {
  readonly clock: number;
  readonly expectedUntil: number;
  readonly changes: readonly (readonly [number, MachineState])[];
  readonly counters: Readonly<Record<string, CounterState>>;
  readonly power: Readonly<Record<string, readonly [number, number]>>;
};

const HOUR = 3_600_000;
/** Over a longer silence nothing is spread: it would be a guess over hundreds of thousands of windows. */
const MAX_SPAN_MS = 15 * 24 * HOUR;
const idleStates: readonly MachineState[] = ['idle', 'standby'];

const timeOf: Readonly<Record<MachineState, SumName | null>> = {
  run: 'runMs',
  idle: 'idleMs',
  standby: 'idleMs',
  off: 'offMs',
  alarm: 'otherMs',
  changeover: 'otherMs',
  unknown: null,
};

/**
 * Turns the samples of one machine, in order of event time, into sums of its windows: energy from counters (from power only
 * where no counter serves), pieces, time and energy by machine state, coverage.
 */
export class EquipmentLedger {
  readonly #book: WindowBook;
  readonly #equipment: WindowCursor;
  /** Line, area and site, which take pieces only from boundary outputs. */
  readonly #chain: WindowCursor;
  readonly #options: LedgerOptions;
  readonly #tags: LedgerTags;
  readonly #timeline = new StateTimeline();
  readonly #reported = new Set<string>();
  /** Newest event time of the machine. */
  #clock = Number.NaN;
  /** Time up to which energy is expected in the windows. */
  #expectedUntil = Number.NaN;
  readonly #boundary: ReadonlySet<string>;

  constructor(
    tags: readonly TagDescription[],
    cursors: { readonly equipment: WindowCursor; readonly chain: WindowCursor },
    book: WindowBook,
    options: LedgerOptions,
  ) {
    this.#book = book;
    this.#equipment = cursors.equipment;
    this.#chain = cursors.chain;
    this.#options = options;
    this.#boundary = new Set(tags.filter((tag) => tag.boundaryOutput === true).map((tag) => tag.name));
    this.#tags = sortTags(tags);
    for (const { tag, message, remedy } of this.#tags.refused)
      this.#issue('UNIT_UNKNOWN', tag.name, 0, { message, remedy });
  }

  get clock(): number {
    return this.#clock;
  }

  get state(): MachineState {
    return this.#timeline.state;
  }

  /** Energy tags that are metered by a counter or, without one, by power. */
  get meters(): number {
    const counters = [...this.#tags.counters.values()].filter((counter) => counter.kind === 'energy').length;
    return counters > 0 ? counters : Math.min(1, this.#tags.power.size);
  }

  /** One good sample. Samples of a machine come in order of event time; what is late in a counter is already counted. */
  sample(name: string, value: number | string, at: number): void {
    this.#passTime(at);
    const states = this.#tags.states.get(name);
    if (states !== undefined) return this.#setState(states, value, at);
    const counter = this.#tags.counters.get(name);
    if (counter !== undefined) return this.#count(counter, value, at);
    const power = this.#tags.power.get(name);
    if (power !== undefined) this.#integrate(power, value, at);
  }

  /** All values are known to be unchanged up to `at`. */
  proveAlive(at: number): void {
    this.#passTime(at);
    for (const counter of this.#tags.counters.values()) {
      if (counter.state.pending === null && at > counter.state.lastAt)
        this.#count(counter, counter.state.lastValue, at, true);
    }
    for (const power of this.#tags.power.values()) {
      if (at > power.lastAt) this.#integrate(power, power.lastKw / power.factor, at);
    }
  }

  /** Time goes on although the machine is silent: energy is expected up to `until`. */
  expect(until: number): void {
    if (this.meters === 0 || Number.isNaN(this.#expectedUntil) || until <= this.#expectedUntil) return;
    const known = until - this.#expectedUntil <= MAX_SPAN_MS;
    for (let meter = 0; known && meter < this.meters; meter += 1)
      this.#addTime(this.#expectedUntil, until, 'expectedMs');
    this.#expectedUntil = until;
  }

  checkpoint(): LedgerCheckpoint {
    return {
      clock: this.#clock,
      expectedUntil: this.#expectedUntil,
      changes: this.#timeline.changes,
      counters: Object.fromEntries([...this.#tags.counters].map(([name, counter]) => [name, counter.state])),
      power: Object.fromEntries(
        [...this.#tags.power].map(([name, power]) => [name, [power.lastKw, power.lastAt] as const]),
      ),
    };
  }

  restore(checkpoint: LedgerCheckpoint): void {
    // JSON has no NaN: what was never set comes back as null.
    this.#clock = checkpoint.clock ?? Number.NaN;
    this.#expectedUntil = checkpoint.expectedUntil ?? Number.NaN;
    this.#timeline.restore(checkpoint.changes);
    for (const [name, state] of Object.entries(checkpoint.counters)) {
      const counter = this.#tags.counters.get(name);
      if (counter === undefined) continue;
      counter.state.lastValue = state.lastValue ?? Number.NaN;
      counter.state.lastAt = state.lastAt ?? Number.NaN;
      counter.state.pending = state.pending;
    }
    for (const [name, [lastKw, lastAt]] of Object.entries(checkpoint.power)) {
      const power = this.#tags.power.get(name);
      if (power === undefined) continue;
      power.lastKw = lastKw ?? Number.NaN;
      power.lastAt = lastAt ?? Number.NaN;
    }
  }

  #count(counter: CounterTag, value: number | string, at: number, held = false): void {
    const number = typeof value === 'number' ? value : Number(value);
    if (!Number.isFinite(number) || value === '') return this.#refuseNumber(counter.tag, value, at);
    const step = stepCounter(counter.state, number, at, counter.options);
    switch (step.kind) {
      case 'delta':
        return this.#addDelta(counter, step, held);
      case 'unresolved':
        this.#book.add(this.#equipment, step.to - 1, 'unresolved', 1);
        this.#book.add(this.#chain, step.to - 1, 'unresolved', 1);
        if (step.to - step.from <= MAX_SPAN_MS) this.#book.noteGap(this.#equipment, step.from, step.to);
        return this.#issue('COUNTER_UNRESOLVED', counter.tag.name, at, {
          message: `counter changed to ${number} ${counter.tag.unit ?? ''} in a way no rollover, reset or rated maximum explains; nothing was added from ${new Date(step.from).toISOString()} on`,
          remedy: 'check modulus and ratedMax of the tag, or whether the meter was replaced',
        });
      case 'anchor':
      case 'held':
      case 'late':
        return;
      default:
        step satisfies never;
    }
  }

  #addDelta(counter: CounterTag, step: Extract<CounterStep, { kind: 'delta' }>, held: boolean): void {
    const { from, to } = step;
    if (to - from > MAX_SPAN_MS) {
      this.#book.add(this.#equipment, to - 1, 'unresolved', 1);
      this.#book.add(this.#chain, to - 1, 'unresolved', 1);
      return this.#issue('COUNTER_UNRESOLVED', counter.tag.name, to, {
        message: `no value between ${new Date(from).toISOString()} and ${new Date(to).toISOString()}; ${step.delta} ${counter.tag.unit ?? ''} counted meanwhile are in no sum`,
        remedy: 'book them by hand if they are needed; the series goes on from here',
      });
    }
    if (step.cause === 'reset') {
      this.#reported.delete(`COUNTER_RESET|${counter.tag.name}`);
      this.#issue('COUNTER_RESET', counter.tag.name, to, {
        message: `counter was reset between ${new Date(from).toISOString()} and ${new Date(to).toISOString()} and is counted from 0; what it had counted before the reset since the last sample is unknown`,
        remedy: 'nothing to do when the meter was reset on purpose',
      });
    }
    const amount = step.delta * counter.factor;
    const measured = to - from <= this.#options.maxGapMs;
    if (counter.kind === 'energy') {
      this.#addEnergy(from, to, amount, measured);
      this.#pruneStates();
      return;
    }
    if (held || amount === 0) return;
    const name = counter.kind;
    const cursors =
      this.#boundary.has(counter.tag.name) || name === 'scrap' ? [this.#equipment, this.#chain] : [this.#equipment];
    for (const cursor of cursors) {
      // Pieces appear at the moment they are counted; only over a gap are they spread, since nobody knows when they were made.
      if (measured) this.#book.add(cursor, to - 1, name, amount);
      else this.#book.spread(cursor, from, to, name, amount);
    }
  }

  #integrate(power: PowerTag, value: number | string, at: number): void {
    const number = typeof value === 'number' ? value : Number(value);
    if (!Number.isFinite(number) || value === '') return this.#refuseNumber(power.tag, value, at);
    const { lastAt, lastKw } = power;
    if (at <= lastAt) return;
    power.lastKw = number * power.factor;
    power.lastAt = at;
    if (Number.isNaN(lastAt) || [...this.#tags.counters.values()].some((counter) => counter.kind === 'energy')) return;
    // Stepped: a report-on-change power holds until the next value; a longer gap is not invented.
    if (at - lastAt <= this.#options.maxGapMs) this.#addEnergy(lastAt, at, (lastKw * (at - lastAt)) / HOUR, true);
    else if (at - lastAt <= MAX_SPAN_MS) this.#book.noteGap(this.#equipment, lastAt, at);
  }

  #addEnergy(from: number, to: number, amount: number, measured: boolean): void {
    for (const cursor of [this.#equipment, this.#chain]) {
      this.#book.spread(cursor, from, to, 'energyKwh', amount);
      if (measured) this.#book.addTime(cursor, from, to, 'coveredMs');
      else this.#book.spread(cursor, from, to, 'estimatedKwh', amount);
    }
    if (!measured) this.#book.noteGap(this.#equipment, from, to);
    this.#addIdleEnergy(from, to, amount);
  }

  #addIdleEnergy(from: number, to: number, amount: number): void {
    if (amount === 0 || to <= from) return;
    this.#timeline.each(from, to, (start, end, state) => {
      if (!idleStates.includes(state)) return;
      const part = (amount * (end - start)) / (to - from);
      this.#book.spread(this.#equipment, start, end, 'idleKwh', part);
      this.#book.spread(this.#chain, start, end, 'idleKwh', part);
    });
  }

  #setState(tag: TagDescription, value: number | string, at: number): void {
    const mapped = tag.states === undefined ? undefined : tag.states[String(value)];
    if (mapped === undefined) {
      this.#issue('STATE_UNKNOWN', `${tag.name}=${String(value).slice(0, 32)}`, at, {
        message: `state value "${String(value).slice(0, 32)}" of tag ${tag.name} is not mapped to a machine state`,
        remedy: `add it to the tag's states in plant.yaml, e.g. {"${String(value).slice(0, 32)}": "run"}`,
      });
    }
    this.#timeline.set(mapped ?? 'unknown', at);
  }

  #passTime(at: number): void {
    if (Number.isNaN(this.#clock)) {
      this.#clock = at;
      this.#expectedUntil = at;
      return;
    }
    if (at <= this.#clock) return;
    const name = timeOf[this.#timeline.state];
    if (name !== null && at - this.#clock <= this.#options.maxGapMs) this.#addTime(this.#clock, at, name);
    this.#clock = at;
    this.expect(at);
  }

  #addTime(from: number, to: number, name: SumName): void {
    this.#book.addTime(this.#equipment, from, to, name);
    this.#book.addTime(this.#chain, from, to, name);
  }

  #pruneStates(): void {
    let oldest = this.#clock;
    for (const { state, kind } of this.#tags.counters.values()) {
      if (kind === 'energy' && state.lastAt < oldest) oldest = state.lastAt;
    }
    this.#timeline.forgetBefore(oldest);
  }

  #refuseNumber(tag: TagDescription, value: number | string, at: number): void {
    this.#issue('VALUE_NOT_A_NUMBER', tag.name, at, {
      message: `tag ${tag.name} (${tag.role}) delivered "${String(value).slice(0, 32)}", which is no finite number; the value is left out`,
      remedy: 'check the node and its data type in the PLC, or the role of the tag in plant.yaml',
    });
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
    this.#options.onIssue({ code, tag, at, ...text });
  }
}
