import { VariableIds, type ClientSession } from 'node-opcua';
import { serviceResultOf } from './service-batches.ts';
import { limitsOf, profileOf, vendorNames, type VendorName } from './vendor-limits.ts';

/** Sizes a server takes; 0 = no limit stated, which is no promise that any size works. */
export type OperationLimits = {
  readonly maxNodesPerRead: number;
  readonly maxNodesPerBrowse: number;
  readonly maxMonitoredItemsPerCall: number;
  readonly maxNodesPerTranslate: number;
  readonly maxNodesPerHistoryRead: number;
  /** Of one session. */
  readonly maxSubscriptions: number;
  readonly maxMonitoredItems: number;
  readonly maxMonitoredItemsPerSubscription: number;
  /** The known product whose limits were applied as well, or null. */
  readonly vendor: VendorName | null;
};

const PREFIX = 'Server_ServerCapabilities';
const limitNodes = {
  maxNodesPerRead: [VariableIds[`${PREFIX}_OperationLimits_MaxNodesPerRead`]],
  maxNodesPerBrowse: [VariableIds[`${PREFIX}_OperationLimits_MaxNodesPerBrowse`]],
  maxMonitoredItemsPerCall: [VariableIds[`${PREFIX}_OperationLimits_MaxMonitoredItemsPerCall`]],
  maxNodesPerTranslate: [VariableIds[`${PREFIX}_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds`]],
  maxNodesPerHistoryRead: [VariableIds[`${PREFIX}_OperationLimits_MaxNodesPerHistoryReadData`]],
  maxSubscriptions: [VariableIds[`${PREFIX}_MaxSubscriptionsPerSession`], VariableIds[`${PREFIX}_MaxSubscriptions`]],
  maxMonitoredItems: [VariableIds[`${PREFIX}_MaxMonitoredItems`]],
  maxMonitoredItemsPerSubscription: [VariableIds[`${PREFIX}_MaxMonitoredItemsPerSubscription`]],
} as const;
const buildInfoNodes = [
  VariableIds.Server_ServerStatus_BuildInfo_ManufacturerName,
  VariableIds.Server_ServerStatus_BuildInfo_ProductName,
  VariableIds.Server_ServerStatus_BuildInfo_ProductUri,
] as const;

/** Nodes read at a time until the server's own limit is known; every server we know of takes so many. */
const CAUTIOUS_BATCH = 5;

/**
 * Reads the limits a server states and adds those its product is known for; of two the smaller one counts. A node the
 * server has not, or refuses, is a limit it does not state. It never reads more nodes at a time than the server takes.
 * @param profileName one of `vendorNames` to take that product's limits, `auto` to go by BuildInfo, `none` for neither.
 * @throws the library's error when the server no longer answers.
 */
export async function readOperationLimits(
  session: Pick<ClientSession, 'read'>,
  profileName: string = 'auto',
): Promise<OperationLimits> {
  const perRead = positive((await readEach(session, limitNodes.maxNodesPerRead, 1))[0]);
  const size = perRead === 0 ? CAUTIOUS_BATCH : Math.min(perRead, CAUTIOUS_BATCH);
  const nodes = [...Object.values(limitNodes).flat(), ...buildInfoNodes];
  const values = await readEach(session, nodes, size);
  const valueOf = (node: number): unknown => values[nodes.indexOf(node)];
  const stated = (name: keyof typeof limitNodes): number =>
    smallest(...limitNodes[name].map((node) => positive(valueOf(node))));
  const [manufacturerName, productName, productUri] = buildInfoNodes.map((node) => text(valueOf(node)));
  const vendor = vendorOf(profileName, { manufacturerName, productName, productUri });
  const known = vendor === null ? null : limitsOf(vendor);
  return {
    maxNodesPerRead: stated('maxNodesPerRead'),
    maxNodesPerBrowse: stated('maxNodesPerBrowse'),
    maxMonitoredItemsPerCall: smallest(stated('maxMonitoredItemsPerCall'), known?.maxMonitoredItemsPerCall ?? 0),
    maxNodesPerTranslate: stated('maxNodesPerTranslate'),
    maxNodesPerHistoryRead: stated('maxNodesPerHistoryRead'),
    maxSubscriptions: stated('maxSubscriptions'),
    maxMonitoredItems: smallest(stated('maxMonitoredItems'), known?.maxMonitoredItems ?? 0),
    maxMonitoredItemsPerSubscription: stated('maxMonitoredItemsPerSubscription'),
    vendor,
  };
}

/** Values of the nodes in small batches, undefined for what cannot be read; halves whatever the server refuses. */
async function readEach(
  session: Pick<ClientSession, 'read'>,
  nodes: readonly number[],
  size: number,
): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let at = 0; at < nodes.length; at += size) {
    values.push(...(await readTolerant(session, nodes.slice(at, at + size))));
  }
  return values;
}

async function readTolerant(session: Pick<ClientSession, 'read'>, nodes: readonly number[]): Promise<unknown[]> {
  try {
    const answers = await session.read(nodes.map((node) => ({ nodeId: `i=${node}` })));
    return nodes.map((_, index) => {
      const answer = answers[index];
      return answer === undefined || !answer.statusCode.isGood() ? undefined : answer.value.value;
    });
  } catch (error) {
    if (serviceResultOf(error) === null) throw error;
    if (nodes.length === 1) return [undefined];
    const half = Math.ceil(nodes.length / 2);
    return [
      ...(await readTolerant(session, nodes.slice(0, half))),
      ...(await readTolerant(session, nodes.slice(half))),
    ];
  }
}

function vendorOf(profileName: string, buildInfo: Parameters<typeof profileOf>[0]): VendorName | null {
  if (profileName === 'auto') return profileOf(buildInfo);
  return vendorNames.find((name) => name === profileName) ?? null;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A limit as a whole number from 1 on; whatever else a server may send is none. */
const positive = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;

const smallest = (...limits: readonly number[]): number => {
  const set = limits.filter((limit) => limit > 0);
  return set.length === 0 ? 0 : Math.min(...set);
};
