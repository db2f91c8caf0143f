import {
  DataType,
  DataValue,
  DiagnosticInfo,
  LocalizedText,
  NodeId,
  QualifiedName,
  StatusCode,
  Variant,
  VariantArrayType,
} from 'node-opcua';
import { isoTime, ticksOf } from '../../tags/iso-time.ts';
import { nonFiniteText, type PlainValue } from '../../tags/plain-value.ts';
import type { DecodeContext } from './decode-context.ts';
import { readInteger64 } from './integer64.ts';
import { isLibraryObject, plainOfLibraryObject } from './library-object.ts';
import { nest } from './nest.ts';
import { nodeIdText, qualifiedNameText } from './node-id-text.ts';
import { readBody } from './structure-reader.ts';
import { ValueRefusedError, type Budget } from './value-limits.ts';
import { named, type EnumerationNames, type TypeLookup } from './value-type.ts';

/** A context for one value. */
export function createContext(types: TypeLookup, budget: Budget): DecodeContext {
  const context: DecodeContext = {
    types,
    budget,
    plainOf: (dataType, value, names = null) => plainOf(dataType, value, context, names),
    plainOfBody: (encodingId, body) => plainOfBody(encodingId, body, context),
  };
  return context;
}

/** Instants at or before 1601 are "no time" in OPC UA binary (OPC 10000-6 5.2.2.5). */
const NO_TIME = Date.UTC(1601, 0, 1);

/** A variant with everything in it. @throws ValueRefusedError beyond a limit or for a malformed body. */
export function plainOfVariant(
  { dataType, arrayType, value, dimensions }: Variant,
  context: DecodeContext,
  names: EnumerationNames | null = null,
): PlainValue {
  if (value === null || value === undefined) return null;
  if (arrayType === VariantArrayType.Scalar) return plainOf(dataType, value, context, names);
  return plainOfArray(dataType, value, dimensions ?? null, context, names);
}

/** Elements in order of the last dimension first, nested by dimension (OPC 10000-6 5.2.5). */
function plainOfArray(
  dataType: DataType,
  value: unknown,
  dimensions: readonly number[] | null,
  context: DecodeContext,
  names: EnumerationNames | null,
): PlainValue {
  if (!isIndexed(value)) throw new ValueRefusedError('body-malformed');
  context.budget.elements(value.length);
  const flat: PlainValue[] = [];
  context.budget.deeper(() => {
    for (let at = 0; at < value.length; at += 1) flat.push(plainOf(dataType, value[at], context, names));
  });
  return dimensions === null ? flat : nest(flat, dimensions);
}

const isIndexed = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);

function plainOf(
  dataType: DataType,
  value: unknown,
  context: DecodeContext,
  names: EnumerationNames | null,
): PlainValue {
  if (value === null || value === undefined) return null;
  const { types, budget } = context;
  switch (dataType) {
    case DataType.Boolean:
      return Boolean(value);
    case DataType.Int32:
      return names === null ? Number(value) : named(names, Number(value));
    case DataType.Int64:
    case DataType.UInt64:
      return readInteger64(value, dataType === DataType.Int64);
    case DataType.Float:
    case DataType.Double:
      return Number.isFinite(value) ? Number(value) : nonFiniteText(Number(value));
    case DataType.DateTime:
      return value instanceof Date ? dateTimeText(value) : null;
    case DataType.ByteString: {
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value as Uint8Array);
      budget.text(bytes.length);
      return bytes.toString('base64');
    }
    case DataType.String:
    case DataType.XmlElement:
    case DataType.Guid: {
      return typeof value === 'string' ? boundedText(value, budget) : null;
    }
    case DataType.NodeId:
    case DataType.ExpandedNodeId:
      return value instanceof NodeId ? boundedText(nodeIdText(value, types.namespaces), budget) : null;
    case DataType.StatusCode:
      return value instanceof StatusCode ? { Code: value.value >>> 0, Symbol: value.name } : null;
    case DataType.QualifiedName:
      return value instanceof QualifiedName ? boundedText(qualifiedNameText(value, types.namespaces), budget) : null;
    case DataType.LocalizedText:
      return value instanceof LocalizedText ? plainOfLocalizedText(value, budget) : null;
    case DataType.ExtensionObject:
      return budget.deeper(() => plainOfExtensionObject(value, context));
    case DataType.DataValue:
      return value instanceof DataValue ? budget.deeper(() => plainOfDataValue(value, context)) : null;
    case DataType.Variant:
      return value instanceof Variant ? budget.deeper(() => plainOfVariant(value, context)) : null;
    case DataType.DiagnosticInfo:
      return value instanceof DiagnosticInfo ? budget.deeper(() => plainOfDiagnosticInfo(value, context)) : null;
    case DataType.Null:
      return null;
    case DataType.SByte:
    case DataType.Byte:
    case DataType.Int16:
    case DataType.UInt16:
    case DataType.UInt32:
      return Number(value);
    default:
      // A number of no built-in type, from a server that is ahead of the library.
      dataType satisfies never;
      return null;
  }
}

