import type { PlainValue } from '../../tags/plain-value.ts';

/** Names of an enumeration by number; each entry is the value handed out, made once and frozen. */
export type EnumerationNames = ReadonlyMap<number, { readonly Value: number; readonly Name: string | null }>;

/** A field of a structure as its data type definition says (OPC 10000-3 8.51). */
export type FieldDefinition = {
  readonly name: string;
  /** Key of the field's data type in the catalog. */
  readonly dataType: string;
  /** 0: scalar, 1: array, more: matrix with that many dimensions. */
  readonly rank: number;
  /** Present only when its bit in the mask of the structure is set. */
  readonly optional: boolean;
  /** The value may be of any subtype and carries its own type. */
  readonly subtyped: boolean;
};

/** What is known of a data type of the server. */
export type ValueType =
  /** A built-in type (OPC 10000-6 5.1.2) or a type that is encoded like one. */
  | { readonly kind: 'built-in'; readonly builtIn: number }
  | { readonly kind: 'enumeration'; readonly names: EnumerationNames }
  | {
      readonly kind: 'structure';
      readonly name: string;
      readonly union: boolean;
      readonly abstract: boolean;
      readonly fields: readonly FieldDefinition[];
    }
  /** The server does not say how it is encoded. */
  | { readonly kind: 'unknown'; readonly reason: string };

export type StructureType = Extract<ValueType, { kind: 'structure' }>;

/** Looks up what the catalog knows; synchronous, for the path of notifications. */
export interface TypeLookup {
  readonly namespaces: readonly string[];
  /** By key of a data type, or undefined when it was never read. */
  type(dataType: string): ValueType | undefined;
  /** By node id of a binary encoding. */
  structureOf(encodingId: string): StructureType | undefined;
  /** Notes an encoding that no structure is known for, so that it is looked for later. */
  missing(encodingId: string): void;
}

/** An enumeration value with its name. */
export function named(names: EnumerationNames, value: number): PlainValue {
  return names.get(value) ?? { Value: value, Name: null };
}

/** Freezes the pairs of an enumeration. */
export function enumerationNames(pairs: Iterable<readonly [value: number, name: string]>): EnumerationNames {
  return new Map([...pairs].map(([Value, Name]) => [Value, Object.freeze({ Value, Name })]));
}
