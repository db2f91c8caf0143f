import { crc32 } from 'node:zlib';
import type { OutboxMessage } from './outbox.ts';

/** CRC-32 of everything a record says, so that a byte that changed on disk is noticed before it is published. */
export function recordChecksum({ writerId, firstSequence, lastSequence, topic, payload }: OutboxMessage): number {
  return crc32(payload, crc32(`${writerId}/${firstSequence}/${lastSequence}/${topic}`));
}

/** CRC-32 of a writer's row. A sequence number that fell back unseen would let readers drop new messages as repeats. */
export function writerChecksum(id: number, path: string, sequence: number): number {
  return crc32(`${id}/${path}/${sequence}`);
}
