import {
  AttributeIds,
  BrowseDirection,
  coerceNodeId,
  makeBrowsePath,
  NodeId,
  type ClientSession,
  type DataValue,
} from 'node-opcua';
import { readInteger64 } from './integer64.ts';
import { inBatches } from './safe-batches.ts';
import { enumerationNames, type EnumerationNames, type FieldDefinition } from './value-type.ts';

/** What of a session the types are read with: nothing here writes or calls. */
export type TypeSource = Pick<ClientSession, 'read' | 'browse' | 'translateBrowsePath'>;

/** A data type as the server describes it, not yet resolved against its supertypes. */
export type RawType =
  | {
      readonly kind: 'structure';
      readonly name: string;
      readonly union: boolean;
      readonly abstract: boolean;
      readonly fields: readonly FieldDefinition[];
      /** Of its binary encoding, or null. */
      readonly encodingId: string | null;
    }
  | {
      readonly kind: 'derived';
      readonly name: string;
      readonly abstract: boolean;
      readonly superType: string | null;
      readonly names: EnumerationNames | null;
    };

/** StructureType of OPC 10000-3 8.49. */
const OPTIONAL_FIELDS = 1;
const UNION = 2;
const SUBTYPED_VALUES = 3;
const UNION_SUBTYPED_VALUES = 4;

const HAS_SUBTYPE = 'i=45';
const HAS_ENCODING = 'i=38';
/** NodeId, ReferenceType and BrowseName are all that is needed of a reference. */
const RESULT_MASK = 0x3f;

type StructureLike = {
  readonly structureType: number;
  readonly defaultEncodingId: NodeId;
  readonly fields:
    | readonly {
        readonly name: string | null;
        readonly dataType: NodeId;
        readonly valueRank: number;
        readonly isOptional: boolean;
      }[]
    | null;
};
type EnumLike = { readonly fields: readonly { readonly name: string | null; readonly value: unknown }[] | null };

/** Reads definitions, and supertypes where there are none. One bad type never spoils the others. @throws when the server cannot be asked. */
export async function readRawTypes(
  source: TypeSource,
  dataTypes: readonly string[],
  maxPerCall: number,
): Promise<Map<string, RawType>> {
  const attributes = [AttributeIds.DataTypeDefinition, AttributeIds.IsAbstract, AttributeIds.BrowseName];
  const answers = await inBatches(
    dataTypes.flatMap((nodeId) => attributes.map((attributeId) => ({ nodeId, attributeId }))),
    maxPerCall,
    (batch) => source.read(batch),
  );
  const raw = new Map<string, RawType>();
  const derived: { key: string; name: string; abstract: boolean; names: EnumerationNames | null }[] = [];
  dataTypes.forEach((key, index) => {
    const [definition, isAbstract, browseName] = answers.slice(index * 3, index * 3 + 3).map(goodValue);
    const name = nameOf(browseName) ?? key;
    const abstract = isAbstract === true;
    if (isStructure(definition)) raw.set(key, structureOf(definition, name, abstract));
    else derived.push({ key, name, abstract, names: isEnumeration(definition) ? namesOf(definition) : null });
  });
  const superTypes = await browseOne(
    source,
    derived.map(({ key }) => key),
    { referenceTypeId: HAS_SUBTYPE, browseDirection: BrowseDirection.Inverse },
    maxPerCall,
  );
  derived.forEach(({ key, ...rest }, index) => {
    raw.set(key, { kind: 'derived', ...rest, superType: superTypes[index]?.nodeId.toString() ?? null });
  });
  return withEncodings(source, raw, maxPerCall);
}

/** Structures whose definition leaves out the encoding are asked for it. */
async function withEncodings(
  source: TypeSource,
  raw: Map<string, RawType>,
  maxPerCall: number,
): Promise<Map<string, RawType>> {
  const without = [...raw].flatMap(([key, type]) =>
    type.kind === 'structure' && !type.abstract && type.encodingId === null ? [{ key, type }] : [],
  );
  const encodings = await browseOne(
    source,
    without.map(({ key }) => key),
    { referenceTypeId: HAS_ENCODING, browseDirection: BrowseDirection.Forward, browseName: 'Default Binary' },
    maxPerCall,
  );
  without.forEach(({ key, type }, index) => {
    raw.set(key, { ...type, encodingId: encodings[index]?.nodeId.toString() ?? null });
  });
  return raw;
}

/** The data type each binary encoding belongs to, or null. @throws when the server cannot be asked. */
export async function readDataTypesOfEncodings(
  source: TypeSource,
  encodings: readonly string[],
  maxPerCall: number,
): Promise<(string | null)[]> {
  const found = await browseOne(
    source,
    encodings,
    { referenceTypeId: HAS_ENCODING, browseDirection: BrowseDirection.Inverse },
    maxPerCall,
  );
  return found.map((reference) => reference?.nodeId.toString() ?? null);
}

