import {
  BrowseDirection,
  BrowseResult,
  StatusCodes,
  type ClientSession,
  type ReferenceDescription,
  type StatusCode,
} from 'node-opcua';
import { inBatches, type BatchSize } from '../service-batches.ts';

/** What browsing one node gave. */
export type NodeReferences = {
  readonly references: readonly ReferenceDescription[];
  readonly status: StatusCode;
  /** There were more references than were wanted. */
  readonly cut: boolean;
};

export type BrowseSession = Pick<ClientSession, 'browse' | 'browseNext'> & { requestedMaxReferencesPerNode?: number };

/** References asked for per answer; the rest comes by continuation points. */
const REFERENCES_PER_ANSWER = 1000;
/** Rounds of BrowseNext for one batch; a server that never ends is left then. */
const MOST_ROUNDS = 10_000;
const HIERARCHICAL_REFERENCES = 'i=33';
const ALL_RESULTS = 63;

/**
 * Browses the hierarchical references of each node forward, with BrowseNext until all are there or `most` references
 * have come in all. Nodes the server had no continuation point for are browsed again one by one.
 * @throws the library's error when the server no longer answers.
 */
export async function browseReferences(
  session: BrowseSession,
  nodeIds: readonly string[],
  options: { readonly size: BatchSize; readonly most: number; readonly nodeClassMask: number },
): Promise<NodeReferences[]> {
  const { size } = options;
  const budget = { left: options.most };
  const before = session.requestedMaxReferencesPerNode;
  session.requestedMaxReferencesPerNode = REFERENCES_PER_ANSWER;
  const describe = (nodeId: string) => ({
    nodeId,
    referenceTypeId: HIERARCHICAL_REFERENCES,
    includeSubtypes: true,
    browseDirection: BrowseDirection.Forward,
    nodeClassMask: options.nodeClassMask,
    resultMask: ALL_RESULTS,
  });
  const browse = (batchSize: BatchSize, ids: readonly string[]): Promise<NodeReferences[]> =>
    inBatches(
      ids,
      batchSize,
      async (batch) => complete(session, await session.browse(batch.map(describe)), size, budget),
      (_, status) => ({ references: [], status, cut: false }),
    );
  try {
    const found = await browse(size, nodeIds);
    for (const [index, entry] of found.entries()) {
      const nodeId = nodeIds[index];
      if (entry.status.value !== StatusCodes.BadNoContinuationPoints.value || nodeId === undefined) continue;
      const again = await browse({ current: 1 }, [nodeId]);
      if (again[0] !== undefined) found[index] = again[0];
    }
    return found;
  } finally {
    if (before !== undefined) session.requestedMaxReferencesPerNode = before;
  }
}

type Pending = { readonly index: number; continuationPoint: Buffer };

async function complete(
  session: BrowseSession,
  results: readonly BrowseResult[],
  size: BatchSize,
  budget: { left: number },
): Promise<NodeReferences[]> {
  const collected = results.map(({ references, statusCode }) => ({
    references: takeWithin(references ?? [], budget),
    status: statusCode,
    cut: (references?.length ?? 0) > 0 && budget.left === 0,
  }));
  let pending: Pending[] = results.flatMap(({ continuationPoint }, index) => withMore(index, continuationPoint));
  for (let round = 0; pending.length > 0 && budget.left > 0 && round < MOST_ROUNDS; round += 1) {
    const next = await inBatches(pending, size, (batch) =>
      session.browseNext(
        batch.map(({ continuationPoint }) => continuationPoint),
        false,
      ),
    );
    pending = next.flatMap((result, at) => {
      const index = pending[at]?.index ?? 0;
      const entry = collected[index];
      if (entry === undefined) return [];
      const got = takeWithin(result.references ?? [], budget);
      for (const reference of got) entry.references.push(reference);
      if (!result.statusCode.isGood()) entry.status = result.statusCode;
      // An answer without a reference that promises more would go on for ever.
      return got.length === 0 ? [] : withMore(index, result.continuationPoint);
    });
  }
  if (pending.length > 0) {
    for (const { index } of pending) {
      const entry = collected[index];
      if (entry !== undefined) entry.cut = true;
    }
    await inBatches(pending, size, (batch) =>
      session.browseNext(
        batch.map(({ continuationPoint }) => continuationPoint),
        true,
      ),
    ).catch(() => undefined);
  }
  return collected;
}

const withMore = (index: number, point: Buffer | null | undefined): Pending[] =>
  point === null || point === undefined || point.length === 0 ? [] : [{ index, continuationPoint: point }];

function takeWithin(references: readonly ReferenceDescription[], budget: { left: number }): ReferenceDescription[] {
  const taken = references.slice(0, budget.left);
  budget.left -= taken.length;
  return taken;
}
