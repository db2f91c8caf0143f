import type { MachineState, TagDescription } from '../../broker/contract/tag.ts';
import { changedBy } from './counter-history.ts';
import { enterReset, replaceMeter, stepCounter, type CounterState, type CounterStep } from './counter.ts';
import { checkpointTags, restoreTags, type LedgerCheckpoint } from './ledger-checkpoint.ts';
import { counterIssueText, type IssueText, type LedgerIssue } from './ledger-issue.ts';
import { sortTags, stalledTime, type CounterTag, type LedgerTags, type PowerTag } from './ledger-tags.ts';
import { toNano, wholePart } from './quantum.ts';
import { StateTimeline } from './state-timeline.ts';
import type { WindowBook, WindowCursor } from './window-book.ts';
import type { SumName } from './window-record.ts';

export type { LedgerCheckpoint } from './ledger-checkpoint.ts';
export type { LedgerIssue } from './ledger-issue.ts';

export type LedgerOptions = {
  /** Longest gap between good samples that counts as measured, ms. */
  readonly maxGapMs: number;
  readonly onIssue: (issue: LedgerIssue) => void;
};

/** Where a machine's sums go. */
export type LedgerCursors = {
  readonly equipment: WindowCursor;
  /** The objects its energy is part of. */
  readonly chain: WindowCursor;
  /** Line, area and site, which take pieces only from boundary outputs; default: the chain. */
  readonly pieces?: WindowCursor;
};

