import { AttributeIds, type ClientSession } from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';
import { parseNodeAddress, resolveNodeAddress } from './node-address.ts';
import type { WorkerTag } from './protocol.ts';
import type { ResolvedTag } from './subscribe.ts';

/**
 * The NamespaceArray straight from the server: the library keeps what it once has read, over a restart of the server too.
 * @throws JoulegateError ENDPOINT_REFUSED when the server does not tell it.
 */
export async function readNamespaces(session: ClientSession): Promise<readonly string[]> {
  const { value } = await session.read({ nodeId: 'i=2255', attributeId: AttributeIds.Value });
  const uris: unknown = value.value;
  if (!Array.isArray(uris))
    throw new JoulegateError('ENDPOINT_REFUSED', 'the server does not tell its NamespaceArray (i=2255)');
  return uris.map(String);
}

/** Whether the server answers a read of its state within `timeoutMs`. */
export function answers(session: ClientSession, timeoutMs: number): Promise<boolean> {
  const timeout = new Promise<false>((resolve) => {
    setTimeout(() => resolve(false), timeoutMs).unref();
  });
  const answer = session.read({ nodeId: 'i=2259' }).then(
    () => true,
    () => false,
  );
  return Promise.race([answer, timeout]);
}

/** Node ids of the tags in a session with these namespaces; `onUnknown` is told of tags whose namespace the server has not. */
export function resolveTags(
  tags: readonly WorkerTag[],
  namespaces: readonly string[],
  onUnknown: (tag: WorkerTag) => void,
): ResolvedTag[] {
  const resolved: ResolvedTag[] = [];
  for (const tag of tags) {
    const nodeId = resolveNodeAddress(parseNodeAddress(tag.nodeId), namespaces);
    if (nodeId === null) onUnknown(tag);
    else resolved.push({ tag, nodeId });
  }
  return resolved;
}
