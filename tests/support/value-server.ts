import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttributeIds,
  CreateMonitoredItemsRequest,
  DataChangeNotification,
  makeNodeId,
  MessageSecurityMode,
  MonitoringMode,
  nodesets,
  OPCUACertificateManager,
  OPCUAClient,
  OPCUAServer,
  SecurityPolicy,
  TimestampsToReturn,
  Variant,
  type ClientSession,
  type DataValue,
  type ExtensionObject,
  type NotificationMessage,
  type UADataType,
  type UAVariable,
  type VariantOptions,
} from 'node-opcua';

export const VALUES_NAMESPACE = 'urn:joulegate:test:values';

export interface ValueServer extends AsyncDisposable {
  readonly server: OPCUAServer;
  readonly endpoint: string;
  /** Index of VALUES_NAMESPACE at this server. */
  readonly index: number;
  /** Adds a variable; its node id text in this server's sessions. */
  add(name: string, dataType: string, variant: VariantOptions, valueRank?: number): string;
  variable(name: string): UAVariable;
  /** An object of a data type of value-types.xml by its number. */
  construct(type: number, fields: Record<string, unknown>): ExtensionObject;
}

/** A server whose address space holds the data types of value-types.xml. `limits`: operation limits it enforces. */
export async function openValueServer(limits: Record<string, number> = {}): Promise<ValueServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'joulegate-values-'));
  const manager = new OPCUACertificateManager({ rootFolder: dataDir, automaticallyAcceptUnknownCertificate: true });
  const server = new OPCUAServer({
    port: await freePort(),
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    serverCertificateManager: manager,
    userCertificateManager: manager,
    nodeset_filename: [nodesets.standard, join(import.meta.dirname, 'value-types.xml')],
    securityPolicies: [SecurityPolicy.None],
    securityModes: [MessageSecurityMode.None],
    serverCapabilities: { operationLimits: limits },
  });
  await server.initialize();
  await server.start();
  const { addressSpace } = server.engine;
  if (addressSpace === null) throw new Error('server started without an address space');
  const index = addressSpace.getNamespaceIndex(VALUES_NAMESPACE);
  const namespace = addressSpace.getNamespace(index);
  const variables = new Map<string, UAVariable>();
  return {
    server,
    endpoint: server.getEndpointUrl(),
    index,
    add: (name, dataType, variant, valueRank = -1) => {
      const variable = namespace.addVariable({
        browseName: name,
        nodeId: `s=${name}`,
        organizedBy: addressSpace.rootFolder.objects,
        dataType: dataType.replace('ns=1;', `ns=${index};`),
        valueRank,
        minimumSamplingInterval: 0,
      });
      variable.setValueFromSource(new Variant(variant));
      variables.set(name, variable);
      return variable.nodeId.toString();
    },
    variable: (name) => {
      const variable = variables.get(name);
      if (variable === undefined) throw new Error(`no variable ${name}`);
      return variable;
    },
    construct: (type, fields) => {
      const dataType = addressSpace.findNode(makeNodeId(type, index)) as UADataType | null;
      if (dataType === null) throw new Error(`no data type ${type}`);
      return addressSpace.constructExtensionObject(dataType, fields);
    },
    [Symbol.asyncDispose]: async () => {
      await server.shutdown(0);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** An unencrypted session; disposing closes it. */
export async function openPlainSession(
  endpoint: string,
): Promise<AsyncDisposable & { readonly session: ClientSession }> {
  const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 0 } });
  await client.connect(endpoint);
  const session = await client.createSession();
  return {
    session,
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await client.disconnect();
    },
  };
}

/** The first notified value of each node, as it comes off the wire: nothing of the library has touched it yet. */
export async function notifiedValues(session: ClientSession, nodeIds: readonly string[]): Promise<DataValue[]> {
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 200,
    maxNotificationsPerPublish: 0,
    publishingEnabled: true,
    priority: 1,
  });
  const values = new Map<number, DataValue>();
  const complete = new Promise<void>((resolve) => {
    subscription.on('raw_notification', ({ notificationData }: NotificationMessage) => {
      for (const data of notificationData ?? []) {
        if (!(data instanceof DataChangeNotification)) continue;
        for (const item of data.monitoredItems ?? []) values.set(item.clientHandle, item.value);
        data.monitoredItems = [];
      }
      if (values.size >= nodeIds.length) resolve();
    });
  });
  const raw = session as ClientSession & {
    createMonitoredItems(request: CreateMonitoredItemsRequest): Promise<unknown>;
  };
  await raw.createMonitoredItems(
    new CreateMonitoredItemsRequest({
      subscriptionId: subscription.subscriptionId,
      timestampsToReturn: TimestampsToReturn.Both,
      itemsToCreate: nodeIds.map((nodeId, clientHandle) => ({
        itemToMonitor: { nodeId, attributeId: AttributeIds.Value },
        monitoringMode: MonitoringMode.Reporting,
        requestedParameters: { clientHandle, samplingInterval: 50, queueSize: 10, discardOldest: true },
      })),
    }),
  );
  await complete;
  await subscription.terminate();
  return nodeIds.map((_, handle) => {
    const value = values.get(handle);
    if (value === undefined) throw new Error(`no value of ${nodeIds[handle] ?? ''}`);
    return value;
  });
}

/** node-opcua cannot tell which port it was given for 0, so one is chosen beforehand. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
