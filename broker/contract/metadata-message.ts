import { Type, type Static } from 'typebox';
import { JoulegateError } from './error.ts';
import { EquipmentDescription, TagDescription } from './tag.ts';
import { Compile } from 'typebox/compile';

/** Namespace of the field properties that carry our tag roles. */
export const PROPERTY_NAMESPACE = 'urn:joulegate:tag';

const KeyValuePair = Type.Object({
  Key: Type.Object({ Name: Type.String(), Uri: Type.Optional(Type.String()) }),
  Value: Type.Unknown(),
});

/** Built-in type ids of OPC 10000-6 5.1.2 by name. */
export const builtInTypes: Readonly<Record<string, number>> = {
  Boolean: 1,
  SByte: 2,
  Byte: 3,
  Int16: 4,
  UInt16: 5,
  Int32: 6,
  UInt32: 7,
  Int64: 8,
  UInt64: 9,
  Float: 10,
  Double: 11,
  String: 12,
  DateTime: 13,
  Guid: 14,
  ByteString: 15,
  XmlElement: 16,
  NodeId: 17,
  ExpandedNodeId: 18,
  StatusCode: 19,
  QualifiedName: 20,
  LocalizedText: 21,
  ExtensionObject: 22,
  DataValue: 23,
  Variant: 24,
  DiagnosticInfo: 25,
};

/** EUInformation of OPC 10000-8 5.6.4 as a server gives it. */
export type EngineeringUnits = {
  readonly NamespaceUri?: string;
  /** UNECE common code as number; −1: the server has none. */
  readonly UnitId?: number;
  readonly DisplayName: { readonly Text: string };
  readonly Description?: { readonly Text: string };
};

/** FieldMetaData of OPC 10000-14 6.2.3.2.3, the members we use. */
export const FieldMetaData = Type.Object({
  Name: Type.String({ minLength: 1 }),
  Description: Type.Optional(Type.Object({ Locale: Type.Optional(Type.String()), Text: Type.String() })),
  BuiltInType: Type.Optional(Type.Integer({ minimum: 0, maximum: 31 })),
  /** Data type of the values with its namespace URI, where it says more than the built-in type. */
  DataType: Type.Optional(Type.String()),
  ValueRank: Type.Optional(Type.Integer()),
  Properties: Type.Optional(Type.Array(KeyValuePair)),
});
export type FieldMetaData = Static<typeof FieldMetaData>;

/** Retained; one per DataSetWriter (= equipment). */
export const MetadataMessage = Type.Object({
  MessageId: Type.String(),
  MessageType: Type.Literal('ua-metadata'),
  PublisherId: Type.String({ minLength: 1, maxLength: 128 }),
  DataSetWriterId: Type.Integer({ minimum: 1, maximum: 65_535 }),
  DataSetWriterName: Type.String(),
  WriterGroupName: Type.Optional(Type.String()),
  Timestamp: Type.Optional(Type.String()),
  MetaData: Type.Object({
    Name: Type.String(),
    Fields: Type.Array(FieldMetaData),
    ConfigurationVersion: Type.Object({ MajorVersion: Type.Integer(), MinorVersion: Type.Integer() }),
  }),
});
export type MetadataMessage = Static<typeof MetadataMessage>;

const checkTag = Compile(TagDescription);
const checkEquipment = Compile(EquipmentDescription);

/**
 * Field properties for one tag: the standard EngineeringUnits and EURange beside our own description. `units`: what the
 * server says, for a tag whose unit nobody else gave.
 */
export function tagToProperties(
  tag: TagDescription,
  equipment: EquipmentDescription,
  units?: EngineeringUnits,
): NonNullable<FieldMetaData['Properties']> {
  return [
    ...engineeringUnits(tag, units),
    ...(tag.range === undefined
      ? []
      : [{ Key: { Name: 'EURange' }, Value: { Low: tag.range[0], High: tag.range[1] } }]),
    { Key: { Name: 'Tag', Uri: PROPERTY_NAMESPACE }, Value: tag },
    { Key: { Name: 'Equipment', Uri: PROPERTY_NAMESPACE }, Value: equipment },
  ];
}

function engineeringUnits(
  tag: TagDescription,
  units: EngineeringUnits | undefined,
): NonNullable<FieldMetaData['Properties']> {
  const value = units ?? (tag.unit === undefined ? undefined : { DisplayName: { Text: tag.unit } });
  return value === undefined ? [] : [{ Key: { Name: 'EngineeringUnits' }, Value: value }];
}

export type FieldReading =
  | { readonly kind: 'tag'; readonly tag: TagDescription; readonly equipment: EquipmentDescription }
  | { readonly kind: 'refused'; readonly field: string; readonly reason: JoulegateError };

/**
 * Reads the tag and equipment back out of a field. A field without our properties, or with an unknown role,
 * is refused with the reason; the other fields of the message stay usable.
 */
export function readField(field: FieldMetaData): FieldReading {
  const own = (name: string): unknown =>
    field.Properties?.find((property) => property.Key.Uri === PROPERTY_NAMESPACE && property.Key.Name === name)?.Value;
  const tag = own('Tag');
  const equipment = own('Equipment');
  const refuse = (what: string): FieldReading => ({
    kind: 'refused',
    field: field.Name,
    reason: new JoulegateError(
      'PAYLOAD_INVALID',
      `field "${field.Name}": ${what}; publish it with the properties Tag and Equipment of ${PROPERTY_NAMESPACE}, roles and members as in broker/contract/tag.ts`,
    ),
  });
  if (tag === undefined || equipment === undefined) return refuse('its metadata name no tag role and equipment');
  if (!checkTag.Check(tag)) return refuse(`tag description is not valid: ${firstError(checkTag.Errors(tag), tag)}`);
  if (!checkEquipment.Check(equipment)) {
    return refuse(`equipment description is not valid: ${firstError(checkEquipment.Errors(equipment), equipment)}`);
  }
  return { kind: 'tag', tag, equipment };
}

function firstError(
  errors: readonly { readonly instancePath: string; readonly message: string }[],
  value: unknown,
): string {
  const error = errors.find((candidate) => candidate.message !== 'schema is false') ?? errors[0];
  if (error === undefined) return 'unknown reason';
  const key = error.instancePath.slice(1);
  const seen: unknown = key === '' ? undefined : (Object(value) as Record<string, unknown>)[key];
  return `${key === '' ? 'object' : key}${seen === undefined ? '' : ` ${JSON.stringify(seen)}`} ${error.message}`;
}
