import { JoulegateError } from '../../broker/contract/error.ts';

/** A node as configuration means it: by namespace URI, never by index. `uri` null = namespace 0 of OPC UA itself. */
export type NodeAddress = { readonly uri: string | null; readonly identifier: string };

/**
 * Reads `nsu=<uri>;<i|s|g|b>=…` or `i=…` (namespace 0).
 * @throws JoulegateError CONFIG_INVALID for anything else, above all for `ns=<index>`, which means another node after a restart with other namespaces.
 */
export function parseNodeAddress(text: string): NodeAddress {
  const match = /^(?:nsu=([^;]+);)?([isgb]=.+)$/s.exec(text);
  if (match?.[2] !== undefined) return { uri: match[1] ?? null, identifier: match[2] };
  throw new JoulegateError(
    'CONFIG_INVALID',
    text.startsWith('ns=')
      ? `node id "${text}" names its namespace by index, which changes when a server restarts with other namespaces; write nsu=<namespace URI>;… (the server's NamespaceArray, i=2255, lists the URIs)`
      : `node id "${text}" is not understood; write nsu=<namespace URI>;s=<identifier> (or i=, g=, b=)`,
  );
}

/** The node id for a session with this namespace array, or null when the server does not know the namespace. */
export function resolveNodeAddress(address: NodeAddress, namespaces: readonly string[]): string | null {
  if (address.uri === null) return address.identifier;
  const index = namespaces.indexOf(address.uri);
  return index === -1 ? null : `ns=${index};${address.identifier}`;
}
