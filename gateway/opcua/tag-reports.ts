import type { ClosestNode } from './discovery/closest-nodes.ts';
import type { WorkerMessage, WorkerStart, WorkerTag } from './protocol.ts';

type Say = (message: WorkerMessage) => void;

/** Place of a tag in messages. */
export const placeOf = (tag: WorkerTag): string => `${tag.equipment}/${tag.name}`;

/** Says that a tag cannot be read, with the node that was probably meant; as an event only the first time. */
export function reportBadNode(
  say: Say,
  server: { readonly name: string; readonly endpoint: string },
  tag: WorkerTag,
  reason: string,
  { isNew, closest }: { readonly isNew: boolean; readonly closest: ClosestNode | null },
): void {
  const near = closest === null ? '' : `; the closest existing node is "${closest.nodeId}" (${closest.path})`;
  say({ kind: 'tag', handle: tag.handle, state: 'unknown', reason: `${reason}${near}` });
  say({
    kind: 'problem',
    problem: {
      code: 'NODE_UNKNOWN',
      severity: 'error',
      where: placeOf(tag),
      equipment: tag.equipment,
      message: `tag ${placeOf(tag)}: node "${tag.nodeId}" cannot be read at server "${server.name}" (${server.endpoint}): ${reason}${near}`,
      remedy: `correct nodeId in plant.yaml${closest === null ? '' : `, perhaps to "${closest.nodeId}"`}, or bring the node back in the server; the other tags go on and this one is tried again every minute`,
    },
  });
  if (!isNew) return;
  say({
    kind: 'event',
    event: {
      kind: 'node-unknown',
      severity: 'low',
      message: `node cannot be read: ${reason}`.slice(0, 1024),
      subject: tag.nodeId.slice(0, 512),
      equipment: tag.equipment,
    },
  });
}

/** Says that a node is not what was configured, so that its values are held back. */
export function reportWrongTag(say: Say, tag: WorkerTag, reason: string): void {
  const message = `tag ${placeOf(tag)}: node "${tag.nodeId}" is not what it was configured to be: ${reason}`;
  say({ kind: 'tag', handle: tag.handle, state: 'quarantined', reason });
  say({
    kind: 'problem',
    problem: {
      code: 'NODE_CHANGED',
      severity: 'error',
      where: placeOf(tag),
      equipment: tag.equipment,
      message,
      remedy:
        'compare the node with plant.yaml and correct nodeId or dataType; no value of this tag is passed on meanwhile',
    },
  });
  say({
    kind: 'event',
    event: {
      kind: 'node-changed',
      severity: 'high',
      message: message.slice(0, 1024),
      subject: tag.nodeId.slice(0, 512),
      equipment: tag.equipment,
    },
  });
}

/** Says that a tag is read, which it was not before. */
export function reportRead(say: Say, tag: WorkerTag): void {
  say({ kind: 'tag', handle: tag.handle, state: 'read', reason: '' });
  for (const code of ['NODE_UNKNOWN', 'NODE_CHANGED']) say({ kind: 'clear', code, where: placeOf(tag) });
}

/** Says that a server takes a tag only without its deadband or trigger. */
export function reportNoFilter(say: Say, tag: WorkerTag): void {
  say({
    kind: 'problem',
    problem: {
      code: 'FILTER_REFUSED',
      severity: 'info',
      where: placeOf(tag),
      equipment: tag.equipment,
      message: `tag ${placeOf(tag)}: the server refuses its deadband or trigger; every change is sent instead`,
      remedy:
        'remove deadband and trigger of the tag, or set the EURange of the node where the deadband is a percentage',
    },
  });
}

/** Nobody knows what the server would have sent; that something may be missing is said. */
export function reportHole(say: Say, server: WorkerStart['server'], message: string): void {
  say({
    kind: 'event',
    event: {
      kind: 'data-lost',
      severity: 'medium',
      message: `${message}; its values meanwhile are missing, unless its history has them`,
      subject: server.endpoint,
    },
  });
}

/** The tag is read no longer, so that nothing is wrong with it. */
export function reportGone(say: Say, tag: WorkerTag): void {
  for (const code of ['NODE_UNKNOWN', 'NODE_CHANGED', 'FILTER_REFUSED', 'UNIT_CONTRADICTION'])
    say({ kind: 'clear', code, where: placeOf(tag) });
}
