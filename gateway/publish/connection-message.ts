import { randomUUID } from 'node:crypto';
import type { TagMap } from '../tags/tag-map.ts';

/** The retained description of all writers of a publisher (OPC 10000-14 7.2.5.5, ua-connection). */
export function connectionMessage(publisherId: string, { writers, sampled }: TagMap): object {
  return {
    MessageId: randomUUID(),
    MessageType: 'ua-connection',
    PublisherId: publisherId,
    Connection: {
      Name: publisherId,
      PublisherId: publisherId,
      TransportProfileUri: 'http://opcfoundation.org/UA-Profile/Transport/pubsub-mqtt-json',
      WriterGroups: [...sampled.keys()].map((name) => ({
        Name: name,
        DataSetWriters: writers
          .filter((writer) => writer.server === name)
          .map((writer) => ({ Name: writer.equipment.path, DataSetWriterId: writer.id })),
      })),
    },
  };
}
