import { AttributeIds, type ClientSession } from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';

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
