/** What a new row does to the episode of a machine. */
export type EpisodeStep = 'none' | 'start' | 'on' | 'end';

/** Rows above the limit before an episode starts. */
const ON_ROWS = 3;
/** An episode ends below this part of the limit. */
const OFF_SHARE = 0.8;
/** ... or, after this many rows, when the score has collapsed to a third of its own median: the fault ended but left an offset. */
const COLLAPSE_AFTER = 30;
const MEDIAN_ROWS = 200;
/** After such an end twice the score is the floor for a while. */
const FLOOR_ROWS = 600;

/** Decides from the ratio statistic/limit of each row when an episode starts and ends (hysteresis, minimum duration, decaying floor). */
export class EpisodeTracker {
  #above = 0;
  #open = false;
  #recent: number[] = [];
  #floor = 0;
  #floorLeft = 0;

  get open(): boolean {
    return this.#open;
  }

  /** Takes the statistic divided by its limit. */
  next(ratio: number): EpisodeStep {
    const floor = this.#floorLeft > 0 ? this.#floor * (this.#floorLeft / FLOOR_ROWS) : 0;
    if (this.#floorLeft > 0) this.#floorLeft -= 1;
    if (!this.#open) {
      this.#above = ratio >= Math.max(1, floor) ? this.#above + 1 : 0;
      if (this.#above < ON_ROWS) return 'none';
      this.#open = true;
      this.#recent = [ratio];
      return 'start';
    }
    this.#recent.push(ratio);
    if (this.#recent.length > MEDIAN_ROWS) this.#recent.shift();
    const collapsed = this.#recent.length > COLLAPSE_AFTER && ratio < median(this.#recent) / 3;
    if (ratio >= OFF_SHARE && !collapsed) return 'on';
    if (collapsed && ratio >= OFF_SHARE) {
      this.#floor = ratio * 2;
      this.#floorLeft = FLOOR_ROWS;
    }
    this.#open = false;
    this.#above = 0;
    return 'end';
  }

  /** The machine cannot be judged any more (gap, new model): an open episode ends. */
  reset(): EpisodeStep {
    const step: EpisodeStep = this.#open ? 'end' : 'none';
    this.#open = false;
    this.#above = 0;
    this.#floorLeft = 0;
    return step;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
