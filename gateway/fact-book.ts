import { isDeepStrictEqual } from 'node:util';
import type { FieldFacts } from './tags/field-facts.ts';
import type { TagMap, Writer } from './tags/tag-map.ts';

/** What servers said of the fields, by writer id and field name. */
export class FactBook {
  readonly #facts = new Map<number, Map<string, FieldFacts>>();

  of(writer: Writer): ReadonlyMap<string, FieldFacts> | undefined {
    return this.#facts.get(writer.id);
  }

  /** Takes note of what a server said. @returns the writers of whose fields it is new. */
  learn(map: TagMap, facts: ReadonlyMap<number, FieldFacts>): ReadonlySet<Writer> {
    const touched = new Set<Writer>();
    for (const [handle, fact] of facts) {
      const mapped = map.tags.get(handle);
      const writer = mapped === undefined ? undefined : map.writers[mapped.writer];
      if (mapped === undefined || writer === undefined) continue;
      const fields = this.#facts.get(writer.id) ?? new Map<string, FieldFacts>();
      this.#facts.set(writer.id, fields);
      if (isDeepStrictEqual(fields.get(mapped.tag.name), fact)) continue;
      fields.set(mapped.tag.name, fact);
      touched.add(writer);
    }
    return touched;
  }
}
