import { DataType, type ClientSession, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { openTestServer, TEST_NAMESPACE } from '../../../tests/support/opcua-test-server.ts';
import { eventually } from '../../../tests/support/stack.ts';
import { BatchSender } from '../batch-sender.ts';
import type { Gap } from '../last-seen.ts';
import type { WorkerMessage } from '../protocol.ts';
import { GapFiller } from './gap-filler.ts';

const START = Date.UTC(2026, 5, 1, 8);
const VALUES = 1300;
const STEP_MS = 100;
const END = START + VALUES * STEP_MS;
const nodes = ['History', 'Plain', 'Other'] as const;
/** Handle of a node. */
const handleOf = (name: (typeof nodes)[number]): number => nodes.indexOf(name) + 1;

/** A server with 1,300 values 100 ms apart in the history of `History` and `Other`; `Plain` has none. */
async function openHistorian() {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(
    await openTestServer({
      build: (namespace, addressSpace) => {
        for (const name of nodes) {
          const variable: UAVariable = namespace.addVariable({
            organizedBy: addressSpace.rootFolder.objects,
            browseName: name,
            nodeId: `s=${name}`,
            dataType: 'UInt32',
          });
          if (name === 'Plain') continue;
          addressSpace.installHistoricalDataNode(variable, { maxOnlineValues: VALUES });
          for (let index = 0; index < VALUES; index += 1) {
            const at = new Date(START + index * STEP_MS);
            variable.setValueFromSource({ dataType: DataType.UInt32, value: index }, undefined, at);
          }
        }
      },
    }),
  );
  const { session } = opening.use(await server.connect());
  const namespaces = await session.readNamespaceArray();
  const index = namespaces.indexOf(TEST_NAMESPACE);
  const said: WorkerMessage[] = [];
  const returned: Gap[] = [];
  const say = (message: WorkerMessage): void => {
    said.push(message);
    if (message.kind === 'values') setImmediate(() => filler.durable(message.number));
  };
  const begin = (onSession: ClientSession = session): GapFiller =>
    new GapFiller(onSession, {
      server: { name: 'plc', endpoint: server.endpoint } as never,
      sender: new BatchSender(say),
      say,
      other: () => null,
      names: new Map(),
      nodeOf: (handle) => `ns=${index};s=${nodes[handle - 1] ?? 'Nobody'}`,
      nameOf: (handle) => `nsu=${TEST_NAMESPACE};s=${nodes[handle - 1] ?? 'Nobody'}`,
      giveBack: (gaps) => returned.push(...gaps),
      maxNodesPerRead: 0,
      maxNodesPerHistoryRead: 0,
      settleMs: 20,
    });
  let filler = begin();
  const resources = opening.move();
  return {
    session,
    said,
    returned,
    /** Source times of the values that came for a node. */
    timesOf: (name: (typeof nodes)[number]): number[] =>
      said.flatMap((message) =>
        message.kind === 'values'
          ? [...message.batch.times].filter((_, row) => message.batch.handles[row] === handleOf(name))
          : [],
      ),
    add: (gaps: readonly Gap[], onSession: ClientSession = session): GapFiller => {
      filler = begin(onSession);
      filler.add(gaps);
      return filler;
    },
    event: (kind: string) =>
      eventually(kind, () => {
        const found = said.find((message) => message.kind === 'event' && message.event.kind === kind);
        return found?.kind === 'event' ? found.event : false;
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

describe('the history of a server', () => {
  it('fills a gap page by page with what lies between the two values that were seen, marked as history', async () => {
    await using rig = await openHistorian();
    const gap = { from: START + 10 * STEP_MS, to: END - 10 * STEP_MS };
    rig.add([
      { handle: handleOf('History'), ...gap },
      { handle: handleOf('Plain'), ...gap },
    ]);
    const filled = await rig.event('history-filled');
    const times = rig.timesOf('History');
    expect(times).toHaveLength(VALUES - 21);
    expect(new Set(times).size).toBe(times.length);
    expect(Math.min(...times)).toBe(gap.from + STEP_MS);
    expect(Math.max(...times)).toBe(gap.to - STEP_MS);
    expect(rig.timesOf('Plain')).toEqual([]);
    expect(filled.detail).toMatchObject({ server: 'plc', values: VALUES - 21, tags: 1 });
    expect(rig.said.every((message) => message.kind !== 'values' || message.batch.origin === 'history')).toBe(true);
    expect(rig.returned).toEqual([]);
    expect(rig.said.filter(({ kind }) => kind === 'problem')).toEqual([]);
  });

  it('that is read when the session ends goes on in the next one where it stopped, without a value twice', async () => {
    await using rig = await openHistorian();
    const gap = { handle: handleOf('History'), from: START, to: END };
    let released = 0;
    const filler = rig.add([gap], {
      read: rig.session.read.bind(rig.session),
      historyRead: async (request: Parameters<ClientSession['historyRead']>[0]) => {
        if (request.releaseContinuationPoints) released += 1;
        const response = await rig.session.historyRead(request);
        if (rig.timesOf('History').length > 0) filler[Symbol.dispose]();
        return response;
      },
    } as ClientSession);
    await eventually('the rest', () => rig.returned.length > 0);
    expect(released).toBe(1);
    expect(rig.returned).toEqual([{ ...gap, from: Math.max(...rig.timesOf('History')) }]);
    rig.add(rig.returned);
    await eventually('all of it', () => rig.timesOf('History').length >= VALUES - 1);
    expect(new Set(rig.timesOf('History')).size).toBe(VALUES - 1);
    expect(rig.timesOf('History')).toHaveLength(VALUES - 1);
  });

  it('that fails for one node is named, and fills the others', async () => {
    await using rig = await openHistorian();
    const gap = { from: START, to: END };
    rig.add(
      [
        { handle: handleOf('History'), ...gap },
        { handle: handleOf('Other'), ...gap },
      ],
      {
        read: rig.session.read.bind(rig.session),
        // The historian has lost one of the nodes.
        historyRead: (request: Parameters<ClientSession['historyRead']>[0]) => {
          for (const node of request.nodesToRead ?? [])
            if (node.nodeId.value === 'Other') node.nodeId.value = 'Vanished';
          return rig.session.historyRead(request);
        },
      } as ClientSession,
    );
    const lost = await rig.event('data-lost');
    expect(lost.message).toContain('1 tags');
    const problem = rig.said.find((message) => message.kind === 'problem');
    expect(problem?.kind === 'problem' && problem.problem).toMatchObject({
      code: 'HISTORY_UNREADABLE',
      where: `plc/nsu=${TEST_NAMESPACE};s=Other`,
      message: expect.stringContaining('BadNodeIdUnknown'),
    });
    expect(rig.timesOf('History')).toHaveLength(VALUES - 1);
  });
});
