import {
  AttributeIds,
  CreateMonitoredItemsRequest,
  DataChangeFilter,
  DataChangeTrigger,
  DeadbandType,
  MonitoringMode,
  TimestampsToReturn,
  type ClientSession,
  type ClientSubscription,
  type CreateMonitoredItemsResponse,
  DeleteMonitoredItemsRequest,
  SetMonitoringModeRequest,
  type DeleteMonitoredItemsResponse,
  type MonitoredItemCreateResult,
  type SetMonitoringModeResponse,
} from 'node-opcua';
import { describeError } from '../../broker/contract/error.ts';
import type { WorkerTag } from './protocol.ts';

const triggers = {
  status: DataChangeTrigger.Status,
  'status-value': DataChangeTrigger.StatusValue,
  'status-value-timestamp': DataChangeTrigger.StatusValueTimestamp,
} as const;

/** Items per request when the server does not say; halved when it finds that too many. */
const DEFAULT_BATCH = 1000;
/** BadTooManyMonitoredItems. */
export const TOO_MANY_ITEMS = 0x80_db_00_00;
/** BadMonitoredItemFilterInvalid, BadMonitoredItemFilterUnsupported, BadFilterNotAllowed, BadDeadbandFilterInvalid. */
const filterRefusals: ReadonlySet<number> = new Set([0x80_43_00_00, 0x80_44_00_00, 0x80_45_00_00, 0x80_8e_00_00]);

/** The library's session has the service of its own; its public type leaves it out. */
type RawSession = ClientSession & {
  createMonitoredItems(request: CreateMonitoredItemsRequest): Promise<CreateMonitoredItemsResponse>;
  deleteMonitoredItems(request: DeleteMonitoredItemsRequest): Promise<DeleteMonitoredItemsResponse>;
  setMonitoringMode(request: SetMonitoringModeRequest): Promise<SetMonitoringModeResponse>;
};

/** A tag and the node id it has in this session. */
export type ResolvedTag = { readonly tag: WorkerTag; readonly nodeId: string };
/** What the server said of one tag. */
export type ItemOutcome = ResolvedTag & {
  readonly statusCode: number;
  readonly statusName: string;
  /** Number of the item at the server. */
  readonly monitoredItemId: number;
  /** The server takes the item, but not its deadband or trigger. */
  readonly withoutFilter: boolean;
};

/** Keep-alives of a quiet subscription come at least this often, so that a dead one is noticed. */
const KEEP_ALIVE_MS = 3000;
/** A subscription outlives a cut connection for this long, and with it what the server has queued. */
const LIFETIME_MS = 60_000;

/** Creates a subscription for one publishing interval. */
export function createSubscription(session: ClientSession, publishingMs: number): Promise<ClientSubscription> {
  const requestedMaxKeepAliveCount = Math.max(1, Math.round(KEEP_ALIVE_MS / publishingMs));
  return session.createSubscription2({
    requestedPublishingInterval: publishingMs,
    requestedMaxKeepAliveCount,
    requestedLifetimeCount: Math.max(requestedMaxKeepAliveCount * 3, Math.ceil(LIFETIME_MS / publishingMs)),
    maxNotificationsPerPublish: 0,
    publishingEnabled: true,
    priority: 10,
  });
}

/** Deletes monitored items in batches. Items that the server no longer has are of no interest. */
export async function deleteItems(
  session: ClientSession,
  subscription: ClientSubscription,
  monitoredItemIds: readonly number[],
  maxPerCall: number,
): Promise<void> {
  const size = maxPerCall > 0 ? Math.min(maxPerCall, DEFAULT_BATCH) : DEFAULT_BATCH;
  for (let at = 0; at < monitoredItemIds.length; at += size) {
    const { subscriptionId } = subscription;
    const request = { subscriptionId, monitoredItemIds: monitoredItemIds.slice(at, at + size) };
    await (session as RawSession).deleteMonitoredItems(new DeleteMonitoredItemsRequest(request));
  }
}

/**
 * Whether the subscription still has an item of ours. A server that has restarted may give a new, empty subscription the
 * number of the old one, and an empty one sends keep-alives like any other.
 */
