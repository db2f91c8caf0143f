/**
 * The only services the gateway may ask for, by the numeric id of the binary encoding that stands first in the message
 * (OPC 10000-6, 5.2.9; ids of NodeIds.csv). Whatever changes a server's values, history or address space is not here.
 */
export const allowedRequests: ReadonlyMap<number, string> = new Map([
  [428, 'GetEndpoints'],
  [446, 'OpenSecureChannel'],
  [452, 'CloseSecureChannel'],
  [461, 'CreateSession'],
  [467, 'ActivateSession'],
  [473, 'CloseSession'],
  [479, 'Cancel'],
  [527, 'Browse'],
  [533, 'BrowseNext'],
  [554, 'TranslateBrowsePathsToNodeIds'],
  [560, 'RegisterNodes'],
  [566, 'UnregisterNodes'],
  [631, 'Read'],
  [664, 'HistoryRead'],
  [751, 'CreateMonitoredItems'],
  [763, 'ModifyMonitoredItems'],
  [769, 'SetMonitoringMode'],
  [775, 'SetTriggering'],
  [781, 'DeleteMonitoredItems'],
  [787, 'CreateSubscription'],
  [793, 'ModifySubscription'],
  [799, 'SetPublishingMode'],
  [826, 'Publish'],
  [832, 'Republish'],
  [841, 'TransferSubscriptions'],
  [847, 'DeleteSubscriptions'],
]);

/** What discovery needs, before anything of the server is trusted. */
export const discoveryRequests: ReadonlySet<number> = new Set([428, 446, 452]);

const METHOD_SERVICE = 712;

/** Methods that only make the server tell us more: ConditionRefresh, ConditionRefresh2, GetMonitoredItems. */
export const allowedMethods: ReadonlyMap<number, string> = new Map([
  [3875, 'ConditionRefresh'],
  [12912, 'ConditionRefresh2'],
  [11492, 'GetMonitoredItems'],
]);

type RequestLike = { readonly schema?: { readonly name?: string; readonly encodingDefaultBinary?: unknown } };
type NodeIdLike = { readonly namespace?: unknown; readonly value?: unknown };

/** Numeric id of a request's binary encoding; NaN for what is no OPC UA request of namespace 0. */
export function encodingOf(request: unknown): number {
  return namespaceZero((request as RequestLike).schema?.encodingDefaultBinary);
}

/** Why a request must not leave the gateway, or null when it may. */
export function refusalOf(request: unknown, purpose: 'discovery' | 'session'): string | null {
  const id = encodingOf(request);
  const name = (request as RequestLike).schema?.name ?? 'an unknown request';
  if (purpose === 'discovery') {
    return discoveryRequests.has(id) ? null : `${name} is not needed to find endpoints`;
  }
  if (allowedRequests.has(id)) return null;
  if (id !== METHOD_SERVICE) return `${name} is not on the list of reading services`;
  const methods = (request as { readonly methodsToCall?: readonly { readonly methodId?: unknown }[] | null })
    .methodsToCall;
  if (!Array.isArray(methods) || methods.length === 0) return `${name} names no method`;
  const foreign = (methods as readonly { readonly methodId?: unknown }[]).find(
    ({ methodId }) => !allowedMethods.has(namespaceZero(methodId)),
  );
  return foreign === undefined ? null : `method ${String(foreign.methodId)} may change something`;
}

function namespaceZero(nodeId: unknown): number {
  const { namespace, value } = (nodeId ?? {}) as NodeIdLike;
  return namespace === 0 && typeof value === 'number' ? value : Number.NaN;
}
