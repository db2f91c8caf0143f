import { ExpandedNodeId, NodeIdType, type NodeId, type QualifiedName } from 'node-opcua';

const letters: Readonly<Record<number, string>> = {
  [NodeIdType.NUMERIC]: 'i',
  [NodeIdType.STRING]: 's',
  [NodeIdType.GUID]: 'g',
  [NodeIdType.BYTESTRING]: 'b',
};

/**
 * A node id as text that means the same in every session: namespace URI instead of index (OPC 10000-6 5.1.12), `svr=` for
 * one of another server. An index that the namespace array does not have stays `ns=`.
 */
export function nodeIdText(nodeId: NodeId, namespaces: readonly string[]): string {
  const { identifierType, value } = nodeId;
  const identifier = Buffer.isBuffer(value) ? value.toString('base64') : String(value);
  const local = `${letters[identifierType] ?? 'i'}=${identifier}`;
  const expanded = nodeId instanceof ExpandedNodeId ? nodeId : null;
  const server = expanded !== null && expanded.serverIndex > 0 ? `svr=${expanded.serverIndex};` : '';
  const uri = expanded?.namespaceUri || namespaces[nodeId.namespace];
  if (nodeId.namespace === 0 && !expanded?.namespaceUri) return `${server}${local}`;
  return uri === undefined ? `${server}ns=${nodeId.namespace};${local}` : `${server}nsu=${escapeUri(uri)};${local}`;
}

/** A qualified name as `nsu=<uri>;<name>`; names of namespace 0 stand alone (OPC 10000-6 5.1.15). */
export function qualifiedNameText({ namespaceIndex, name }: QualifiedName, namespaces: readonly string[]): string {
  if (namespaceIndex === 0) return name ?? '';
  const uri = namespaces[namespaceIndex];
  return uri === undefined ? `${namespaceIndex}:${name ?? ''}` : `nsu=${escapeUri(uri)};${name ?? ''}`;
}

/** A semicolon would end the URI too early. */
const escapeUri = (uri: string): string => uri.replaceAll('%', '%25').replaceAll(';', '%3B');
