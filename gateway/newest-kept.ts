import type { TagMap, Writer } from './tags/tag-map.ts';
import type { ValueBatch } from './tags/value-batch.ts';

/** Newest source timestamps of a writer's fields, epoch ms. */
export type FieldTimes = Readonly<Record<string, number>>;

/**
 * The newest source timestamp that is on disk, for tags whose server keeps a history: after a restart of the gateway the history is
 * read from there on, so that what happened meanwhile is neither lost nor sent twice.
 */
export class NewestKept {
  readonly #kept: Map<number, FieldTimes>;
  readonly #historized = new Set<number>();
  #map: TagMap;
  readonly #times = new Map<number, number>();

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

  /** Times by handle of the tags of a server. */
  timesOf(server: string): ReadonlyMap<number, number> {
    const times = new Map<number, number>();
    for (const { handle } of this.#map.sampled.get(server) ?? []) {
      const at = this.#times.get(handle);
      if (at !== undefined) times.set(handle, at);
    }
    return times;
  }

  /** Notes rows of a batch. @returns the times of the writer's fields to be kept with them, or null when nothing has to be. */
  note(writer: Writer, { handles, times, origin }: ValueBatch, rows: Int32Array): FieldTimes | null {
    if (this.#historized.size === 0 || origin !== undefined) return null;
    let fields: Record<string, number> | null = null;
    for (const row of rows) {
      const handle = handles[row] ?? 0;
      const at = times[row] ?? Number.NaN;
      if (!this.#historized.has(handle) || !(at > (this.#times.get(handle) ?? Number.NEGATIVE_INFINITY))) continue;
      this.#times.set(handle, at);
      const name = this.#map.tags.get(handle)?.tag.name;
      if (name === undefined) continue;
      fields ??= { ...this.#kept.get(writer.id) };
      fields[name] = at;
    }
    if (fields !== null) this.#kept.set(writer.id, fields);
    return fields;
  }

  #recall(): void {
    for (const { handle, tag, writer } of this.#map.tags.values()) {
      const at = this.#kept.get(this.#map.writers[writer]?.id ?? 0)?.[tag.name];
      if (at !== undefined && !this.#times.has(handle)) {
        this.#times.set(handle, at);
        this.#historized.add(handle);
      }
    }
  }
}
