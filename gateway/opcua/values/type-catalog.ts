import {
  readDataTypesOfEncodings,
  readEnumerationProperties,
  readRawTypes,
  type RawType,
  type TypeSource,
} from './type-reader.ts';
import type { EnumerationNames, StructureType, TypeLookup, ValueType } from './value-type.ts';

/** Types of one server beyond which no more are read: a server may define without end. */
const MAX_TYPES = 5000;
/** Unknown encodings that are remembered at once. */
const MAX_MISSING = 100;

/** Numbers of the built-in types and of the abstract ones above them, which travel as a variant (OPC 10000-6 5.1.2). */
const ABSTRACT_AS_VARIANT: ReadonlySet<number> = new Set([24, 26, 27, 28]);
const VARIANT = 24;
const INT32 = 6;
const ENUMERATION = 'ns=0;i=29';
const STRUCTURE = 'ns=0;i=22';
const LAST_BUILT_IN = 25;

/** Data types of one session, read when they are first needed. */
export class TypeCatalog implements TypeLookup {
  readonly namespaces: readonly string[];
  readonly #source: TypeSource;
  readonly #maxPerCall: number;
  readonly #types = new Map<string, ValueType>();
  readonly #structures = new Map<string, StructureType>();
  readonly #missing = new Set<string>();
  /** Structures all of whose fields can be read. */
  readonly #usable = new WeakSet<StructureType>();

  constructor(source: TypeSource, namespaces: readonly string[], maxPerCall: number) {
    this.#source = source;
    this.namespaces = namespaces;
    this.#maxPerCall = maxPerCall;
  }

  type(dataType: string): ValueType | undefined {
    return builtInType(dataType) ?? this.#types.get(dataType);
  }

