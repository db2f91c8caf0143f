import type { PlantSection } from '../../broker/contract/plant.ts';
import type { EquipmentDescription, TagDescription } from '../../broker/contract/tag.ts';
import { durationMs } from '../../broker/contract/duration.ts';
import type { EquipmentConfig, GatewaySection, ServerConfig, TagConfig } from '../config/schema.ts';

/** A tag of the gateway, found by its handle. */
export type MappedTag = {
  readonly handle: number;
  readonly tag: TagDescription;
  /** Index of its writer. */
  readonly writer: number;
};

/** The DataSetWriter of one equipment. */
export type Writer = {
  readonly index: number;
  /** DataSetWriterId, kept for ever by the outbox. */
  readonly id: number;
  readonly equipment: EquipmentDescription;
  readonly tags: readonly TagDescription[];
  readonly server: string;
};

/** Roles whose values must be numbers; anything else there is Bad, never 0. */
export const numericRoles: ReadonlySet<string> = new Set([
  'energy-counter',
  'power',
  'output-counter',
  'output-rate',
  'scrap-counter',
  'process',
]);

/** How one tag is sampled, in ms; handle and address for the connection. */
export type SampledTag = {
  readonly handle: number;
  readonly name: string;
  readonly equipment: string;
  readonly nodeId: string;
  readonly unit: string | undefined;
  readonly samplingMs: number;
  readonly publishingMs: number;
  readonly queueSize: number;
  readonly trigger: 'status' | 'status-value' | 'status-value-timestamp';
  /** Which values the server drops when its queue is full. */
  readonly discard: 'oldest' | 'newest';
  readonly deadband: { readonly kind: 'absolute' | 'percent'; readonly value: number } | null;
  /** The value that is there when the item is made is not passed on. */
  readonly skipFirst: boolean;
  /** A quiet tag has its last value sent again after this; 0 = never. */
  readonly heartbeatMs: number;
  /** Data type the node must have, as configured; null = any. */
  readonly dataType: string | null;
};

export type TagMap = {
  readonly highestHandle: number;
  readonly tags: ReadonlyMap<number, MappedTag>;
  readonly writers: readonly Writer[];
  /** By server name. */
  readonly sampled: ReadonlyMap<string, readonly SampledTag[]>;
};

const DEFAULT_INTERVAL = '1s';
const MIN_QUEUE = 10;

/**
 * Gives every tag of the configuration its handle, writer and sampling. `writerId` gives the kept id of an equipment. A tag
 * that is read exactly as in `before` keeps its handle; a handle never gets another meaning.
 */
export async function mapTags(
  plant: PlantSection,
  gateway: Pick<GatewaySection, 'servers'>,
  writerId: (equipmentPath: string) => Promise<number>,
  before?: TagMap,
): Promise<TagMap> {
  const known = knownHandles(before);
  let highestHandle = before?.highestHandle ?? 0;
  const tags = new Map<number, MappedTag>();
  const writers: Writer[] = [];
  const sampled = new Map<string, SampledTag[]>();
  for (const server of gateway.servers) {
    const ofServer: SampledTag[] = [];
    for (const equipment of server.equipment) {
      const descriptions = equipment.tags.map(describeTag);
      const writer: Writer = {
        index: writers.length,
        id: await writerId(equipment.path),
        equipment: describeEquipment(plant, equipment),
        tags: descriptions,
        server: server.name,
      };
      writers.push(writer);
      equipment.tags.forEach((config, index) => {
        const tag = descriptions[index];
        if (tag === undefined) return;
        const read = {
          name: tag.name,
          equipment: equipment.path,
          nodeId: config.nodeId,
          unit: tag.unit,
          ...sampling(server, config),
        };
        let handle = known.get(keyOf(server.name, read));
        if (handle === undefined) {
          highestHandle += 1;
          handle = highestHandle;
        }
        tags.set(handle, { handle, tag, writer: writer.index });
        ofServer.push({ handle, ...read });
      });
    }
    sampled.set(server.name, ofServer);
  }
  return { highestHandle, tags, writers, sampled };
}

const keyOf = (server: string, read: Omit<SampledTag, 'handle'>): string => JSON.stringify([server, read]);

function knownHandles(before: TagMap | undefined): ReadonlyMap<string, number> {
  const known = new Map<string, number>();
  for (const [server, tags] of before?.sampled ?? []) {
    for (const { handle, ...read } of tags) known.set(keyOf(server, read), handle);
  }
  return known;
}

function describeTag(config: TagConfig): TagDescription {
  const {
    samplingInterval: _s,
    publishingInterval: _p,
    queueSize: _q,
    trigger: _t,
    discard: _d,
    deadband: _b,
    skipFirst: _f,
    heartbeat: _h,
    ...tag
  } = config;
  return tag;
}

function describeEquipment(plant: PlantSection, { tags: _tags, ...equipment }: EquipmentConfig): EquipmentDescription {
  return { ...equipment, site: plant.site, enterprise: plant.enterprise };
}

/** Counters report every sample, so that a standing counter proves that it stands; the rest reports changes. */
function sampling(
  server: ServerConfig,
  tag: TagConfig,
): Omit<SampledTag, 'handle' | 'name' | 'equipment' | 'nodeId' | 'unit'> {
  const samplingMs = durationMs(tag.samplingInterval ?? server.samplingInterval ?? DEFAULT_INTERVAL);
  const publishingMs = Math.max(
    50,
    durationMs(tag.publishingInterval ?? server.publishingInterval ?? DEFAULT_INTERVAL),
  );
  const perPublish = samplingMs > 0 ? Math.ceil(publishingMs / samplingMs) : MIN_QUEUE;
  return {
    samplingMs,
    publishingMs,
    queueSize: tag.queueSize ?? server.queueSize ?? Math.max(MIN_QUEUE, perPublish * 2),
    trigger:
      tag.trigger ?? server.trigger ?? (tag.role.endsWith('-counter') ? 'status-value-timestamp' : 'status-value'),
    discard: tag.discard ?? server.discard ?? 'oldest',
    deadband: deadbandOf(tag.deadband ?? server.deadband, tag),
    skipFirst: tag.skipFirst ?? server.skipFirst ?? false,
    heartbeatMs: heartbeatOf(tag.heartbeat ?? server.heartbeat),
    dataType: tag.dataType ?? null,
  };
}

const heartbeatOf = (text: TagConfig['heartbeat']): number =>
  text === undefined ? 0 : Math.max(1000, durationMs(text));

/** Roles where a small change is a change: a deadband set for the whole server does not hold for them. */
const exactRoles: ReadonlySet<string> = new Set(['state', 'product', 'order']);

/** `0.5` is absolute, `2%` is of the EURange (OPC 10000-8 6.2). */
function deadbandOf(text: string | number | undefined, { role }: TagConfig): SampledTag['deadband'] {
  if (text === undefined || exactRoles.has(role) || role.endsWith('-counter')) return null;
  if (typeof text === 'number') return text > 0 ? { kind: 'absolute', value: text } : null;
  const value = Number(text.slice(0, -1));
  return value > 0 ? { kind: 'percent', value } : null;
}
