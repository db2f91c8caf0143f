import {
  BinaryStream,
  DataType,
  DataValue,
  decodeByteString,
  decodeDateTime,
  decodeExpandedNodeId,
  decodeGuid,
  decodeNodeId,
  decodeStatusCode,
  decodeString,
  decodeUInt64,
  DiagnosticInfo,
  LocalizedText,
  QualifiedName,
  Variant,
} from 'node-opcua';
import type { PlainValue } from '../../tags/plain-value.ts';
import type { DecodeContext } from './decode-context.ts';
import { nest } from './nest.ts';
import { ValueRefusedError } from './value-limits.ts';
import { named, type FieldDefinition, type StructureType } from './value-type.ts';

/**
 * Decodes the binary body of a structure by the server's data type definition (OPC 10000-6 5.2.6 to 5.2.8): plain
 * structures, optional fields with their mask, unions, fields that allow subtypes.
 * @throws ValueRefusedError for a body that does not fit the definition: its values would be invented ones.
 */
export function readBody(structure: StructureType, body: Buffer, context: DecodeContext): PlainValue {
  const stream = new BinaryStream(body);
  const value = readStructure(structure, stream, context);
  if (stream.length !== body.length) throw new ValueRefusedError('body-malformed');
  return value;
}

function readStructure(structure: StructureType, stream: BinaryStream, context: DecodeContext): PlainValue {
  return context.budget.deeper(() =>
    structure.union ? readUnion(structure, stream, context) : readFields(structure, stream, context),
  );
}

function readUnion({ fields }: StructureType, stream: BinaryStream, context: DecodeContext): PlainValue {
  const selected = stream.readUInt32();
  if (selected === 0) return null;
  const field = fields[selected - 1];
  if (field === undefined) throw new ValueRefusedError('body-malformed');
  return Object.fromEntries([[field.name, readField(field, stream, context)]]);
}

function readFields({ fields }: StructureType, stream: BinaryStream, context: DecodeContext): PlainValue {
  const mask = fields.some((field) => field.optional) ? stream.readUInt32() : 0;
  const entries: [string, PlainValue][] = [];
  let bit = 0;
  for (const field of fields) {
    if (field.optional) {
      const present = (mask >>> bit) & 1;
      bit += 1;
      if (present === 0) continue;
    }
    entries.push([field.name, readField(field, stream, context)]);
  }
  context.budget.elements(entries.length);
  // Entries, not assignment: a field may be called "__proto__".
  return Object.fromEntries(entries);
}

function readField(field: FieldDefinition, stream: BinaryStream, context: DecodeContext): PlainValue {
  if (field.rank === 0) return readElement(field, stream, context);
  // A matrix starts with an array of its dimensions, an array with its length (OPC 10000-6 5.2.5).
  const dimensions = field.rank === 1 ? null : readCounted(stream, context, () => Math.max(0, stream.readInteger()));
  const length = dimensions === null ? stream.readInteger() : dimensions.reduce((product, size) => product * size, 1);
  if (length < 0) return null;
  const elements = readList(length, stream, context, () => readElement(field, stream, context));
  return dimensions === null || dimensions.length === 0 ? elements : nest(elements, dimensions);
}

function readCounted<Element>(stream: BinaryStream, context: DecodeContext, read: () => Element): Element[] {
  return readList(Math.max(0, stream.readInteger()), stream, context, read);
}

/** The length is what the sender claims: it is held against the limits and the bytes that are left before anything is made. */
function readList<Element>(
  length: number,
  stream: BinaryStream,
  context: DecodeContext,
  read: () => Element,
): Element[] {
  context.budget.elements(length);
  if (length > stream.buffer.length - stream.length) throw new ValueRefusedError('body-malformed');
  return context.budget.deeper(() => Array.from({ length }, read));
}

function readElement(field: FieldDefinition, stream: BinaryStream, context: DecodeContext): PlainValue {
  const type = context.types.type(field.dataType);
  if (type === undefined) throw new ValueRefusedError('body-malformed');
  switch (type.kind) {
    case 'built-in':
      return readBuiltIn(field.subtyped ? DataType.Variant : type.builtIn, stream, context);
    case 'enumeration':
      return field.subtyped ? readBuiltIn(DataType.Variant, stream, context) : named(type.names, stream.readInteger());
    case 'structure':
      return field.subtyped || type.abstract
        ? readExtensionObject(stream, context)
        : readStructure(type, stream, context);
    case 'unknown':
      throw new ValueRefusedError('body-malformed');
    default:
      return type satisfies never;
  }
}

function readExtensionObject(stream: BinaryStream, context: DecodeContext): PlainValue {
  const encodingId = decodeNodeId(stream);
  const encoding = stream.readUInt8();
  if (encoding === 0) return null;
  const body = decodeByteString(stream);
  return context.budget.deeper(() => context.plainOfBody(encodingId, body ?? Buffer.alloc(0)));
}

function readBuiltIn(type: DataType, stream: BinaryStream, context: DecodeContext): PlainValue {
  if (type === DataType.ExtensionObject) return readExtensionObject(stream, context);
  return context.plainOf(type, readers[type]?.(stream) ?? null);
}

const decoded = <Value extends { decode(stream: BinaryStream): void }>(value: Value, stream: BinaryStream): Value => {
  value.decode(stream);
  return value;
};

const readers: { readonly [type: number]: (stream: BinaryStream) => unknown } = {
  [DataType.Boolean]: (stream) => stream.readUInt8() !== 0,
  [DataType.SByte]: (stream) => stream.readInt8(),
  [DataType.Byte]: (stream) => stream.readUInt8(),
  [DataType.Int16]: (stream) => stream.readInt16(),
  [DataType.UInt16]: (stream) => stream.readUInt16(),
  [DataType.Int32]: (stream) => stream.readInteger(),
  [DataType.UInt32]: (stream) => stream.readUInt32(),
  [DataType.Int64]: (stream) => decodeUInt64(stream),
  [DataType.UInt64]: (stream) => decodeUInt64(stream),
  [DataType.Float]: (stream) => stream.readFloat(),
  [DataType.Double]: (stream) => stream.readDouble(),
  [DataType.String]: (stream) => decodeString(stream),
  [DataType.XmlElement]: (stream) => decodeString(stream),
  [DataType.DateTime]: (stream) => decodeDateTime(stream),
  [DataType.Guid]: (stream) => decodeGuid(stream),
  [DataType.ByteString]: (stream) => decodeByteString(stream),
  [DataType.NodeId]: (stream) => decodeNodeId(stream),
  [DataType.ExpandedNodeId]: (stream) => decodeExpandedNodeId(stream),
  [DataType.StatusCode]: (stream) => decodeStatusCode(stream),
  [DataType.QualifiedName]: (stream) => decoded(new QualifiedName(), stream),
  [DataType.LocalizedText]: (stream) => decoded(new LocalizedText(), stream),
  [DataType.Variant]: (stream) => decoded(new Variant(), stream),
  [DataType.DataValue]: (stream) => decoded(new DataValue(), stream),
  [DataType.DiagnosticInfo]: (stream) => decoded(new DiagnosticInfo(), stream),
};