  structureOf(encodingId: string): StructureType | undefined {
    const structure = this.#structures.get(encodingId);
    if (structure === undefined || this.#usable.has(structure)) return structure;
    if (!this.#isComplete(structure, new Set())) return undefined;
    this.#usable.add(structure);
    return structure;
  }

  missing(encodingId: string): void {
    if (this.#missing.size < MAX_MISSING) this.#missing.add(encodingId);
  }

  /** Encodings met in values that are still to be looked for. */
  get missingCount(): number {
    return this.#missing.size;
  }

  /** How many types are known. */
  get size(): number {
    return this.#types.size;
  }

  /**
   * Reads these data types and all they are made of; each is asked for once.
   * @throws when the server cannot be asked; then nothing of this call is kept and it can be repeated.
   */
  async load(dataTypes: Iterable<string>): Promise<void> {
    const raw = new Map<string, RawType>();
    for (let wanted = this.#unread(dataTypes, raw); wanted.length > 0;) {
      const found = await readRawTypes(this.#source, wanted, this.#maxPerCall);
      for (const [key, type] of found) raw.set(key, type);
      const needs = [...found.values()].flatMap((type) =>
        type.kind === 'structure' ? type.fields.map((field) => field.dataType) : (type.superType ?? []),
      );
      wanted = this.#unread(needs, raw);
    }
    const resolved = new Map([...raw.keys()].map((key) => [key, this.#resolve(key, raw)]));
    await this.#readNames(resolved);
    for (const [key, type] of resolved) {
      this.#types.set(key, type);
      const described = raw.get(key);
      if (type.kind === 'structure' && described?.kind === 'structure' && described.encodingId !== null) {
        this.#structures.set(described.encodingId, type);
      }
    }
  }

  /**
   * Looks for the encodings met in values so far without a usable type; what stays without one is looked for again by the
   * next call. @throws when the server cannot be asked.
   */
  async loadMissing(): Promise<void> {
    const encodings = [...this.#missing];
    const dataTypes = await readDataTypesOfEncodings(this.#source, encodings, this.#maxPerCall);
    await this.load(dataTypes.filter((dataType) => dataType !== null));
    encodings.forEach((encodingId, index) => {
      const dataType = dataTypes[index];
      const type = dataType == null ? undefined : this.type(dataType);
      if (type?.kind === 'structure' && !type.abstract) this.#structures.set(encodingId, type);
      if (this.structureOf(encodingId) !== undefined) this.#missing.delete(encodingId);
    });
  }

  #unread(dataTypes: Iterable<string>, raw: ReadonlyMap<string, RawType>): string[] {
    const room = Math.max(0, MAX_TYPES - this.#types.size - raw.size);
    const isOpen = (key: string): boolean => (this.type(key)?.kind ?? 'unknown') === 'unknown' && !raw.has(key);
    return this.#withFields(dataTypes).filter(isOpen).slice(0, room);
  }

  /** The types and those of the fields of the structures among them that are known already. */
  #withFields(dataTypes: Iterable<string>): string[] {
    const all = new Set(dataTypes);
    // A set hands out what is added while it is walked.
    for (const key of all) {
      const type = this.type(key);
      if (type?.kind === 'structure') for (const field of type.fields) all.add(field.dataType);
    }
    return [...all];
  }

  #isComplete(structure: StructureType, seen: Set<StructureType>): boolean {
    if (seen.has(structure)) return true;
    seen.add(structure);
    return structure.fields.every((field) => {
      const type = this.type(field.dataType);
      if (type === undefined || type.kind === 'unknown') return false;
      return type.kind !== 'structure' || type.abstract || this.#isComplete(type, seen);
    });
  }

  /** Follows the supertypes up to a type whose encoding is known. */
  #resolve(key: string, raw: ReadonlyMap<string, RawType>): ValueType {
    let names: EnumerationNames | null = null;
    let at = key;
    for (const seen = new Set<string>(); !seen.has(at);) {
      seen.add(at);
      const described = raw.get(at);
      if (described?.kind === 'structure') return at === key ? described : { kind: 'unknown', reason: NO_DEFINITION };
      if (described !== undefined) {
        names ??= described.names;
        if (described.superType === null) break;
        at = described.superType;
        continue;
      }
      if (at === ENUMERATION) return { kind: 'enumeration', names: names ?? new Map() };
      if (at === STRUCTURE) return withoutDefinition(raw.get(key));
      return this.type(at) ?? { kind: 'unknown', reason: NO_DEFINITION };
    }
    return { kind: 'unknown', reason: 'its supertypes lead to no known type' };
  }

  /** Enumerations without a definition have their names in a property. */
  async #readNames(types: Map<string, ValueType>): Promise<void> {
    const nameless = [...types].filter(([, type]) => type.kind === 'enumeration' && type.names.size === 0);
    if (nameless.length === 0) return;
    const keys = nameless.map(([key]) => key);
    const names = await readEnumerationProperties(this.#source, keys, this.#maxPerCall);
    keys.forEach((key, index) => types.set(key, { kind: 'enumeration', names: names[index] ?? new Map() }));
  }
}

const NO_DEFINITION = 'the server gives no definition of it';

/** A value of an abstract structure carries its own type, so that no definition is needed. */
function withoutDefinition(described: RawType | undefined): ValueType {
  return described?.abstract === true
    ? { kind: 'structure', name: described.name, union: false, abstract: true, fields: [] }
    : { kind: 'unknown', reason: NO_DEFINITION };
}

/** Types of namespace 0 that need no reading, or undefined. */
function builtInType(dataType: string): ValueType | undefined {
  const id = Number(/^ns=0;i=(\d{1,2})$/.exec(dataType)?.[1] ?? Number.NaN);
  if (dataType === ENUMERATION) return { kind: 'built-in', builtIn: INT32 };
  if (ABSTRACT_AS_VARIANT.has(id)) return { kind: 'built-in', builtIn: VARIANT };
  return id >= 1 && id <= LAST_BUILT_IN ? { kind: 'built-in', builtIn: id } : undefined;
}
