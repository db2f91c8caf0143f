import { describe, expect, it } from 'vitest';
import type { DataNetworkMessage, DataSetMessage } from '../../broker/contract/data-message.ts';
import { tagToProperties } from '../../broker/contract/metadata-message.ts';
import type { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';
import { MessageStream } from './stream.ts';

const at = '2026-11-23T08:00:00.000Z';
const tag: TagDescription = { name: 'energy', role: 'energy-counter', unit: 'kWh', nodeId: 'nsu=urn:plc;s=Energy' };
const press: EquipmentDescription = { path: 'hall/line/press', site: 'pudong', enterprise: 'acme' };

/** A stream that knows one writer, and what it makes of its messages. */
function openStream() {
  const heard: string[] = [];
  const stream = new MessageStream(
    {
      describe: () => 0,
      sample: (machine, field, value, time) => void heard.push(`sample ${machine} ${field} ${String(value)} ${time}`),
      keepAlive: (machine, time) => void heard.push(`alive ${machine} ${time}`),
      isHolding: () => false,
      onRefusedField: ({ field }) => void heard.push(`refused ${field}`),
      onLoss: ({ lost }) => void heard.push(`lost ${lost}`),
      onGap: ({ after }) => void heard.push(`gap after ${after}`),
    },
    () => 0,
  );
  stream.metadata({
    MessageId: 'm',
    MessageType: 'ua-metadata',
    PublisherId: 'gateway-1',
    DataSetWriterId: 1,
    DataSetWriterName: press.path,
    WriterGroupName: 'plc',
    Timestamp: at,
    MetaData: {
      Name: press.path,
      Fields: [{ Name: tag.name, BuiltInType: 11, ValueRank: -1, Properties: tagToProperties(tag, press, undefined) }],
      ConfigurationVersion: { MajorVersion: 1, MinorVersion: 0 },
    },
  });
  return { stream, heard };
}

const message = (
  SequenceNumber: number,
  kind: DataSetMessage['MessageType'],
  more: Partial<DataSetMessage>,
): DataNetworkMessage => ({
  MessageId: `m-${SequenceNumber}`,
  MessageType: 'ua-data',
  PublisherId: 'gateway-1',
  Messages: [{ DataSetWriterId: 1, SequenceNumber, Timestamp: at, MessageType: kind, ...more }],
});
const value = { Payload: { energy: { Value: 42, SourceTimestamp: at } } };

describe('a value that is sent once more as a heartbeat', () => {
  it('is no sample, but counts in the sequence and is committed', () => {
    const { stream, heard } = openStream();
    stream.data(message(1, 'ua-deltaframe', value));
    stream.data(message(2, 'ua-deltaframe', { ...value, Origin: 'heartbeat' }));
    stream.data(message(3, 'ua-keyframe', { ...value, Origin: 'heartbeat' }));
    expect(heard).toEqual([`sample 0 0 42 ${Date.parse(at)}`]);
    expect(stream.values).toBe(1);
    expect(stream.lost).toBe(0);
    expect(stream.positions().get('gateway-1')?.get(1)).toBe(3);
  });

  it('leaves keep-alives as they are', () => {
    const { stream, heard } = openStream();
    stream.data(message(1, 'ua-deltaframe', { ...value, Origin: 'heartbeat' }));
    stream.data(message(2, 'ua-keepalive', {}));
    expect(heard).toEqual([`alive 0 ${Date.parse(at)}`]);
  });

  it('is missed like any other message', () => {
    const { stream, heard } = openStream();
    stream.data(message(1, 'ua-deltaframe', value));
    stream.data(message(3, 'ua-deltaframe', value));
    expect(heard.at(-1)).toBe('gap after 1');
  });
});

describe('a value from the history of a server', () => {
  it('is a sample with its own time', () => {
    const { stream, heard } = openStream();
    stream.data(message(1, 'ua-deltaframe', { ...value, Origin: 'history' }));
    expect(heard).toEqual([`sample 0 0 42 ${Date.parse(at)}`]);
  });
});
