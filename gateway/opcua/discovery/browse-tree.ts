import { NodeClass, NodeId, type ReferenceDescription } from 'node-opcua';
import { batchSize } from '../service-batches.ts';
import type { OperationLimits } from '../operation-limits.ts';
import { browseReferences, type BrowseSession } from './browse-references.ts';
import { nodeAddressText, shorten } from './node-text.ts';

/** One node of a browsed tree; `parent` is its position in the list, -1 for the start. */
export type BrowsedNode = {
  readonly parent: number;
  readonly depth: number;
  /** Node id for this session (by namespace index). */
  readonly nodeId: string;
  /** Node id by namespace URI. */
  readonly address: string;
  /** Browse name without its namespace. */
  readonly name: string;
  readonly displayName: string;
  readonly nodeClass: string;
  /** Type definition by namespace URI; empty for types and methods. */
  readonly type: string;
  readonly isProperty: boolean;
};

export type BrowsedTree = {
  /** The start first, parents before their children. */
  readonly nodes: readonly BrowsedNode[];
  /** Why the tree is not whole, or null. */
  readonly stoppedBy: 'max-nodes' | 'max-depth' | null;
  /** Nodes whose references the server did not give, with its status. */
  readonly refused: readonly { readonly address: string; readonly status: string }[];
};

export type BrowseTreeOptions = {
  readonly namespaces: readonly string[];
  readonly limits: Pick<OperationLimits, 'maxNodesPerBrowse'>;
  /** Session node id to start at. Default: Objects (i=85). */
  readonly start?: string;
  /** Levels below the start. Default 20. */
  readonly maxDepth?: number;
  /** Default 100,000. */
  readonly maxNodes?: number;
  /** Nodes that are listed, but not gone into. Default: the Server object. */
  readonly closed?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
};

const OBJECTS = 'ns=0;i=85';
const SERVER = 'ns=0;i=2253';
const HAS_PROPERTY = 'ns=0;i=46';
export const DEFAULT_MAX_NODES = 100_000;
export const DEFAULT_MAX_DEPTH = 20;
const MOST_PER_BROWSE = 200;
/** Nodes whose references are in memory at a time. */
const FRONTIER_SLICE = 400;
/** References taken for a slice at least, since many may lead to nodes that are known already. */
const LEAST_REFERENCES = 10_000;
const MOST_REFUSED = 100;
const CLASSES = NodeClass.Object | NodeClass.Variable | NodeClass.Method;

/**
 * Browses everything below a node by hierarchical references, each node once at the first place it is found, so that
 * loops end. Stops at `maxNodes` and `maxDepth` and says so.
 * @throws the library's error when the server no longer answers; the reason of `signal` when it aborts.
 */
export async function browseTree(session: BrowseSession, options: BrowseTreeOptions): Promise<BrowsedTree> {
  const { namespaces, limits, start = OBJECTS, maxDepth = DEFAULT_MAX_DEPTH, signal } = options;
  const maxNodes = options.maxNodes ?? DEFAULT_MAX_NODES;
  const closed = options.closed ?? new Set([SERVER]);
  const size = batchSize(limits.maxNodesPerBrowse, MOST_PER_BROWSE);
  const nodes: BrowsedNode[] = [startNode(start, namespaces)];
  const seen = new Set<string>([fullText(start)]);
  const refused: { address: string; status: string }[] = [];
  let stoppedBy: BrowsedTree['stoppedBy'] = null;
  let frontier = [0];
  while (frontier.length > 0) {
    const next: number[] = [];
    for (let at = 0; at < frontier.length && stoppedBy !== 'max-nodes'; at += FRONTIER_SLICE) {
      signal?.throwIfAborted();
      const slice = frontier.slice(at, at + FRONTIER_SLICE);
      const found = await browseReferences(
        session,
        slice.map((index) => nodes[index]?.nodeId ?? ''),
        { size, most: Math.max(LEAST_REFERENCES, (maxNodes - nodes.length) * 2), nodeClassMask: CLASSES },
      );
      for (const [position, { references, status, cut }] of found.entries()) {
        const parent = slice[position] ?? 0;
        const from = nodes[parent];
        if (from === undefined) continue;
        if (!status.isGood() && refused.length < MOST_REFUSED) {
          refused.push({ address: from.address, status: status.name });
        }
        if (cut) stoppedBy = 'max-nodes';
        for (const reference of references) {
          const key = localNodeId(reference, namespaces);
          if (key === null || seen.has(key)) continue;
          if (nodes.length > maxNodes) {
            stoppedBy = 'max-nodes';
            break;
          }
          seen.add(key);
          nodes.push(toNode(reference, { nodeId: key, parent, depth: from.depth + 1, namespaces }));
          if (!closed.has(key) && nodes.at(-1)?.nodeClass !== 'Method') next.push(nodes.length - 1);
        }
      }
    }
    if (stoppedBy === 'max-nodes') break;
    if (next.length > 0 && (nodes[next[0] ?? 0]?.depth ?? 0) >= maxDepth) {
      stoppedBy = 'max-depth';
      break;
    }
    frontier = next;
  }
  return { nodes, stoppedBy, refused };
}

/** Browse names from below the start down to the node. */
export function pathOf(nodes: readonly BrowsedNode[], index: number): string[] {
  const path: string[] = [];
  for (let at = index; at > 0; at = nodes[at]?.parent ?? 0) path.unshift(nodes[at]?.name ?? '');
  return path;
}

const fullText = (nodeId: string): string => (nodeId.startsWith('ns=') ? nodeId : `ns=0;${nodeId}`);

function startNode(nodeId: string, namespaces: readonly string[]): BrowsedNode {
  const isObjects = fullText(nodeId) === OBJECTS;
  return {
    parent: -1,
    depth: 0,
    nodeId,
    address: nodeAddressText(nodeId, namespaces),
    name: isObjects ? 'Objects' : nodeId,
    displayName: '',
    nodeClass: 'Object',
    type: '',
    isProperty: false,
  };
}

/** The target's node id by index, or null when it lies in another server or in a namespace this one does not list. */
function localNodeId({ nodeId }: ReferenceDescription, namespaces: readonly string[]): string | null {
  if ((nodeId.serverIndex ?? 0) !== 0) return null;
  const uri = nodeId.namespaceUri ?? '';
  const index = uri === '' ? nodeId.namespace : namespaces.indexOf(uri);
  return index === -1 ? null : new NodeId(nodeId.identifierType, nodeId.value, index).toString();
}

function toNode(
  reference: ReferenceDescription,
  {
    nodeId,
    parent,
    depth,
    namespaces,
  }: Pick<BrowsedNode, 'nodeId' | 'parent' | 'depth'> & { namespaces: readonly string[] },
): BrowsedNode {
  const { browseName, displayName, nodeClass, typeDefinition, referenceTypeId } = reference;
  return {
    parent,
    depth,
    nodeId,
    address: nodeAddressText(nodeId, namespaces),
    name: shorten(browseName.name ?? '', 256),
    displayName: shorten(displayName.text ?? '', 256),
    nodeClass: NodeClass[nodeClass] ?? String(nodeClass),
    type: typeDefinition.isEmpty() ? '' : nodeAddressText(typeDefinition, namespaces),
    isProperty: referenceTypeId.toString() === HAS_PROPERTY,
  };
}
