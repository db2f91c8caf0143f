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
import { encodePlainValue } from '../tags/plain-value.ts';
import { numericRoles, type TagMap, type Writer } from '../tags/tag-map.ts';
import { valueKind } from '../tags/value-batch.ts';
import type { EncodedPayload, Encoder } from './encoder.ts';

/** DataSetMessages and characters per network message at most, so that no payload grows far beyond 64 kB. */
const MESSAGES_PER_PAYLOAD = 100;
const CHARACTERS_PER_PAYLOAD = 65_536;
/** BadTypeMismatch. */
const BAD_TYPE = 0x80_74_00_00;

/** OPC UA PubSub JSON network messages (OPC 10000-14 7.2.5), assembled by hand: no object per value on the hot path. */
export function createPubSubJsonEncoder(publisherId: string, { tags, highestHandle }: TagMap): Encoder {
  const size = highestHandle + 1;
  const names: string[] = Array.from({ length: size }, () => '');
  const accepts = new Uint8Array(size);
  for (const { handle, tag } of tags.values()) {
    names[handle] = `${JSON.stringify(tag.name)}:{"Value":`;
    accepts[handle] =
      tag.role === 'process' ? accept.measured : numericRoles.has(tag.role) ? accept.numbers : accept.all;
  }
  /** Last DataSetMessage in which a tag stands. */
  const mark = new Float64Array(size);
  let serial = 0;
  const heads = new WeakMap<Writer, string>();
  const headOf = (writer: Writer, sequence: number): string => {
    let tail = heads.get(writer);
    if (tail === undefined) {
      tail = `","MessageType":"ua-data","PublisherId":${JSON.stringify(publisherId)},"WriterGroupName":${JSON.stringify(writer.server)},"Messages":[`;
      heads.set(writer, tail);
    }
    return `{"MessageId":"${publisherId}-${writer.id}-${sequence}${tail}`;
  };

  return {
    encodeRows: (writer, batch, rows, sequence, onRefused) => {
      const { handles, kinds, numbers, times, statuses, others, origin } = batch;
      const kindOfMessage = origin === undefined ? 'ua-deltaframe' : `ua-deltaframe","Origin":"${origin}`;
      const payloads: EncodedPayload[] = [];
      let first = sequence;
      let next = sequence;
      let messages = '';
      let fields = '';
      let newest = Number.NEGATIVE_INFINITY;
      const closeMessage = (): void => {
        const begin = messages === '' ? '' : `${messages},`;
        messages = `${begin}${messageHead(writer, next, newest, kindOfMessage)},"Payload":{${fields}}}`;
        next += 1;
        fields = '';
        newest = Number.NEGATIVE_INFINITY;
        if (next - first >= MESSAGES_PER_PAYLOAD || messages.length > CHARACTERS_PER_PAYLOAD) closePayload();
      };
      const closePayload = (): void => {
        payloads.push({ firstSequence: first, lastSequence: next - 1, text: `${headOf(writer, first)}${messages}]}` });
        first = next;
        messages = '';
      };
      serial += 1;
      for (const row of rows) {
        const handle = handles[row] ?? 0;
        if (mark[handle] === serial) {
          closeMessage();
          serial += 1;
        }
        mark[handle] = serial;
        const at = times[row] ?? 0;
        if (at > newest) newest = at;
        let status = statuses[row] ?? 0;
        let value = 'null';
        if (status >>> 30 !== 2) {
          const kind = kinds[row];
          const number = numbers[row] ?? Number.NaN;
          const allowed = accepts[handle] ?? accept.all;
          if (kind === valueKind.number && (number - number === 0 || allowed === accept.all))
            value = encodeNumber(number);
          else if (kind === valueKind.boolean && allowed !== accept.numbers) value = number === 1 ? 'true' : 'false';
          else if (kind === valueKind.other && isAccepted(others.get(row), allowed))
            value = encodePlainValue(others.get(row) ?? null);
          else if (kind !== valueKind.none) {
            onRefused({ handle, value: plainOf(kind, number, others.get(row)) });
            status = BAD_TYPE;
          }
        }
        const code = status === 0 ? '' : `,"StatusCode":{"Code":${status}}`;
        const comma = fields === '' ? '' : ',';
        fields += `${comma}${names[handle] ?? ''}${value}${code},"SourceTimestamp":"${isoTime(at)}"}`;
      }
      if (fields !== '') closeMessage();
      if (messages !== '') closePayload();
      return payloads;
    },
    encodeKeepAlive: (writer, at, sequence) => ({
      firstSequence: sequence,
      lastSequence: sequence,
      text: `${headOf(writer, sequence)}${messageHead(writer, sequence, at, 'ua-keepalive')}}]}`,
    }),
  };
}

function messageHead(writer: Writer, sequence: number, at: number, kind: string): string {
  return `{"DataSetWriterId":${writer.id},"SequenceNumber":${sequence},"MetaDataVersion":{"MajorVersion":${configurationVersion(writer)},"MinorVersion":0},"Timestamp":"${isoTime(at)}","MessageType":"${kind}"`;
}

/** NaN and ±Infinity travel as the texts OPC UA JSON defines for them (OPC 10000-6 5.4.2.4). */
function encodeNumber(value: number): string {
  return value - value === 0 ? String(value) : `"${String(value)}"`;
}

/** What a tag may hold, by its role. */
const accept = { all: 0, numbers: 1, measured: 2 } as const;

/** Text of digits is how 64-bit integers beyond 2^53 travel; a process tag may also be an array or a structure. */
function isAccepted(value: unknown, allowed: number): boolean {
  if (allowed === accept.all) return true;
  return typeof value === 'string' ? /^-?\d+$/.test(value) : allowed === accept.measured && typeof value === 'object';
}

function plainOf(kind: number | undefined, number: number, other: unknown): unknown {
  if (kind === valueKind.other) return other;
  return kind === valueKind.boolean ? number === 1 : number;
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
