import {
  DataType,
  DataValue,
  DiagnosticInfo,
  ExtensionObject,
  LocalizedText,
  NodeId,
  QualifiedName,
  StatusCode,
  Variant,
} from 'node-opcua';
import type { PlainValue } from '../../tags/plain-value.ts';
import type { DecodeContext } from './decode-context.ts';
import { named } from './value-type.ts';

type Schema = ExtensionObject['schema'];
type Field = Schema['fields'][number];

/** An object of a type that the library itself knows (EUInformation, Range, Argument …), by its schema. */
export function plainOfLibraryObject(object: ExtensionObject, context: DecodeContext): PlainValue {
  const values = object as unknown as Readonly<Record<string, unknown>>;
  const entries: [string, PlainValue][] = [];
  for (const field of allFields(object.schema)) {
    const value = values[field.name];
    if (value === undefined) continue;
    entries.push([field.originalName, plainOfField(field, value, context)]);
  }
  context.budget.elements(entries.length);
  // Entries, not assignment: a field may be called "__proto__".
  return Object.fromEntries(entries);
}

function allFields(schema: Schema): readonly Field[] {
  const base = schema.getBaseSchema();
  return base === null ? schema.fields : [...allFields(base), ...schema.fields];
}

function plainOfField(field: Field, value: unknown, context: DecodeContext): PlainValue {
  if (value === null) return null;
  if (field.isArray !== true) return plainOfElement(field, value, context);
  const elements = Array.from(value as ArrayLike<unknown>);
  context.budget.elements(elements.length);
  return context.budget.deeper(() => elements.map((element) => plainOfElement(field, element, context)));
}

function plainOfElement(field: Field, value: unknown, context: DecodeContext): PlainValue {
  if (typeof value === 'number' && 'enumValues' in field.schema) {
    const name: unknown = (field.schema.enumValues as Readonly<Record<number, unknown>>)[value];
    return named(new Map(typeof name === 'string' ? [[value, { Value: value, Name: name }]] : []), value);
  }
  return context.plainOf(builtInOf(field, value), value);
}

/** The built-in type of a field; an alias (Duration, LocaleId …) shows by what the library holds for it. */
function builtInOf({ fieldType }: Field, value: unknown): DataType {
  const known = (DataType as unknown as Readonly<Record<string, unknown>>)[fieldType];
  if (typeof known === 'number') return known;
  if (value instanceof ExtensionObject) return DataType.ExtensionObject;
  if (value instanceof Date) return DataType.DateTime;
  if (value instanceof NodeId) return DataType.NodeId;
  if (value instanceof StatusCode) return DataType.StatusCode;
  if (value instanceof LocalizedText) return DataType.LocalizedText;
  if (value instanceof QualifiedName) return DataType.QualifiedName;
  if (value instanceof Variant) return DataType.Variant;
  if (value instanceof DataValue) return DataType.DataValue;
  if (value instanceof DiagnosticInfo) return DataType.DiagnosticInfo;
  if (Buffer.isBuffer(value)) return DataType.ByteString;
  if (typeof value === 'boolean') return DataType.Boolean;
  if (typeof value === 'number') return DataType.Double;
  if (Array.isArray(value)) return DataType.UInt64;
  return typeof value === 'string' ? DataType.String : DataType.ExtensionObject;
}
