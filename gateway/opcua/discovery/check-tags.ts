import { AttributeIds, makeBrowsePath, type NodeId } from 'node-opcua';
import { describeError } from '../../../broker/contract/error.ts';
import { unitByCode, unitByText } from '../../config/proposal/unece-units.ts';
import { parseNodeAddress, resolveNodeAddress } from '../node-address.ts';
import { batchSize, inBatches } from '../service-batches.ts';
import type { KnownServer } from './browse-server.ts';
import { closestNodes, findCandidates, type ClosestNode, type NodeCandidate } from './closest-nodes.ts';
import { readAttribute, unitOf } from './node-details.ts';

/** A tag that gives no usable value, or contradicts the server. */
export type TagFinding = {
  readonly kind: 'bad' | 'unit';
  /** Equipment path and tag name. */
  readonly where: string;
  readonly nodeId: string;
  readonly status: string;
  readonly closest: readonly ClosestNode[];
  readonly remedy: string;
};

export type CheckedTag = {
  readonly equipment: string;
  readonly name: string;
  readonly nodeId: string;
  readonly unit?: string | undefined;
  readonly role: string;
};

/** Tags for which other nodes are looked for; the rest is listed without. */
const MOST_SEARCHED = 50;
const MOST_CANDIDATES = 20_000;
const MOST_PER_CALL = 100;
const numericRoles: ReadonlySet<string> = new Set([
  'energy-counter',
  'power',
  'output-counter',
  'output-rate',
  'scrap-counter',
]);

type Resolved = { readonly tag: CheckedTag; readonly nodeId: string };

/** Reads every tag once and gives what is wrong with each; good ones are not listed. */
export async function checkTags(server: KnownServer, tags: readonly CheckedTag[]): Promise<TagFinding[]> {
  const { session, namespaces, limits } = server;
  const findings: TagFinding[] = [];
  const resolved: Resolved[] = [];
  const unknown: { readonly tag: CheckedTag; readonly status: string }[] = [];
  for (const tag of tags) {
    try {
      const nodeId = resolveNodeAddress(parseNodeAddress(tag.nodeId), namespaces);
      if (nodeId === null) unknown.push({ tag, status: 'its namespace is not in the NamespaceArray of the server' });
      else resolved.push({ tag, nodeId });
    } catch (error) {
      unknown.push({ tag, status: describeError(error) });
    }
  }
  const readings = await readAttribute(
    session,
    resolved.map(({ nodeId }) => nodeId),
    { attributeId: AttributeIds.Value, limits },
  );
  const good: Resolved[] = [];
  resolved.forEach((entry, index) => {
    const { tag } = entry;
    const reading = readings[index];
    const status = reading?.status ?? 'no answer';
    if (status.startsWith('BadNodeId')) unknown.push({ tag, status });
    else if (reading === undefined || reading.isBad) {
      findings.push(finding(tag, status, [], remedyOf(status)));
      if (status === 'BadWaitingForInitialData' || status.startsWith('BadSensor')) good.push(entry);
    } else {
      good.push(entry);
      const isNumber = ['number', 'bigint', 'boolean'].includes(typeof reading.value) || is64Bit(reading.value);
      if (numericRoles.has(tag.role) && !isNumber) {
        const what = Array.isArray(reading.value) ? 'a list' : typeof reading.value;
        findings.push(
          finding(tag, `its value is ${what}, but role ${tag.role} needs a number`, [], 'choose another node or role'),
        );
      }
    }
  });
  findings.push(...(await withClosest(server, unknown)));
  findings.push(...(await unitFindings(server, good)));
  return findings;
}

/** The library gives 64-bit integers as [high, low]. */
const is64Bit = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((part) => Number.isSafeInteger(part));

function remedyOf(status: string): string {
  if (/^BadUserAccessDenied|^BadNotReadable/.test(status)) return 'give the gateway the right to read it at the server';
  if (status === 'BadAttributeIdInvalid') return 'the node is no variable; name a variable below it';
  if (/^BadWaitingForInitialData|^BadNoData/.test(status)) return 'the server has no value yet; look again later';
  return 'look at the node in the server; the device behind it may be away';
}

const finding = (tag: CheckedTag, status: string, closest: readonly ClosestNode[], remedy: string): TagFinding => ({
  kind: 'bad',
  where: `${tag.equipment}/${tag.name}`,
  nodeId: tag.nodeId,
  status,
  closest,
  remedy,
});

async function withClosest(
  server: KnownServer,
  unknown: readonly { readonly tag: CheckedTag; readonly status: string }[],
): Promise<TagFinding[]> {
  if (unknown.length === 0) return [];
  const candidates: readonly NodeCandidate[] = await findCandidates(server, { maxNodes: MOST_CANDIDATES });
  const found: TagFinding[] = [];
  for (const [index, { tag, status }] of unknown.entries()) {
    const closest = index < MOST_SEARCHED ? await closestNodes(server, tag.nodeId, { name: tag.name, candidates }) : [];
    const remedy =
      closest[0] === undefined
        ? 'correct nodeId; joulegate browse shows what there is'
        : `correct nodeId, perhaps to ${closest[0].nodeId}`;
    found.push(finding(tag, status, closest, remedy));
  }
  return found;
}

async function unitFindings({ session, limits }: KnownServer, tags: readonly Resolved[]): Promise<TagFinding[]> {
  const comparable = tags.filter(({ tag }) => tag.unit !== undefined);
  const targets = await inBatches<Resolved, NodeId | null>(
    comparable,
    batchSize(limits.maxNodesPerTranslate, MOST_PER_CALL),
    async (batch) => {
      const paths = await session.translateBrowsePath(
        batch.map(({ nodeId }) => makeBrowsePath(nodeId, '.EngineeringUnits')),
      );
      return paths.map(({ targets: found }) => found?.[0]?.targetId ?? null);
    },
    () => null,
  );
  const withUnit = comparable.flatMap(({ tag }, index) => {
    const node = targets[index];
    return node === null || node === undefined ? [] : [{ tag, node: node.toString() }];
  });
  const values = await readAttribute(
    session,
    withUnit.map(({ node }) => node),
    { attributeId: AttributeIds.Value, limits },
  );
  return withUnit.flatMap(({ tag }, index) => {
    const stated = unitOf(values[index]?.value);
    const written = unitByCode(tag.unit ?? '') ?? unitByText(tag.unit ?? '');
    if (stated === null || !stated.isKnown || written === null || written.ucum === stated.text) return [];
    return [
      {
        kind: 'unit' as const,
        where: `${tag.equipment}/${tag.name}`,
        nodeId: tag.nodeId,
        status: `the server says ${stated.text} (${stated.code ?? 'no code'}), the plant file says ${tag.unit ?? ''}`,
        closest: [],
        remedy: `write unit: ${JSON.stringify(stated.text)}, or correct it at the server`,
      },
    ];
  });
}