type Reference = { readonly nodeId: NodeId; readonly browseName: { readonly name?: string | null } };

async function browseOne(
  source: TypeSource,
  nodes: readonly string[],
  options: {
    readonly referenceTypeId: string;
    readonly browseDirection: BrowseDirection;
    readonly browseName?: string;
  },
  maxPerCall: number,
): Promise<(Reference | undefined)[]> {
  const { referenceTypeId, browseDirection, browseName } = options;
  const results = await inBatches(nodes, maxPerCall, (batch) =>
    source.browse(
      batch.map((nodeId) => ({
        nodeId,
        referenceTypeId,
        browseDirection,
        includeSubtypes: true,
        nodeClassMask: 0,
        resultMask: RESULT_MASK,
      })),
    ),
  );
  return results.map(({ references }) =>
    (references ?? []).find((reference) => browseName === undefined || reference.browseName.name === browseName),
  );
}

/** Names from the property EnumStrings or EnumValues, for servers older than DataTypeDefinition. @throws when the server cannot be asked. */
export async function readEnumerationProperties(
  source: TypeSource,
  dataTypes: readonly string[],
  maxPerCall: number,
): Promise<(EnumerationNames | null)[]> {
  const properties = ['EnumStrings', 'EnumValues'];
  const paths = await inBatches(
    dataTypes.flatMap((key) => properties.map((property) => makeBrowsePath(coerceNodeId(key), `.${property}`))),
    maxPerCall,
    (batch) => source.translateBrowsePath(batch),
  );
  const targets = paths.map((path) => path.targets?.[0]?.targetId);
  const found = targets.flatMap((nodeId) =>
    nodeId === undefined ? [] : [{ nodeId, attributeId: AttributeIds.Value }],
  );
  const values = await inBatches(found, maxPerCall, (batch) => source.read(batch));
  const byPath = targets.map((target) => (target === undefined ? null : goodValue(values.shift())));
  return dataTypes.map((_, index) => namesOfProperty(byPath[index * 2]) ?? namesOfProperty(byPath[index * 2 + 1]));
}

function namesOfProperty(value: unknown): EnumerationNames | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  return enumerationNames(
    value.flatMap((entry: unknown, index): (readonly [number, string])[] => {
      if (typeof entry !== 'object' || entry === null) return [];
      if ('text' in entry) return [[index, textOf(entry)]];
      if (!('value' in entry) || !('displayName' in entry)) return [];
      return [[Number(readInteger64(entry.value, true)), textOf(entry.displayName)]];
    }),
  );
}

/** The text of a localized text. */
const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string' ? value.text : '';

function goodValue(dataValue: DataValue | undefined): unknown {
  return dataValue?.statusCode.isGood() ? (dataValue.value?.value as unknown) : undefined;
}

function nameOf(browseName: unknown): string | null {
  const isNamed = typeof browseName === 'object' && browseName !== null && 'name' in browseName;
  return isNamed && typeof browseName.name === 'string' && browseName.name !== '' ? browseName.name : null;
}

const isStructure = (definition: unknown): definition is StructureLike =>
  typeof definition === 'object' && definition !== null && 'structureType' in definition;
const isEnumeration = (definition: unknown): definition is EnumLike =>
  typeof definition === 'object' && definition !== null && 'fields' in definition && !('structureType' in definition);

const namesOf = ({ fields }: EnumLike): EnumerationNames =>
  enumerationNames((fields ?? []).map(({ name, value }) => [Number(readInteger64(value, true)), name ?? ''] as const));

function structureOf(definition: StructureLike, name: string, abstract: boolean): RawType {
  const { structureType, defaultEncodingId, fields } = definition;
  const subtypes = structureType === SUBTYPED_VALUES || structureType === UNION_SUBTYPED_VALUES;
  return {
    kind: 'structure',
    name,
    abstract,
    union: structureType === UNION || structureType === UNION_SUBTYPED_VALUES,
    encodingId: defaultEncodingId.isEmpty() ? null : defaultEncodingId.toString(),
    fields: (fields ?? []).map((field) => ({
      name: field.name ?? '',
      dataType: field.dataType.toString(),
      rank: Math.max(0, field.valueRank),
      // With subtyped values the flag says that the field takes subtypes (OPC 10000-3 8.51).
      optional: structureType === OPTIONAL_FIELDS && field.isOptional,
      subtyped: subtypes && field.isOptional,
    })),
  };
}