export async function hasItem(
  session: ClientSession,
  subscription: ClientSubscription,
  monitoredItemId: number,
): Promise<boolean> {
  const request = new SetMonitoringModeRequest({
    subscriptionId: subscription.subscriptionId,
    monitoringMode: MonitoringMode.Reporting,
    monitoredItemIds: [monitoredItemId],
  });
  try {
    const { results } = await (session as RawSession).setMonitoringMode(request);
    return results?.[0]?.isGood() ?? false;
  } catch {
    return false;
  }
}

/**
 * Creates monitored items in batches; one bad node never spoils the others of its batch, and an item whose filter the
 * server refuses is made without.
 * @returns the outcome of every tag, good ones included.
 */
export async function createItems(
  session: ClientSession,
  subscription: ClientSubscription,
  tags: readonly ResolvedTag[],
  maxPerCall: number,
): Promise<ItemOutcome[]> {
  const outcomes = await createBatches(session, subscription, tags, maxPerCall, true);
  const refused = outcomes.filter(({ statusCode }) => filterRefusals.has(statusCode));
  if (refused.length === 0) return outcomes;
  const plain = await createBatches(session, subscription, refused, maxPerCall, false);
  return [...outcomes.filter(({ statusCode }) => !filterRefusals.has(statusCode)), ...plain];
}

async function createBatches(
  session: ClientSession,
  subscription: ClientSubscription,
  tags: readonly ResolvedTag[],
  maxPerCall: number,
  withFilter: boolean,
): Promise<ItemOutcome[]> {
  const outcomes: ItemOutcome[] = [];
  let size = maxPerCall > 0 ? Math.min(maxPerCall, DEFAULT_BATCH) : DEFAULT_BATCH;
  for (let at = 0; at < tags.length;) {
    const batch = tags.slice(at, at + size);
    const results = await requestItems(session, subscription, batch, withFilter);
    if (results === 'too-many' && size > 1) {
      size = Math.ceil(size / 2);
      continue;
    }
    batch.forEach((entry, index) => {
      const result = results === 'too-many' ? undefined : results[index];
      outcomes.push({
        ...entry,
        statusCode: result?.statusCode.value ?? 0x80_00_00_00,
        statusName: result?.statusCode.name ?? 'Bad',
        monitoredItemId: result?.monitoredItemId ?? 0,
        withoutFilter: !withFilter,
      });
    });
    at += batch.length;
  }
  return outcomes;
}

async function requestItems(
  session: ClientSession,
  subscription: ClientSubscription,
  batch: readonly ResolvedTag[],
  withFilter: boolean,
): Promise<readonly MonitoredItemCreateResult[] | 'too-many'> {
  const request = new CreateMonitoredItemsRequest({
    subscriptionId: subscription.subscriptionId,
    timestampsToReturn: TimestampsToReturn.Both,
    itemsToCreate: batch.map(({ tag, nodeId }) => ({
      itemToMonitor: { nodeId, attributeId: AttributeIds.Value },
      monitoringMode: MonitoringMode.Reporting,
      requestedParameters: {
        clientHandle: tag.handle,
        samplingInterval: tag.samplingMs,
        queueSize: tag.queueSize,
        discardOldest: tag.discard === 'oldest',
        ...(withFilter ? { filter: filterOf(tag) } : {}),
      },
    })),
  });
  try {
    const response = await (session as RawSession).createMonitoredItems(request);
    return response.results ?? [];
  } catch (error) {
    if (/TooMany|EncodingLimits|TooLarge/.test(describeError(error))) return 'too-many';
    throw error;
  }
}

function filterOf({ trigger, deadband }: WorkerTag): DataChangeFilter {
  return new DataChangeFilter({
    trigger: triggers[trigger],
    deadbandType:
      deadband === null
        ? DeadbandType.None
        : deadband.kind === 'percent'
          ? DeadbandType.Percent
          : DeadbandType.Absolute,
    deadbandValue: deadband?.value ?? 0,
  });
}