const HOUR = 3_600_000;
/** Over a longer silence nothing is spread: it would be a guess over hundreds of thousands of windows. */
const MAX_SPAN_MS = 15 * 24 * HOUR;
/** A reading beyond this (kWh, kW or pieces) is no reading: sums with it could not be kept exactly. */
const MAX_READING = 1e15;

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
  readonly #chain: WindowCursor;
  readonly #pieces: WindowCursor;
  readonly #options: LedgerOptions;
  readonly #tags: LedgerTags;
  readonly #timeline = new StateTimeline();
  readonly #reported = new Set<string>();
  /** Newest event time of the machine. */
  #clock = Number.NaN;
  /** Time up to which energy is expected in the windows. */
  #expectedUntil = Number.NaN;
  readonly #boundary: ReadonlySet<string>;
  readonly #counters: readonly CounterTag[];
  readonly #powers: readonly PowerTag[];
  readonly #hasEnergyCounter: boolean;
  /** Energy tags that are metered by a counter or, without one, by power. */
  readonly meters: number;
  /** −1 while what a late value changes is taken back. */
  #sign: 1 | -1 = 1;

  constructor(tags: readonly TagDescription[], cursors: LedgerCursors, book: WindowBook, options: LedgerOptions) {
    this.#book = book;
    this.#equipment = cursors.equipment;
    this.#chain = cursors.chain;
    this.#pieces = cursors.pieces ?? cursors.chain;
    this.#options = options;
    this.#boundary = new Set(tags.filter((tag) => tag.boundaryOutput === true).map((tag) => tag.name));
    this.#tags = sortTags(tags);
    this.#counters = [...this.#tags.counters.values()];
    this.#powers = [...this.#tags.power.values()];
    const energyCounters = this.#counters.filter((counter) => counter.kind === 'energy').length;
    this.#hasEnergyCounter = energyCounters > 0;
    this.meters = energyCounters > 0 ? energyCounters : Math.min(1, this.#powers.length);
    for (const { tag, message, remedy } of this.#tags.refused)
      this.#issue('UNIT_UNKNOWN', tag.name, 0, { message, remedy });
  }

  get clock(): number {
    return this.#clock;
  }

  get state(): MachineState {
    return this.#timeline.state;
  }

  /**
   * One good sample, roughly in order of event time. A counter value that comes late takes its place among the newest ones
   * and the windows are restated; one that is older than those is already counted by the difference around it.
   */
  sample(name: string, value: number | string, at: number): void {
    this.#passTime(at);
    const counter = this.#tags.counters.get(name);
    if (counter !== undefined) return this.#count(counter, value, at);
    const states = this.#tags.states.get(name);
    if (states !== undefined) return this.#setState(states, value, at);
    const power = this.#tags.power.get(name);
    if (power !== undefined) this.#integrate(power, value, at);
  }

  /**
   * What somebody has entered about a meter, before any guess: its change with the last reading of the old and the first of
   * the new one, or a reset. False when the tag is no counter of this machine.
   */
  meterEvent(
    name: string,
    event:
      | { readonly kind: 'replaced'; readonly oldLast: number; readonly newFirst: number }
      | { readonly kind: 'reset' },
    at: number,
  ): boolean {
    const counter = this.#tags.counters.get(name);
    if (counter === undefined) return false;
    this.#passTime(at);
    // What was before an entered event is settled; nothing late reaches across it.
    counter.history.clear();
    if (event.kind === 'reset') enterReset(counter.state, at);
    else this.#bookStep(counter, replaceMeter(counter.state, event, at), event.oldLast);
    return true;
  }

  /** All values are known to be unchanged up to `at`. */
  proveAlive(at: number): void {
    this.#passTime(at);
    for (const counter of this.#counters) {
      if (counter.state.pending === null && at > counter.state.lastAt)
        this.#count(counter, counter.state.lastValue, at);
    }
    for (const power of this.#powers) {
      if (at > power.lastAt) this.#integrate(power, power.lastKw / power.factor, at);
    }
  }

  /** Time goes on although the machine is silent: energy is expected up to `until`. */
  expect(until: number): void {
    if (this.meters === 0 || Number.isNaN(this.#expectedUntil) || until <= this.#expectedUntil) return;
    if (until - this.#expectedUntil <= MAX_SPAN_MS)
      this.#addTime(this.#expectedUntil, until, 'expectedMs', this.meters);
    this.#expectedUntil = until;
  }

  checkpoint(): LedgerCheckpoint {
    return {
      clock: this.#clock,
      expectedUntil: this.#expectedUntil,
      changes: this.#timeline.changes,
      ...checkpointTags(this.#tags),
    };
  }

  restore(checkpoint: LedgerCheckpoint): void {
    // JSON has no NaN: what was never set comes back as null.
    this.#clock = checkpoint.clock ?? Number.NaN;
    this.#expectedUntil = checkpoint.expectedUntil ?? Number.NaN;
    this.#timeline.restore(checkpoint.changes);
    restoreTags(this.#tags, checkpoint);
  }

  #count(counter: CounterTag, value: number | string, at: number): void {
    const number = typeof value === 'number' ? value : Number(value);
    if (!(Math.abs(number * counter.factor) < MAX_READING) || value === '')
      return this.#refuseNumber(counter.tag, value, at);
    const { state, history } = counter;
    if (at <= state.lastAt || (state.pending !== null && at <= state.pending.at))
      return this.#takeLate(counter, number, at);
    history.push(number, at, state);
    this.#bookStep(counter, stepCounter(state, number, at, counter.options), number);
  }

  /** Takes back what was booked from the late value's place on, and books it again with the value in its place. */
  #takeLate(counter: CounterTag, value: number, at: number): void {
    const { state, history, options } = counter;
    const place = history.placeOf(at);
    if (place === null) return;
    if (history.atOf(place) === at) {
      const kept = history.valueOf(place);
      if (kept !== value) this.#issue('VALUE_CONFLICT', counter.tag.name, at, counterIssueText.conflict(kept, value));
      return;
    }
    const tail = history.cut(place, state);
    const before: CounterState = { ...state };
    const changed = changedBy([value, at], tail, before, options);
    this.#sign = -1;
    for (const [known, knownAt] of tail.slice(0, changed))
      this.#bookStep(counter, stepCounter(state, known, knownAt, options), known);
    this.#sign = 1;
    Object.assign(state, before);
    [[value, at] as const, ...tail].forEach(([known, knownAt], index) => {
      history.push(known, knownAt, state);
      const step = stepCounter(state, known, knownAt, options);
      // What comes after the two readings agree again is booked already.
      if (index <= changed) this.#bookStep(counter, step, known);
    });
  }

  #bookStep(counter: CounterTag, step: CounterStep, value: number): void {
    switch (step.kind) {
      case 'delta':
        return this.#addDelta(counter, step);
      case 'unresolved':
        this.#addUnresolved(step.to);
        if (step.to - step.from <= MAX_SPAN_MS) this.#noteGap(step.from, step.to);
        return this.#issue(
          'COUNTER_UNRESOLVED',
          counter.tag.name,
          step.to,
          counterIssueText.unresolved(value, counter.tag.unit ?? '', step.from),
        );
      case 'anchor':
      case 'held':
      case 'late':
        return;
      default:
        step satisfies never;
    }
  }

  #addDelta(counter: CounterTag, step: Extract<CounterStep, { kind: 'delta' }>): void {
    const { from, to } = step;
    const { name, unit = '' } = counter.tag;
    if (to - from > MAX_SPAN_MS) {
      this.#addUnresolved(to);
      return this.#issue('COUNTER_UNRESOLVED', name, to, counterIssueText.tooLong(step.delta, unit, step));
    }
    if (step.cause === 'reset' && this.#sign === 1) {
      this.#reported.delete(`COUNTER_RESET|${name}`);
      this.#issue('COUNTER_RESET', name, to, counterIssueText.reset(from, to));
    }
    // From reading to reading, not from rounded differences: the windows of a counter add up to last − first.
    const amount = this.#sign * (toNano(step.value * counter.factor) - toNano(step.base * counter.factor));
    const measured = to - from <= this.#options.maxGapMs;
    if (counter.kind === 'energy') {
      this.#addEnergy(from, to, amount, measured);
      const kw = this.#powers[0]?.lastKw ?? Number.NaN;
      const stalledMs = this.#sign === 1 ? stalledTime(counter, step, { moved: amount !== 0, kw }) : 0;
      if (stalledMs > 0) this.#issue('COUNTER_STALLED', name, to, counterIssueText.stalled(stalledMs / HOUR, kw));
      return this.#pruneStates();
    }
    if (amount === 0) return;
    this.#addPieces(counter, step, amount, measured);
  }

  #addPieces(counter: CounterTag, { from, to }: { from: number; to: number }, amount: number, measured: boolean): void {
    const name = counter.kind === 'scrap' ? 'scrap' : 'output';
    // Pieces appear at the moment they are counted; only over a gap are they spread, since nobody knows when they were made.
    const add = (cursor: WindowCursor): void =>
      measured ? this.#book.add(cursor, to - 1, name, amount) : this.#book.spread(cursor, from, to, name, amount);
    add(this.#equipment);
    if (name === 'scrap' || this.#boundary.has(counter.tag.name)) add(this.#pieces);
  }

  #addUnresolved(to: number): void {
    this.#book.add(this.#equipment, to - 1, 'unresolved', this.#sign);
    this.#book.add(this.#chain, to - 1, 'unresolved', this.#sign);
  }

  #noteGap(from: number, to: number): void {
    if (this.#sign === 1) this.#book.noteGap(this.#equipment, from, to);
  }

  #integrate(power: PowerTag, value: number | string, at: number): void {
    const number = typeof value === 'number' ? value : Number(value);
    if (!(Math.abs(number * power.factor) < MAX_READING) || value === '')
      return this.#refuseNumber(power.tag, value, at);
    const { lastAt, lastKw } = power;
    if (at <= lastAt) return;
    power.lastKw = number * power.factor;
    power.lastAt = at;
    if (Number.isNaN(lastAt) || this.#hasEnergyCounter) return;
    // Stepped: a report-on-change power holds until the next value; a longer gap is not invented.
    if (at - lastAt <= this.#options.maxGapMs)
      this.#addEnergy(lastAt, at, toNano((lastKw * (at - lastAt)) / HOUR), true);
    else if (at - lastAt <= MAX_SPAN_MS) this.#noteGap(lastAt, at);
  }

  /** `amount` is a whole number of 10⁻⁹ kWh. */
  #addEnergy(from: number, to: number, amount: number, measured: boolean): void {
    const book = this.#book;
    book.spread(this.#equipment, from, to, 'energyKwh', amount);
    book.spread(this.#chain, from, to, 'energyKwh', amount);
    if (measured) {
      this.#addTime(from, to, 'coveredMs', this.#sign);
    } else {
      book.spread(this.#equipment, from, to, 'estimatedKwh', amount);
      book.spread(this.#chain, from, to, 'estimatedKwh', amount);
      this.#noteGap(from, to);
    }
    if (amount !== 0 && to > from) this.#addIdleEnergy(from, to, amount);
  }

  #addIdleEnergy(from: number, to: number, amount: number): void {
    this.#timeline.each(from, to, (start, end, state) => {
      if (state !== 'idle' && state !== 'standby') return;
      const part = wholePart(amount, end - from, to - from) - wholePart(amount, start - from, to - from);
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
    // A state that comes late holds from now on: what was booked until now stays as it was.
    if (at >= this.#timeline.since) this.#timeline.set(mapped ?? 'unknown', Math.max(at, this.#clock));
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

  #addTime(from: number, to: number, name: SumName, times = 1): void {
    this.#book.addTime(this.#equipment, from, to, name, times);
    this.#book.addTime(this.#chain, from, to, name, times);
  }

  #pruneStates(): void {
    if (this.#timeline.changes.length < 2) return;
    let oldest = this.#clock;
    for (const { state, kind, history } of this.#counters) {
      if (kind === 'energy') oldest = Math.min(oldest, state.lastAt, history.oldestAt);
    }
    this.#timeline.forgetBefore(oldest);
  }

  #refuseNumber(tag: TagDescription, value: number | string, at: number): void {
    this.#issue('VALUE_NOT_A_NUMBER', tag.name, at, {
      message: `tag ${tag.name} (${tag.role}) delivered "${String(value).slice(0, 32)}", which is no number a meter can show; the value is left out`,
      remedy: 'check the node and its data type in the PLC, or the role of the tag in plant.yaml',
    });
  }

  #issue(code: LedgerIssue['code'], tag: string, at: number, text: IssueText): void {
    const key = `${code}|${tag}`;
    if (this.#sign === -1 || this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#options.onIssue({ code, tag, at, ...text });
  }
}
