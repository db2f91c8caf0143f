import {
  BrowseResult,
  NodeClass,
  ReferenceDescription,
  StatusCodes,
  coerceExpandedNodeId,
  coerceNodeId,
} from 'node-opcua';
import { describe, expect, it } from 'vitest';
import type { BrowseSession } from './browse-references.ts';
import { browseTree } from './browse-tree.ts';

const limits = { maxNodesPerBrowse: 0 };
const namespaces = ['http://opcfoundation.org/UA/', 'urn:hostile'];

const reference = (identifier: string): ReferenceDescription =>
  new ReferenceDescription({
    nodeId: coerceExpandedNodeId(`ns=1;s=${identifier}`),
    browseName: { name: identifier, namespaceIndex: 1 },
    displayName: identifier,
    nodeClass: NodeClass.Object,
    referenceTypeId: coerceNodeId('i=35'),
    isForward: true,
  });

const more = Buffer.from('more');

/** A server no honest implementation can be made to be: its answers are written by the test. */
function hostile(answers: { browse: (nodeId: string) => BrowseResult; next: () => BrowseResult }) {
  const calls = { browse: 0, next: 0, released: 0 };
  const session = {
    browse: (nodes: { nodeId: string }[]) => {
      calls.browse += 1;
      return Promise.resolve(nodes.map(({ nodeId }) => answers.browse(nodeId)));
    },
    browseNext: (points: Buffer[], release: boolean) => {
      if (release) calls.released += points.length;
      else calls.next += 1;
      return Promise.resolve(points.map(() => answers.next()));
    },
  } as unknown as BrowseSession;
  return { session, calls };
}

describe('a hostile server', () => {
  it('that promises more references for ever without giving any is left', async () => {
    const empty = () => new BrowseResult({ statusCode: StatusCodes.Good, references: [], continuationPoint: more });
    const { session, calls } = hostile({ browse: empty, next: empty });
    const { nodes, stoppedBy } = await browseTree(session, { namespaces, limits });
    expect({ nodes: nodes.length, stoppedBy, calls: calls.next }).toEqual({ nodes: 1, stoppedBy: null, calls: 1 });
  });

  it('that gives new references for ever is stopped at the node guard, its continuation point released', async () => {
    let count = 0;
    const answer = () =>
      new BrowseResult({
        statusCode: StatusCodes.Good,
        references: Array.from({ length: 100 }, () => reference(`node-${(count += 1)}`)),
        continuationPoint: more,
      });
    const { session, calls } = hostile({ browse: answer, next: answer });
    const { nodes, stoppedBy } = await browseTree(session, { namespaces, limits, maxNodes: 500 });
    expect(stoppedBy).toBe('max-nodes');
    expect(nodes.length).toBeLessThanOrEqual(501);
    expect(calls.released).toBe(1);
  });

  it('that has a child below every child is stopped at the depth guard', async () => {
    let depth = 0;
    const { session } = hostile({
      browse: () =>
        new BrowseResult({ statusCode: StatusCodes.Good, references: [reference(`child-${(depth += 1)}`)] }),
      next: () => new BrowseResult({ statusCode: StatusCodes.Good, references: [] }),
    });
    const { stoppedBy, nodes } = await browseTree(session, { namespaces, limits, maxDepth: 30 });
    expect({ stoppedBy, nodes: nodes.length }).toEqual({ stoppedBy: 'max-depth', nodes: 31 });
  });

  it('that answers fewer results than were asked for is refused', async () => {
    const session = {
      browse: () => Promise.resolve([]),
      browseNext: () => Promise.resolve([]),
    } as unknown as BrowseSession;
    await expect(browseTree(session, { namespaces, limits })).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
  });

  it('that points into another server, or into a namespace it does not list, is not followed there', async () => {
    const foreign = reference('a');
    foreign.nodeId = coerceExpandedNodeId('svr=1;ns=1;s=a');
    foreign.nodeId.serverIndex = 1;
    const unlisted = reference('b');
    unlisted.nodeId.namespaceUri = 'urn:nowhere';
    const { session } = hostile({
      browse: () => new BrowseResult({ statusCode: StatusCodes.Good, references: [foreign, unlisted] }),
      next: () => new BrowseResult({ statusCode: StatusCodes.Good, references: [] }),
    });
    expect((await browseTree(session, { namespaces, limits })).nodes).toHaveLength(1);
  });
});
