/** Changes kept of one label; the oldest go first. */
const MAX_CHANGES = 4000;
const LONGEST = 128;

/** A label (product, order) and since when it holds, epoch ms; null = none. */
export type LabelChange = readonly [at: number, label: string | null];

/** Which product or order a machine was on, over time. */
export class LabelTimeline {
  #changes: LabelChange[] = [];

  get changes(): readonly LabelChange[] {
    return this.#changes;
  }

  /** Changes come roughly in order of event time. @returns whether it was a change; one that comes late is none. */
  set(value: string | number | null, at: number): boolean {
    const text = value === null ? '' : String(value).trim().slice(0, LONGEST);
    const label = text === '' ? null : text;
    const last = this.#changes.at(-1);
    if (last !== undefined && (last[1] === label || at <= last[0])) return false;
    if (last === undefined && label === null) return false;
    this.#changes.push([at, label]);
    if (this.#changes.length > MAX_CHANGES) this.#changes.shift();
    return true;
  }

  restore(changes: readonly LabelChange[]): void {
    this.#changes = [...changes];
  }
}
