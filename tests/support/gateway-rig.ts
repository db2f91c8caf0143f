import { join } from 'node:path';
import { connect } from 'mqtt';
import type { DataNetworkMessage } from '../../broker/contract/data-message.ts';
import type { SystemEvent } from '../../broker/contract/event.ts';
import type { Problem } from '../../broker/contract/health.ts';
import { topicFilters } from '../../broker/contract/topic.ts';
import { ensureUsers, startBroker } from '../../broker/main.ts';
import type { GatewaySection } from '../../gateway/config/schema.ts';
import { startGateway, type GatewayService } from '../../gateway/main.ts';
import { recordingLog, temporaryFolder } from './stack.ts';

/** A value as it came over MQTT. */
export type Arrival = {
  readonly server: string;
  readonly equipment: string;
  readonly field: string;
  readonly value: unknown;
  /** Source time, epoch ms. */
  readonly at: number;
  readonly statusCode: number;
  /** See `DataSetMessage.Origin`. */
  readonly origin: 'history' | 'heartbeat' | undefined;
  /** Our clock, epoch ms. */
  readonly receivedAt: number;
};

/** What was published beside the data. */
export type PublishedEvent = Pick<SystemEvent, 'kind' | 'message' | 'severity' | 'subject' | 'principal' | 'detail'>;

/** A real broker, a real gateway and a reader of everything the gateway publishes. */
export interface GatewayRig extends AsyncDisposable {
  readonly gateway: GatewayService;
  readonly arrivals: readonly Arrival[];
  readonly events: readonly PublishedEvent[];
  /** The folder the gateway keeps its certificates and outbox in. */
  readonly gatewayDir: string;
  /** Arrivals of a field, oldest first. */
  of(field: string, server?: string): Arrival[];
  problem(code: string, where?: string): Problem | null;
  /** Address of the probes of the gateway, when the rig was told to have them. */
  probesUrl(): string;
  /** The gateway's configuration is read anew, with these servers and other keys. */
  reload(servers: Servers, more?: Partial<GatewaySection>): Promise<void>;
  /** Stops the gateway, does something, and starts it again with the same folder. */
  restart(meanwhile: () => Promise<unknown>): Promise<void>;
}

/** A tag of role process, read from `nodeId`. */
export const processTag = (name: string, nodeId: string, more: object = {}) => ({
  name,
  role: 'process' as const,
  nodeId,
  samplingInterval: '0ms',
  publishingInterval: '200ms',
  queueSize: 1000,
  trigger: 'status-value-timestamp' as const,
  ...more,
});

/** A tag of role state, which may be of any type. */
export const stateTag = (name: string, nodeId: string, more: object = {}) => ({
  ...processTag(name, nodeId, more),
  role: 'state' as const,
});

export type Servers = GatewaySection['servers'];

/** One server section with one equipment; its certificate is trusted at first sight. */
export const serverOf = (
  name: string,
  endpoint: string,
  tags: Servers[number]['equipment'][number]['tags'],
  more: Partial<Servers[number]> = {},
): Servers[number] => ({
  name,
  endpoint,
  securityMode: 'None',
  securityPolicy: 'None',
  trustServerCertificate: 'first-use',
  equipment: [{ path: `hall/line/${name}`, tags }],
  ...more,
});

/** Starts broker, gateway and reader in this process on free ports. */
export async function startGatewayRig(servers: Servers, more: Partial<GatewaySection> = {}): Promise<GatewayRig> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const log = recordingLog();
  const deps = (name: string) => ({ log, now: Date.now, dataDir: join(folder.path, name), version: 'test' });
  const users = await ensureUsers(deps('broker').dataDir, [
    { username: 'gateway-1', role: 'gateway' },
    { username: 'viewer', role: 'viewer' },
  ]);
  const credentials = (username: string) =>
    users.find((user) => user.username === username) ?? { username, password: '' };
  const broker = opening.use(await startBroker({ id: 'broker-1', host: '127.0.0.1', port: 0 }, deps('broker')));
  const arrivals: Arrival[] = [];
  const seen = new Set<string>();
  const events: PublishedEvent[] = [];
  const client = connect(broker.url, { ...credentials('viewer'), clientId: 'viewer-rig', reconnectPeriod: 200 });
  client.on('error', () => undefined);
  opening.defer(() => client.endAsync(true));
  client.on('message', (topic, payload) => {
    const message: unknown = JSON.parse(payload.toString());
    if (topic.startsWith('joulegate/events/')) events.push(message as PublishedEvent);
    else arrivals.push(...arrivalsOf(topic, message as DataNetworkMessage, seen));
  });
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await client.subscribeAsync([topicFilters.data('opcua'), topicFilters.events], { qos: 1 });
  const config = (readServers: Servers, changed: Partial<GatewaySection> = {}) => ({
    plant: { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' },
    gateway: {
      publisherId: 'gateway-1',
      mqtt: { url: broker.url, topicPrefix: 'opcua', ...credentials('gateway-1') },
      outbox: { maxMegabytes: 256, requiredConsumers: [] },
      keepAliveInterval: '10s',
      ...more,
      ...changed,
      servers: readServers,
    },
  });
  const start = () => startGateway(config(servers), deps('gateway'));
  let gateway = await start();
  opening.defer(() => gateway[Symbol.asyncDispose]());
  const resources = opening.move();
  return {
    get gateway() {
      return gateway;
    },
    probesUrl: () => gateway.probesUrl ?? '',
    reload: (next, changed) => gateway.reload(config(next, changed)),
    restart: async (meanwhile) => {
      await gateway[Symbol.asyncDispose]();
      await meanwhile();
      gateway = await start();
    },
    arrivals,
    events,
    gatewayDir: deps('gateway').dataDir,
    of: (field, server) =>
      arrivals.filter((arrival) => arrival.field === field && (server === undefined || arrival.server === server)),
    problem: (code, where) =>
      gateway
        .health()
        .problems.find((problem) => problem.code === code && (where === undefined || problem.where === where)) ?? null,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A message whose PUBACK got lost comes again with its number; as scoring does, it is taken once. */
function arrivalsOf(topic: string, message: DataNetworkMessage, seen: Set<string>): Arrival[] {
  const receivedAt = Date.now();
  const equipment = (topic.split('/').at(-1) ?? '').replaceAll('.', '/');
  const server = message.WriterGroupName ?? topic.split('/').at(-2) ?? '';
  const fresh = message.Messages.filter(({ SequenceNumber }) => !seen.has(`${topic} ${SequenceNumber}`));
  for (const { SequenceNumber } of fresh) seen.add(`${topic} ${SequenceNumber}`);
  return fresh.flatMap(({ Payload, Timestamp, Origin }) =>
    Object.entries(Payload ?? {}).map(([field, entry]) => ({
      server,
      equipment,
      field,
      value: entry.Value ?? null,
      at: Date.parse(entry.SourceTimestamp ?? Timestamp),
      statusCode: entry.StatusCode?.Code ?? 0,
      origin: Origin,
      receivedAt,
    })),
  );
}
