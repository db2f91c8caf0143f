import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceDeps } from '../broker/contract/deps.ts';
import { durationMs } from '../broker/contract/duration.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import { DEFAULT_TOPIC_PREFIX } from '../broker/contract/topic.ts';
import type { PlantSection } from '../broker/contract/plant.ts';
import type { GatewaySection } from './config/schema.ts';
import { GatewayFlow } from './gateway-flow.ts';
import { openConnection } from './opcua/connection.ts';
import { SqliteOutbox } from './outbox/sqlite-outbox.ts';
import { createPubSubJsonEncoder } from './publish/pubsub-json.ts';
import { startPublisher } from './publish/publisher.ts';
import { mapTags } from './tags/tag-map.ts';

export interface GatewayService extends AsyncDisposable {
  health(): ServiceHealth;
}

const HEALTH_INTERVAL_MS = 10_000;
const DRAIN_MS = 2000;
const defaultMqtt = { url: 'mqtt://127.0.0.1:1883', topicPrefix: DEFAULT_TOPIC_PREFIX } as const;
const defaultOutbox = { maxMegabytes: 1024, requiredConsumers: ['scoring'] } as const;

/**
 * Starts the gateway. It comes up whether or not servers and broker are there and keeps trying; what is wrong is in
 * `health()` and on the retained health topic.
 * @throws JoulegateError CONFIG_INVALID for node ids that name a namespace by index, STORE_FAILED when the outbox cannot be opened.
 */
export async function startGateway(
  config: { readonly plant: PlantSection; readonly gateway: GatewaySection },
  deps: ServiceDeps,
): Promise<GatewayService> {
  const { plant, gateway } = config;
  const { log, now, dataDir } = deps;
  const limits = gateway.outbox ?? defaultOutbox;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await using opening = new AsyncDisposableStack();
  const outbox = opening.use(
    await SqliteOutbox.open(join(dataDir, 'outbox.db'), {
      maxBytes: limits.maxMegabytes * 1_048_576,
      requiredConsumers: limits.requiredConsumers,
    }),
  );
  const map = await mapTags(plant, gateway, (path) => outbox.writerId(path));
  const state = await outbox.state();
  const flow = new GatewayFlow({
    publisherId: gateway.publisherId,
    prefix: (gateway.mqtt ?? defaultMqtt).topicPrefix,
    map,
    outbox,
    sequences: state.sequences,
    encoder: createPubSubJsonEncoder(gateway.publisherId),
    keepAliveMs: durationMs(gateway.keepAliveInterval),
    log,
    now,
    version: deps.version,
  });
  const publisher = opening.use(
    startPublisher({
      mqtt: gateway.mqtt ?? defaultMqtt,
      publisherId: gateway.publisherId,
      outbox,
      sentId: state.sentId,
      log,
      now,
      onState: (broker) => flow.setBrokerState(broker),
      onConnect: () => flow.sendRetained(),
    }),
  );
  flow.attach(publisher);
  opening.defer(async () => {
    await flow.settle();
    await publisher.drain(DRAIN_MS);
    flow.sendHealth('stopped');
  });
  const connections = gateway.servers.map((server) => {
    const { equipment: _equipment, ...settings } = server;
    return openConnection(
      {
        server: settings,
        tags: map.sampled.get(server.name) ?? [],
        pkiDir: join(dataDir, 'pki'),
        applicationUri: `urn:joulegate:gateway:${gateway.publisherId}`,
        ...(gateway.certificateRenewBefore === undefined
          ? {}
          : { renewBeforeDays: durationMs(gateway.certificateRenewBefore) / 86_400_000 }),
      },
      (message) => flow.handle(server.name, message),
      log,
    );
  });
  opening.defer(
    async () => void (await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()))),
  );
  const timer = setInterval(() => flow.tick(), 1000);
  const healthTimer = setInterval(() => flow.sendHealth('running'), HEALTH_INTERVAL_MS);
  opening.defer(() => {
    clearInterval(timer);
    clearInterval(healthTimer);
  });
  flow.sendEvent({ kind: 'service-started', severity: 'info', message: 'gateway started' });
  log.info({ publisherId: gateway.publisherId, servers: gateway.servers.length, tags: map.tags.size }, 'gateway runs');
  const resources = opening.move();
  return { health: () => flow.health('running'), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
