import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ServiceDeps } from '../broker/contract/deps.ts';
import { durationMs } from '../broker/contract/duration.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import { DEFAULT_TOPIC_PREFIX } from '../broker/contract/topic.ts';
import type { PlantSection } from '../broker/contract/plant.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import { BrowseKeeper } from './browse-keeper.ts';
import { BrowseLockFile } from './browse-lock.ts';
import { Connections } from './connections.ts';
import type { GatewaySection } from './config/schema.ts';
import { GatewayFlow } from './gateway-flow.ts';
import { createMetrics } from './metrics.ts';
import { NewestKept, type FieldTimes } from './newest-kept.ts';
import { startProbeServer } from './probe-server.ts';
import { quietLog } from './quiet-log.ts';
import { SqliteOutbox } from './outbox/sqlite-outbox.ts';
import { createPubSubJsonEncoder } from './publish/pubsub-json.ts';
import { startPublisher } from './publish/publisher.ts';
import { mapTags, type TagMap } from './tags/tag-map.ts';

export type GatewayConfig = { readonly plant: PlantSection; readonly gateway: GatewaySection };

export interface GatewayService extends AsyncDisposable {
  health(): ServiceHealth;
  /** Where /healthz, /readyz and /metrics are served; null when they are not. */
  readonly probesUrl: string | null;
  /**
   * Takes another configuration while running: only servers and tags that differ are touched.
   * @throws JoulegateError CONFIG_INVALID for what can only be changed by a restart; everything stays as it was.
   */
  reload(config: GatewayConfig): Promise<void>;
}

/** Keys of section `gateway` that only a restart can change. */
const unchangeable = ['publisherId', 'mqtt', 'outbox', 'keepAliveInterval', 'probes'] as const;

const HEALTH_INTERVAL_MS = 10_000;
const DRAIN_MS = 2000;
const defaultMqtt = { url: 'mqtt://127.0.0.1:1883', topicPrefix: DEFAULT_TOPIC_PREFIX } as const;
const defaultOutbox = { maxMegabytes: 1024, requiredConsumers: ['scoring'] };
/** Of values that are not on disk yet a power cut may take no more than this, ms. */
const MOST_GATHERED_MS = 100;

/**
 * Starts the gateway. It comes up whether or not servers and broker are there and keeps trying; what is wrong is in
 * `health()` and on the retained health topic.
 * @throws JoulegateError CONFIG_INVALID for node ids that name a namespace by index, STORE_FAILED when the outbox cannot be opened,
 * CONFIG_UNREADABLE for a lock file of globs that is none.
 */
