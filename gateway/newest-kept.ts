import type { Gap } from './opcua/last-seen.ts';
import type { TagMap, Writer } from './tags/tag-map.ts';
import type { ValueBatch } from './tags/value-batch.ts';

/**
 * Newest source timestamps of a writer's fields, epoch ms. A field with gaps that are still to be filled has a list: the newest, then
 * begin and end of each gap.
 */
export type FieldTimes = Readonly<Record<string, number | readonly number[]>>;

/** Gaps of one tag that outlive the process; the oldest beyond it do not. */
const GAPS_PER_TAG = 16;

/**
 * For tags whose server keeps a history: the newest source timestamp that is on disk, and the gaps before it that are still being filled.
 * After a restart of the gateway the history is read from there on, so that nothing of it is lost or sent twice.
 */
export class NewestKept {
  readonly #kept: Map<number, FieldTimes>;
  readonly #historized = new Set<number>();
  #map: TagMap;
  readonly #times = new Map<number, number>();
  readonly #gaps = new Map<number, readonly Gap[]>();

  /** `kept`: what an earlier run has left, by writer id. */
  constructor(map: TagMap, kept: ReadonlyMap<number, FieldTimes>) {
    this.#kept = new Map(kept);
    this.#map = map;
    this.#recall();
  }

  remap(map: TagMap): void {
    this.#map = map;
    this.#recall();
  }

  /** The history of these tags may be read. */
  setHistorized(handles: Iterable<number>): void {
    for (const handle of handles) this.#historized.add(handle);
  }

  /** Gaps that the next values of their tags end. */
  openGaps(gaps: readonly Gap[]): void {
    for (const gap of gaps) {
      if (!this.#historized.has(gap.handle)) continue;
      this.#gaps.set(gap.handle, [...this.#ended(gap.handle), gap].slice(-GAPS_PER_TAG));
    }
  }

  /** These gaps are filled, or as far as they can be. */
  endGaps(gaps: readonly Gap[]): void {
    for (const { handle, to } of gaps)
      this.#setGaps(
        handle,
        (this.#gaps.get(handle) ?? []).filter((gap) => gap.to !== to),
      );
  }

  /** Times by handle of the tags of a server. */
  timesOf(server: string): ReadonlyMap<number, number> {
    const times = new Map<number, number>();
    for (const { handle } of this.#map.sampled.get(server) ?? []) {
      const at = this.#times.get(handle);
      if (at !== undefined) times.set(handle, at);
    }
    return times;
  }

  /** What is still missing of the tags of a server, before their newest time. */
  gapsOf(server: string): readonly Gap[] {
    const tags = this.#map.sampled.get(server) ?? [];
    return tags.flatMap(({ handle }) => this.#ended(handle));
  }

  /** Gaps of a tag whose end has arrived; any other is found again by the next value. */
  #ended(handle: number): readonly Gap[] {
    const newest = this.#times.get(handle) ?? Number.NEGATIVE_INFINITY;
    return (this.#gaps.get(handle) ?? []).filter(({ to }) => to <= newest);
  }

  /** Notes rows of a batch. @returns the times of the writer's fields to be kept with them, or null when nothing has to be. */
  note(writer: Writer, { handles, times, origin }: ValueBatch, rows: Int32Array): FieldTimes | null {
    if (this.#historized.size === 0 || origin === 'heartbeat') return null;
    const changed = new Set<number>();
    for (const row of rows) {
      const handle = handles[row] ?? 0;
      const at = times[row] ?? Number.NaN;
      if (!this.#historized.has(handle)) continue;
      if (origin === 'history') {
        if (this.#fillUpTo(handle, at)) changed.add(handle);
      } else if (at > (this.#times.get(handle) ?? Number.NEGATIVE_INFINITY)) {
        this.#times.set(handle, at);
        changed.add(handle);
      }
    }
    if (changed.size === 0) return null;
    const fields: Record<string, number | readonly number[]> = { ...this.#kept.get(writer.id) };
    for (const handle of changed) {
      const name = this.#map.tags.get(handle)?.tag.name;
      const newest = this.#times.get(handle);
      if (name === undefined || newest === undefined) continue;
      const gaps = this.#gaps.get(handle) ?? [];
      fields[name] = gaps.length === 0 ? newest : [newest, ...gaps.flatMap(({ from, to }) => [from, to])];
    }
    this.#kept.set(writer.id, fields);
    return fields;
  }

  /** History comes in order of time, so a gap is filled up to the value that came last. */
  #fillUpTo(handle: number, at: number): boolean {
    const gaps = this.#gaps.get(handle) ?? [];
    if (!gaps.some(({ from, to }) => from < at && at < to)) return false;
    this.#setGaps(
      handle,
      gaps.map((gap) => (gap.from < at && at < gap.to ? { ...gap, from: at } : gap)),
    );
    return true;
  }

  #setGaps(handle: number, gaps: readonly Gap[]): void {
    if (gaps.length === 0) this.#gaps.delete(handle);
    else this.#gaps.set(handle, gaps);
  }

  #recall(): void {
    for (const { handle, tag, writer } of this.#map.tags.values()) {
      const kept = this.#kept.get(this.#map.writers[writer]?.id ?? 0)?.[tag.name];
      const [at, ...ends] = typeof kept === 'number' ? [kept] : (kept ?? []);
      if (at === undefined || this.#times.has(handle)) continue;
      this.#times.set(handle, at);
      this.#historized.add(handle);
      const gaps: Gap[] = [];
      for (let index = 0; index + 1 < ends.length; index += 2)
        gaps.push({ handle, from: ends[index] ?? at, to: ends[index + 1] ?? at });
      this.#setGaps(handle, gaps);
    }
  }
}