/** ISO 8601 text of a DateTime; the library hangs what is finer than a millisecond on the Date. */
function dateTimeText(value: Date & { readonly picoseconds?: number }): string {
  const at = value.getTime();
  return isoTime(at <= NO_TIME ? Number.NaN : at, ticksOf(value.picoseconds));
}

function boundedText(text: string, budget: Budget): string {
  budget.text(text.length);
  return text;
}

function plainOfLocalizedText({ text, locale }: LocalizedText, budget: Budget): PlainValue {
  budget.text((text?.length ?? 0) + (locale?.length ?? 0));
  return { Text: text ?? '', ...(locale === null || locale === undefined || locale === '' ? {} : { Locale: locale }) };
}

/** A structure: undecoded bytes by the server's definition, an object of the library's own types by its schema. */
function plainOfExtensionObject(value: unknown, context: DecodeContext): PlainValue {
  if (isUndecoded(value)) return plainOfBody(value.nodeId, value.buffer, context);
  if (isLibraryObject(value)) return plainOfLibraryObject(value, context);
  return null;
}

/** The library's class for a body it has no type for; not exported by it. */
const isUndecoded = (value: unknown): value is { readonly nodeId: NodeId; readonly buffer: Buffer } =>
  typeof value === 'object' &&
  value !== null &&
  'nodeId' in value &&
  value.nodeId instanceof NodeId &&
  'buffer' in value &&
  Buffer.isBuffer(value.buffer);

/**
 * The body of an extension object. One whose type is not known (yet) is passed on undecoded in the form of OPC UA JSON
 * (OPC 10000-6 5.4.2.16), so that nothing is lost.
 */
function plainOfBody(encodingId: NodeId, body: Buffer, context: DecodeContext): PlainValue {
  const { types, budget } = context;
  const key = encodingId.toString();
  const structure = types.structureOf(key);
  if (structure !== undefined) return readBody(structure, body, context);
  types.missing(key);
  budget.text(body.length);
  return { UaTypeId: nodeIdText(encodingId, types.namespaces), UaEncoding: 1, UaBody: body.toString('base64') };
}

function plainOfDataValue(dataValue: DataValue, context: DecodeContext): PlainValue {
  const { value, statusCode, sourceTimestamp, sourcePicoseconds, serverTimestamp, serverPicoseconds } = dataValue;
  const code = statusCode.value >>> 0;
  return {
    Value: plainOfVariant(value, context),
    ...(code === 0 ? {} : { StatusCode: { Code: code, Symbol: statusCode.name } }),
    ...(sourceTimestamp ? { SourceTimestamp: isoTime(sourceTimestamp.getTime(), ticksOf(sourcePicoseconds)) } : {}),
    ...(serverTimestamp ? { ServerTimestamp: isoTime(serverTimestamp.getTime(), ticksOf(serverPicoseconds)) } : {}),
  };
}

function plainOfDiagnosticInfo(info: DiagnosticInfo, context: DecodeContext): PlainValue {
  const { symbolicId, namespaceURI, locale, localizedText, additionalInfo, innerStatusCode, innerDiagnosticInfo } =
    info;
  const index = (name: string, value: number): Record<string, number> => (value >= 0 ? { [name]: value } : {});
  return {
    ...index('SymbolicId', symbolicId),
    ...index('NamespaceUri', namespaceURI),
    ...index('Locale', locale),
    ...index('LocalizedText', localizedText),
    ...(additionalInfo ? { AdditionalInfo: boundedText(additionalInfo, context.budget) } : {}),
    ...(innerStatusCode && innerStatusCode.value !== 0
      ? { InnerStatusCode: { Code: innerStatusCode.value >>> 0, Symbol: innerStatusCode.name } }
      : {}),
    ...(innerDiagnosticInfo
      ? {
          InnerDiagnosticInfo: context.budget.deeper(() => plainOfDiagnosticInfo(innerDiagnosticInfo, context)),
        }
      : {}),
  };
}
