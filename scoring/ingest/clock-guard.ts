/** What becomes of a sample. */
export type ClockVerdict =
  /** To be used now. */
  | { readonly kind: 'use' }
  /** Kept until it is clear whether time has passed or the clock is wrong. */
  | { readonly kind: 'held' }
  /** To be used now; `discarded` samples before it had a clock that ran ahead and came back. */
  | { readonly kind: 'came-back'; readonly discarded: number };

type Machine<Sample> = { clock: number; held: { readonly at: number; readonly sample: Sample }[] };

const USE: ClockVerdict = { kind: 'use' };
const HELD: ClockVerdict = { kind: 'held' };

/**
 * Tells a wrong clock of one machine (local time stamped as UTC, a PLC that lost its battery) from time that has really
 * passed. A machine that jumps far ahead of its own clock and of the plant is held, not dropped: its samples are used in
 * order once another machine has come as far, once most machines have jumped alike, or when it holds too many; they are discarded
 * only when the machine comes back to its old time, for then they were of no time at all.
 */
export class ClockGuard<Sample> {
  readonly #toleranceMs: number;
  readonly #capacity: number;
  readonly #machines: Machine<Sample>[] = [];
  #holding = 0;

  constructor(options: { readonly toleranceMs: number; readonly capacity: number }) {
    this.#toleranceMs = options.toleranceMs;
    this.#capacity = options.capacity;
  }

  /** Adds a machine and gives its number. */
  add(clock = Number.NaN): number {
    this.#machines.push({ clock, held: [] });
    return this.#machines.length - 1;
  }

  /** Event time the plant as a whole has reached: the median of its machines' clocks; -Infinity before the first value. */
  get plantClock(): number {
    const known = this.#machines
      .map((machine) => machine.clock)
      .filter((clock) => !Number.isNaN(clock))
      .sort((a, b) => a - b);
    return known[Math.floor(known.length / 2)] ?? Number.NEGATIVE_INFINITY;
  }

  isHolding(machine: number): boolean {
    return (this.#machines[machine]?.held.length ?? 0) > 0;
  }

  judge(index: number, at: number, sample: Sample): ClockVerdict {
    const machine = this.#machines[index];
    if (machine === undefined) return USE;
    const limit = machine.clock + this.#toleranceMs;
    if (machine.held.length > 0) {
      if (at > limit) {
        machine.held.push({ at, sample });
        return HELD;
      }
      const discarded = machine.held.length;
      machine.held = [];
      this.#holding -= 1;
      this.#advance(machine, at);
      return { kind: 'came-back', discarded };
    }
    if (!(at > limit) || at <= this.#newestBeside(machine) + this.#toleranceMs || this.#active() < 2) {
      this.#advance(machine, at);
      return USE;
    }
    machine.held.push({ at, sample });
    this.#holding += 1;
    return HELD;
  }

  /** Samples that may be used by now, in order, machine by machine. Call after a sample was held and now and then. */
  release(): { readonly machine: number; readonly samples: readonly Sample[] }[] {
    if (this.#holding === 0) return [];
    const most = this.#holding * 2 >= this.#active();
    const released: { machine: number; samples: Sample[] }[] = [];
    this.#machines.forEach((machine, index) => {
      const first = machine.held[0];
      if (first === undefined) return;
      const reached = first.at <= this.#newestBeside(machine) + this.#toleranceMs;
      if (!most && !reached && machine.held.length < this.#capacity) return;
      released.push({ machine: index, samples: machine.held.map(({ sample }) => sample) });
      for (const { at } of machine.held) this.#advance(machine, at);
      machine.held = [];
      this.#holding -= 1;
    });
    return released;
  }

  /** How far the other machines are that are not in doubt themselves: what one of them has seen is no wrong clock. */
  #newestBeside(machine: Machine<Sample>): number {
    let newest = Number.NEGATIVE_INFINITY;
    for (const other of this.#machines) {
      if (other !== machine && other.held.length === 0 && other.clock > newest) newest = other.clock;
    }
    return newest;
  }

  #active(): number {
    return this.#machines.filter((machine) => !Number.isNaN(machine.clock)).length;
  }

  #advance(machine: Machine<Sample>, at: number): void {
    if (!(at <= machine.clock)) machine.clock = at;
  }
}
