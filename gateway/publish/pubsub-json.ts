import { randomUUID } from 'node:crypto';
import {
  builtInTypes,
  tagToProperties,
  type FieldMetaData,
  type MetadataMessage,
} from '../../broker/contract/metadata-message.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';
import { completeTag, type FieldFacts } from '../tags/field-facts.ts';
import { isoTime } from '../tags/iso-time.ts';
import type { FieldEntry, PlainDataSetMessage, Writer } from '../tags/message-builder.ts';
import { encodePlainValue, type PlainValue } from '../tags/plain-value.ts';
import type { Encoder } from './encoder.ts';

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
  const head = `{"DataSetWriterId":${writer.id},"SequenceNumber":${message.sequence},"MetaDataVersion":{"MajorVersion":${version},"MinorVersion":0},"Timestamp":"${cachedTime(message.at)}","MessageType":"${message.kind}"`;
  if (message.kind === 'ua-keepalive') return `${head}}`;
  return `${head},"Payload":{${message.fields.map(encodeField).join(',')}}}`;
}

/** A field as the encoder takes it: values of any type, and what of its instant is finer than a millisecond. */
type EncodedField = Omit<FieldEntry, 'value'> & {
  readonly value: PlainValue;
  /** 100 ns units within the millisecond. */
  readonly ticks?: number;
};

function encodeField({ name, value, at, statusCode, ticks }: EncodedField): string {
  const status = statusCode === 0 ? '' : `"StatusCode":{"Code":${statusCode}},`;
  const time = ticks === undefined || ticks === 0 ? cachedTime(at) : isoTime(at, ticks);
  return `${JSON.stringify(name)}:{"Value":${encodePlainValue(value)},${status}"SourceTimestamp":"${time}"}`;
}

let lastTime = Number.NaN;
let lastText = '';
/** Many values of a batch share their instant. */
function cachedTime(at: number): string {
  if (at !== lastTime) {
    lastTime = at;
    lastText = isoTime(at);
  }
  return lastText;
}

/** The retained metadata of a writer. `facts`: what the server said of its fields, by field name. */
export function metadataMessage(
  publisherId: string,
  writer: Writer,
  at: number,
  facts: ReadonlyMap<string, FieldFacts> = NO_FACTS,
): MetadataMessage {
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
      Fields: writer.tags.map((tag) => describeField(tag, facts.get(tag.name) ?? {}, writer)),
      ConfigurationVersion: { MajorVersion: configurationVersion(writer), MinorVersion: 0 },
    },
  };
}

const NO_FACTS: ReadonlyMap<string, FieldFacts> = new Map();

function describeField(tag: TagDescription, facts: FieldFacts, writer: Writer): FieldMetaData {
  const complete = completeTag(tag, facts);
  return {
    Name: tag.name,
    BuiltInType: facts.builtIn ?? builtInTypes[tag.dataType ?? ''] ?? defaultType(tag),
    ...(facts.dataType === undefined ? {} : { DataType: facts.dataType }),
    ValueRank: facts.valueRank ?? -1,
    Properties: tagToProperties(
      complete,
      writer.equipment,
      tag.unit === undefined ? facts.engineeringUnits : undefined,
    ),
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