export async function startGateway(config: GatewayConfig, deps: ServiceDeps): Promise<GatewayService> {
  const { gateway } = config;
  const { now, dataDir } = deps;
  const limits: NonNullable<GatewaySection['outbox']> = gateway.outbox ?? defaultOutbox;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await using opening = new AsyncDisposableStack();
  const log = opening.use(quietLog(deps.log));
  const outbox = opening.use(
    await SqliteOutbox.open(join(dataDir, 'outbox.db'), {
      maxBytes: limits.maxMegabytes * 1_048_576,
      requiredConsumers: limits.requiredConsumers,
      ...(limits.maxAge === undefined ? {} : { maxAgeMs: durationMs(limits.maxAge) }),
    }),
  );
  const lockFile = new BrowseLockFile(dataDir);
  let current = config;
  const browsed = new BrowseKeeper(
    {
      file: lockFile,
      lock: await lockFile.read(),
      log,
      onChanged: () => remap(current),
      say: (server, message) => flow.handle(server, message, () => undefined),
    },
    gateway.servers,
  );
  const mapped = (next: GatewayConfig, before?: TagMap): Promise<TagMap> =>
    mapTags(next.plant, { servers: browsed.resolve(next.gateway.servers) }, (path) => outbox.writerId(path), before);
  let map = await mapped(config);
  const state = await outbox.state();
  const newest = new NewestKept(map, fieldTimes(state.notes));
  const flow = new GatewayFlow({
    publisherId: gateway.publisherId,
    prefix: (gateway.mqtt ?? defaultMqtt).topicPrefix,
    map,
    outbox,
    sequences: state.sequences,
    encoder: createPubSubJsonEncoder(gateway.publisherId, map),
    keepAliveMs: durationMs(gateway.keepAliveInterval),
    log,
    now,
    version: deps.version,
    newest,
    gatherMs: Math.min(MOST_GATHERED_MS, limits.groupCommit === undefined ? 0 : durationMs(limits.groupCommit)),
  });
  const metrics = createMetrics(() => flow.health('running'));
  const publisher = opening.use(
    startPublisher({
      mqtt: gateway.mqtt ?? defaultMqtt,
      publisherId: gateway.publisherId,
      outbox,
      sentId: state.sentId,
      drain: limits.drain ?? 'oldest-first',
      log,
      now,
      onState: (broker) => flow.setBrokerState(broker),
      onConnect: () => flow.sendRetained(),
      onAcknowledged: metrics.observePublish,
    }),
  );
  flow.attach(publisher);
  opening.defer(async () => {
    await flow.settle();
    await publisher.drain(DRAIN_MS);
    flow.sendHealth('stopped');
  });
  const connections = opening.use(
    new Connections({
      publisherId: gateway.publisherId,
      renewBefore: gateway.certificateRenewBefore,
      dataDir,
      log,
      newest,
      onMessage: (server, message, durable) => {
        if (message.kind === 'browsed') browsed.take(server, message.found);
        else flow.handle(server, message, durable);
      },
      onClosed: (server) => flow.forgetServer(server),
    }),
  );
  await connections.apply(gateway.servers, map);
  let probesUrl: string | null = null;
  if (gateway.probes !== undefined) {
    const probes = await startProbeServer(gateway.probes, {
      health: () => flow.health('running'),
      isBrokerConnected: () => publisher.connected,
      registry: metrics.registry,
    });
    opening.use(probes);
    probesUrl = probes.url;
    log.info({ url: probes.url }, 'probes are served');
  }
  const timer = setInterval(() => flow.tick(), 1000);
  const healthTimer = setInterval(() => {
    flow.sendHealth('running');
    browsed.check();
  }, HEALTH_INTERVAL_MS);
  opening.defer(() => {
    clearInterval(timer);
    clearInterval(healthTimer);
  });
  flow.sendEvent({ kind: 'service-started', severity: 'info', message: 'gateway started' });
  log.info({ publisherId: gateway.publisherId, servers: gateway.servers.length, tags: map.tags.size }, 'gateway runs');
  opening.defer(() => browsed.settled());
  let reloading: Promise<void> = Promise.resolve();
  const remap = async (next: GatewayConfig): Promise<void> => {
    const nextMap = await mapped(next, map);
    current = next;
    flow.remap(nextMap, createPubSubJsonEncoder(gateway.publisherId, nextMap));
    map = nextMap;
    await connections.apply(next.gateway.servers, nextMap);
  };
  const reload = async (next: GatewayConfig, before: Promise<void>): Promise<void> => {
    await before;
    const changed = unchangeable.filter((key) => !isDeepStrictEqual(next.gateway[key], gateway[key]));
    if (changed.length > 0) {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `gateway.${changed.join(' and gateway.')} cannot be changed while the gateway runs; restart it, or take the change back`,
      );
    }
    await remap(next);
    flow.sendEvent({
      kind: 'configuration-changed',
      severity: 'low',
      message: 'the tags of plant.yaml were read anew',
    });
    log.info({ servers: next.gateway.servers.length, tags: map.tags.size }, 'configuration read anew');
  };
  const resources = opening.move();
  return {
    health: () => flow.health('running'),
    probesUrl,
    reload: (next) => {
      const mine = reload(next, reloading);
      reloading = mine.catch(() => undefined);
      return mine;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A note that is no longer readable only means that nothing is filled from the history. */
function fieldTimes(notes: ReadonlyMap<number, string>): ReadonlyMap<number, FieldTimes> {
  const times = new Map<number, FieldTimes>();
  for (const [writer, text] of notes) {
    try {
      times.set(writer, JSON.parse(text) as FieldTimes);
    } catch {
      // Taken as not there.
    }
  }
  return times;
}
