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

type Schema = ExtensionObject['schema'];
type Field = Schema['fields'][number];

/** Whether the library has decoded a structure; its unions are no ExtensionObject. */
export const isLibraryObject = (value: unknown): value is ExtensionObject =>
  typeof value === 'object' &&
  value !== null &&
  'schema' in value &&
  typeof value.schema === 'object' &&
  value.schema !== null &&
  'getBaseSchema' in value.schema;

/** An object of a type that the library itself knows (EUInformation, Range, Argument …), by its schema. */
export function plainOfLibraryObject(object: ExtensionObject, context: DecodeContext): PlainValue {
  const values = object as unknown as Readonly<Record<string, unknown>>;
  const isUnion = object.schema.baseType === 'Union';
  const entries: [string, PlainValue][] = [];
  for (const field of allFields(object.schema)) {
    const value = values[field.name];
    if (value === undefined || (isUnion && field.originalName === 'SwitchField')) continue;
    entries.push([field.originalName, plainOfField(field, value, context)]);
  }
  context.budget.elements(entries.length);
  if (isUnion && entries.length === 0) return null;
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
    // The library keeps name to number, for its own enumerations number to name as well.
    const pairs = Object.entries(field.schema.enumValues as Readonly<Record<string, unknown>>);
    const name = pairs.find(([, number]) => number === value)?.[0];
    return { Value: value, Name: name ?? null };
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
