import { AttributeIds } from 'node-opcua';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { openSession, type OpenedSession, type SessionTarget } from '../open-session.ts';
import { readOperationLimits, type OperationLimits } from '../operation-limits.ts';
import { parseNodeAddress, resolveNodeAddress } from '../node-address.ts';
import { browseTree, pathOf, type BrowsedNode, type BrowsedTree, type BrowseTreeOptions } from './browse-tree.ts';
import { compileGlob } from './glob.ts';
import { readAttribute, readDataTypes, unitOf, type Reading, type ServerUnit } from './node-details.ts';

/** A session with what everything in this folder needs to know of its server. */
export type KnownServer = {
  readonly opened: OpenedSession;
  readonly session: OpenedSession['session'];
  readonly namespaces: readonly string[];
  readonly limits: OperationLimits;
};

/** Opens a session and reads namespaces and limits. @throws JoulegateError as `openSession` does. */
export async function openKnownServer(
  target: SessionTarget,
  onEvent: Parameters<typeof openSession>[1] = () => undefined,
): Promise<KnownServer & AsyncDisposable> {
  const opened = await openSession(target, onEvent);
  try {
    const { session } = opened;
    const namespaces = await session.readNamespaceArray();
    const limits = await readOperationLimits(session);
    return { opened, session, namespaces, limits, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/** Data type, value and unit of a variable. */
export type VariableDetails = {
  readonly dataType: string;
  readonly reading: Reading;
  readonly unit: ServerUnit | null;
};

/** Details of the variables of a tree by their position. */
export async function readVariables(
  { session, limits, namespaces }: Pick<KnownServer, 'session' | 'limits' | 'namespaces'>,
  nodes: readonly BrowsedNode[],
  wanted: readonly number[],
): Promise<ReadonlyMap<number, VariableDetails>> {
  const ids = wanted.map((index) => nodes[index]?.nodeId ?? '');
  const readings = await readAttribute(session, ids, { attributeId: AttributeIds.Value, limits });
  const types = await readDataTypes(session, ids, { namespaces, limits });
  const byIndex = new Map<number, VariableDetails>();
  wanted.forEach((index, at) => {
    const reading = readings[at];
    if (reading !== undefined) byIndex.set(index, { dataType: types[at] ?? '', reading, unit: null });
  });
  for (const index of wanted) {
    const node = nodes[index];
    const reading = byIndex.get(index)?.reading;
    if (node?.name !== 'EngineeringUnits' || reading === undefined) continue;
    const owner = byIndex.get(node.parent);
    const unit = unitOf(reading.value);
    if (owner !== undefined && unit !== null) byIndex.set(node.parent, { ...owner, unit });
  }
  return byIndex;
}

/** One line of `joulegate browse`. */
export type BrowseEntry = {
  readonly path: readonly string[];
  readonly depth: number;
  readonly name: string;
  readonly nodeId: string;
  readonly nodeClass: string;
  readonly type: string;
  readonly details: VariableDetails | null;
};

export type BrowseResult = Pick<BrowsedTree, 'stoppedBy' | 'refused'> & { readonly entries: readonly BrowseEntry[] };

/**
 * The tree below a node with the values of its variables, parents first. With a filter only nodes whose path below the
 * start matches it and what leads to them. Properties are left out but for their unit.
 * @throws JoulegateError CONFIG_INVALID when the start is no node id or names a namespace the server has not, NODE_UNKNOWN when there is no such node.
 */
export async function browseServer(
  server: KnownServer,
  options: Pick<BrowseTreeOptions, 'maxDepth' | 'maxNodes' | 'signal'> & {
    /** `nsu=` node id or browse names below Objects with `/` between them. */
    readonly path?: string;
    readonly filter?: string;
  } = {},
): Promise<BrowseResult> {
  const { session, namespaces, limits } = server;
  const { path, filter, ...guards } = options;
  const start = path === undefined ? null : await findStart(server, path);
  const tree = await browseTree(session, {
    namespaces,
    limits,
    ...guards,
    ...(start === null ? {} : { start, closed: new Set<string>() }),
  });
  const { nodes } = tree;
  const kept = keep(nodes, filter);
  const shown = nodes.flatMap((node, index) => (kept.has(index) && node.nodeClass === 'Variable' ? [index] : []));
  const units = nodes.flatMap((node, index) =>
    node.name === 'EngineeringUnits' && node.isProperty && kept.has(node.parent) ? [index] : [],
  );
  const details = await readVariables(server, nodes, [...shown, ...units]);
  const children = new Map<number, number[]>();
  for (const index of kept) {
    const parent = nodes[index]?.parent ?? -1;
    if (parent < 0) continue;
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [index]);
    else known.push(index);
  }
  const entries: BrowseEntry[] = [];
  const stack = [0];
  while (stack.length > 0) {
    const index = stack.pop() ?? 0;
    const node = nodes[index];
    if (node === undefined) continue;
    const { name, depth, address, nodeClass, type } = node;
    const own = details.get(index) ?? null;
    entries.push({ path: pathOf(nodes, index), depth, name, nodeId: address, nodeClass, type, details: own });
    for (const child of (children.get(index) ?? []).toReversed()) stack.push(child);
  }
  return { entries, stoppedBy: tree.stoppedBy, refused: tree.refused };
}

function keep(nodes: readonly BrowsedNode[], filter: string | undefined): Set<number> {
  const matches = filter === undefined ? null : compileGlob(filter);
  const kept = new Set<number>([0]);
  nodes.forEach((node, index) => {
    if (node.isProperty || (matches !== null && !matches(pathOf(nodes, index)))) return;
    for (let at = index; at >= 0 && !kept.has(at); at = nodes[at]?.parent ?? -1) kept.add(at);
  });
  return kept;
}

async function findStart(server: KnownServer, path: string): Promise<string> {
  const { session, namespaces, limits } = server;
  if (/^(nsu=|[isgb]=|ns=)/.test(path)) {
    const resolved = /^ns=\d+;/.test(path) ? path : resolveNodeAddress(parseNodeAddress(path), namespaces);
    if (resolved === null) {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `node id "${path}": the server has no such namespace; it has ${namespaces.join(', ')}`,
      );
    }
    const [reading] = await readAttribute(session, [resolved], { attributeId: AttributeIds.NodeClass, limits });
    if (reading?.isGood !== true) {
      throw new JoulegateError('NODE_UNKNOWN', `node "${path}": ${reading?.status ?? 'no answer'}; check the node id`);
    }
    return resolved;
  }
  let at: string | null = null;
  for (const name of path.split('/').filter((part) => part !== '' && part !== 'Objects')) {
    const level: BrowsedTree = await browseTree(session, {
      namespaces,
      limits,
      ...(at === null ? {} : { start: at }),
      maxDepth: 1,
      closed: new Set(),
    });
    const found = level.nodes.find((node, index) => index > 0 && (node.name === name || node.displayName === name));
    if (found === undefined) {
      const names = level.nodes.slice(1, 21).map((node) => node.name);
      throw new JoulegateError(
        'NODE_UNKNOWN',
        `path "${path}": there is no "${name}"; at this place are ${names.join(', ') || 'no nodes'}`,
      );
    }
    at = found.nodeId;
  }
  return at ?? 'ns=0;i=85';
}
