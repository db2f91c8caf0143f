import { AttributeIds, type ClientSession } from 'node-opcua';
import { editDistance } from '../../config/proposal/edit-distance.ts';
import type { KnownServer } from './browse-server.ts';
import { browseTree, pathOf } from './browse-tree.ts';
import { readAttribute } from './node-details.ts';

/** An existing node that was probably meant. */
export type ClosestNode = {
  /** Node id by namespace URI. */
  readonly nodeId: string;
  /** Browse names below Objects, or below where the search began. */
  readonly path: string;
  readonly distance: number;
};

/** A node that may be meant: where it is and what it is called. */
export type NodeCandidate = { readonly nodeId: string; readonly path: string; readonly name: string };

export type ClosestOptions = {
  /** What the tag is called; counts beside the node id, and alone for numeric ids. */
  readonly name?: string;
  /** Default 3. */
  readonly most?: number;
  /** Nodes looked at. Default 5,000. */
  readonly maxNodes?: number;
  /** Nodes found before, for many searches in one server. */
  readonly candidates?: readonly NodeCandidate[];
};

/** What a search has to know of a server. */
export type SearchServer = {
  readonly session: ClientSession;
  readonly namespaces: readonly string[];
  readonly limits: KnownServer['limits'];
};

const DEFAULT_MAX_NODES = 5000;

/**
 * The existing variables a node id that the server does not know was probably meant to be, closest first; empty when
 * none is near. Looks below the nearest existing parent of a text identifier, else below Objects.
 * @throws the library's error when the server no longer answers.
 */
export async function closestNodes(
  server: SearchServer,
  nodeId: string,
  options: ClosestOptions = {},
): Promise<ClosestNode[]> {
  const { maxNodes = DEFAULT_MAX_NODES, candidates } = options;
  if (candidates !== undefined) return closestOf(nodeId, candidates, options);
  const parent = await existingParent(server, nodeId);
  if (parent !== null) {
    const near = closestOf(nodeId, await findCandidates(server, { start: parent, maxNodes }), options);
    if (near.length > 0) return near;
  }
  return closestOf(nodeId, await findCandidates(server, { maxNodes }), options);
}

/** Variables of a server, below Objects or a start, that may be offered in the place of others. */
export async function findCandidates(
  { session, namespaces, limits }: SearchServer,
  { start, maxNodes }: { readonly start?: string; readonly maxNodes: number },
): Promise<NodeCandidate[]> {
  const { nodes } = await browseTree(session, {
    namespaces,
    limits,
    maxNodes,
    ...(start === undefined ? {} : { start }),
  });
  return nodes.flatMap(({ nodeClass, isProperty, address, name }, index) =>
    nodeClass === 'Variable' && !isProperty ? [{ nodeId: address, name, path: pathOf(nodes, index).join('/') }] : [],
  );
}

/** The candidates nearest to a node id by their identifier or their name. */
export function closestOf(
  nodeId: string,
  candidates: readonly NodeCandidate[],
  { name, most = 3 }: Pick<ClosestOptions, 'name' | 'most'> = {},
): ClosestNode[] {
  const wanted = nodeId.toLowerCase();
  const identifier = identifierOf(wanted);
  const isText = identifier.startsWith('s=');
  const limit = Math.max(3, Math.floor(identifier.length / 4));
  const found: ClosestNode[] = [];
  for (const candidate of candidates) {
    const id = candidate.nodeId.toLowerCase();
    let distance = limit + 1;
    // The same identifier in another namespace is a namespace that was mistyped.
    if (identifierOf(id) === identifier) distance = 1;
    else if (isText) distance = editDistance(identifier, identifierOf(id), limit + 1);
    if (name !== undefined && distance > 2) {
      const nameLimit = Math.max(1, Math.floor(name.length / 4)) + 1;
      const byName = editDistance(name.toLowerCase(), candidate.name.toLowerCase(), nameLimit);
      if (byName < nameLimit) distance = Math.min(distance, byName + 2);
    }
    if (distance <= limit) found.push({ nodeId: candidate.nodeId, path: candidate.path, distance });
  }
  return found.sort((a, b) => a.distance - b.distance).slice(0, most);
}

const identifierOf = (nodeId: string): string =>
  /([isgb]=.*)$/s.exec(nodeId.replace(/^n(su|s)=[^;]*;/, ''))?.[1] ?? nodeId;

/** The node whose text identifier is the longest beginning of the wanted one, up to a separator; null when there is none. */
async function existingParent({ session, namespaces, limits }: SearchServer, nodeId: string): Promise<string | null> {
  const match = /^nsu=([^;]+);s=(.+)$/s.exec(nodeId);
  const index = namespaces.indexOf(match?.[1] ?? '');
  const identifier = match?.[2];
  if (identifier === undefined || index === -1) return null;
  const parents: string[] = [];
  for (let at = identifier.length - 1; at > 0 && parents.length < 20; at -= 1) {
    if (/[./\\|:]/.test(identifier[at] ?? '')) parents.push(`ns=${index};s=${identifier.slice(0, at)}`);
  }
  const classes = await readAttribute(session, parents, { attributeId: AttributeIds.NodeClass, limits });
  const found = classes.findIndex(({ isGood }) => isGood);
  return found === -1 ? null : (parents[found] ?? null);
}
