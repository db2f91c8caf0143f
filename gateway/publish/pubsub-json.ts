import { randomUUID } from 'node:crypto';
import { tagToProperties, type MetadataMessage } from '../../broker/contract/metadata-message.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';
import type { FieldEntry, PlainDataSetMessage, Writer } from '../tags/message-builder.ts';
import type { Encoder } from './encoder.ts';

/** Built-in type ids of OPC 10000-6 5.1.2 by name. */
const builtInTypes: Readonly<Record<string, number>> = {
  Boolean: 1,
  Int32: 6,
  UInt32: 7,
  Int64: 8,
  UInt64: 9,
  Float: 10,
  Double: 11,
  String: 12,
};

/** OPC UA PubSub JSON network messages (OPC 10000-14 7.2.5), assembled by hand: no object per value on the hot path. */
export function createPubSubJsonEncoder(publisherId: string): Encoder {
  const publisher = JSON.stringify(publisherId);
  return {
    encode: (writer, messages, messageId) => {
      const version = configurationVersion(writer);
      const head = `{"MessageId":${JSON.stringify(messageId)},"MessageType":"ua-data","PublisherId":${publisher},"WriterGroupName":${JSON.stringify(writer.server)},"Messages":[`;
      return `${head}${messages.map((message) => encodeMessage(writer, message, version)).join(',')}]}`;
    },
  };
}

function encodeMessage(writer: Writer, message: PlainDataSetMessage, version: number): string {
  const head = `{"DataSetWriterId":${writer.id},"SequenceNumber":${message.sequence},"MetaDataVersion":{"MajorVersion":${version},"MinorVersion":0},"Timestamp":"${isoTime(message.at)}","MessageType":"${message.kind}"`;
  if (message.kind === 'ua-keepalive') return `${head}}`;
  return `${head},"Payload":{${message.fields.map(encodeField).join(',')}}}`;
}

function encodeField({ name, value, at, statusCode }: FieldEntry): string {
  const status = statusCode === 0 ? '' : `"StatusCode":{"Code":${statusCode}},`;
  return `${JSON.stringify(name)}:{"Value":${encodeValue(value)},${status}"SourceTimestamp":"${isoTime(at)}"}`;
}

/** NaN and ±Infinity travel as the texts OPC UA JSON defines for them. */
function encodeValue(value: number | string | boolean | null): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${String(value)}"`;
  return JSON.stringify(value);
}

let lastTime = Number.NaN;
let lastText = '';
/** Many values of a batch share their instant. */
function isoTime(at: number): string {
  if (at !== lastTime) {
    lastTime = at;
    lastText =
      at >= -62_135_596_800_000 && at <= 253_402_300_799_999 ? new Date(at).toISOString() : '0001-01-01T00:00:00.000Z';
  }
  return lastText;
}

/** The retained metadata of a writer. */
export function metadataMessage(publisherId: string, writer: Writer, at: number): MetadataMessage {
  return {
    MessageId: randomUUID(),
    MessageType: 'ua-metadata',
    PublisherId: publisherId,
    DataSetWriterId: writer.id,
    DataSetWriterName: writer.equipment.path,
    WriterGroupName: writer.server,
    Timestamp: new Date(at).toISOString(),
    MetaData: {
      Name: writer.equipment.path,
      Fields: writer.tags.map((tag) => ({
        Name: tag.name,
        BuiltInType: builtInTypes[tag.dataType ?? ''] ?? defaultType(tag),
        ValueRank: -1,
        Properties: tagToProperties(tag, writer.equipment),
      })),
      ConfigurationVersion: { MajorVersion: configurationVersion(writer), MinorVersion: 0 },
    },
  };
}

function defaultType(tag: TagDescription): number {
  return tag.role === 'product' || tag.role === 'order' ? 12 : 11;
}

const versions = new WeakMap<Writer, number>();
/** A number that changes with the description of the writer: FNV-1a of it. */
function configurationVersion(writer: Writer): number {
  const known = versions.get(writer);
  if (known !== undefined) return known;
  let hash = 0x81_1c_9d_c5;
  for (const character of JSON.stringify([writer.equipment, writer.tags])) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  }
  versions.set(writer, hash);
  return hash;
}
