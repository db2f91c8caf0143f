import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Logger } from '../../broker/contract/deps.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';
import { openPlantServer, type PlantNode, type PlantServer } from './plant-server.ts';
import { loadReplayMap, type ReplayMap, type ReplayTag } from './replay-map.ts';
import { readReplayRecord, type ReplayRecord } from './replay-record.ts';

export type ReplayOptions = {
  /** CSV with a header line. */
  readonly file: string;
  readonly mapFile: string;
  /** Recorded seconds per second; what is too fast for a lossless delivery is slowed down by itself. */
  readonly speed: number;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly dataDir: string;
  readonly log: Logger;
  readonly now: () => number;
};

export type ReplayReport = {
  readonly rows: number;
  readonly values: number;
  readonly badCells: ReplayRecord['badCells'];
  /** What the file itself adds up to. */
  readonly perEquipment: Readonly<Record<string, { readonly energyKwh: number; readonly output: number }>>;
};

export interface Replay extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  /** Resolves when the last value has been served and had time to be published. */
  readonly done: Promise<ReplayReport>;
  /** A configuration that reads this server and scores it. */
  plantYaml(): string;
}

const REPLAY_NAMESPACE = 'urn:joulegate:replay';
const TURN_MS = 50;
/** Values set per turn at most: with a queue of QUEUE per item nothing can overflow between two publishes. */
const VALUES_PER_TURN = 400;
const QUEUE = 5000;
const BAD = 0x80_8c_00_00;
const AFTER_LAST_MS = 1500;

/**
 * Serves a recorded file as an OPC UA server: recorded times are source timestamps, `speed` times as fast. Playing begins
 * when a client has subscribed, so that it gets every value.
 * @throws JoulegateError CONFIG_UNREADABLE, CONFIG_INVALID, PORT_IN_USE.
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { log } = options;
  const map = await loadReplayMap(options.mapFile);
  const record = await readReplayRecord(options.file, map);
  if (record.foreignRows > 0)
    log.warn({ rows: record.foreignRows }, 'rows of machines that are not in the map are left out');
  if (record.badCells.length > 0)
    log.warn(
      { cells: record.badCells.length, first: record.badCells[0] },
      'cells that cannot be used are served as Bad',
    );
  const server = await openPlantServer({
    ...options,
    namespaceUri: REPLAY_NAMESPACE,
    applicationName: 'Joulegate replay',
  });
  const machines = Object.values(map.equipment.machines);
  const nodes = machines.map((machine) =>
    map.tags.map((tag) => server.addTag(machine.path, describe(tag), dataType(tag))),
  );
  const stop = new AbortController();
  const done = play({ ...options, server, nodes, record, signal: stop.signal }).then((values) => ({
    rows: record.rows,
    values,
    badCells: record.badCells,
    perEquipment: Object.fromEntries(record.totals),
  }));
  // Nobody may be waiting for it when the server is stopped in the middle.
  done.catch(() => undefined);
  return {
    endpoint: server.endpoint,
    port: server.port,
    done,
    plantYaml: () => plantYaml(map, server.endpoint),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done.catch(() => undefined);
      await server[Symbol.asyncDispose]();
    },
  };
}

async function play(
  options: ReplayOptions & {
    readonly server: PlantServer;
    readonly nodes: readonly (readonly PlantNode[])[];
    readonly record: ReplayRecord;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { server, nodes, record, signal, speed, now, log } = options;
  const { events } = record;
  await subscribed(server, signal);
  const first = events[0]?.at ?? 0;
  let begun = now();
  let next = 0;
  log.info({ values: events.length }, 'replay begins');
  while (next < events.length) {
    const goal = first + (now() - begun) * speed;
    let set = 0;
    for (; set < VALUES_PER_TURN; set += 1) {
      const event = events[next];
      if (event === undefined || event.at > goal) break;
      nodes[event.machine]?.[event.tag]?.set(event.value, event.at, event.value === null ? BAD : 0);
      next += 1;
    }
    // Slowed down: the clock of the replay must not run away from what has been served.
    if (set === VALUES_PER_TURN) begun = now() - ((events[next]?.at ?? first) - first) / speed;
    await wait(TURN_MS, undefined, { signal });
  }
  await wait(AFTER_LAST_MS, undefined, { signal });
  log.info({ values: next }, 'replay has served its last value');
  return next;
}

/** Resolves when the number of monitored items has stopped growing. */
async function subscribed(server: PlantServer, signal: AbortSignal): Promise<void> {
  for (let before = 0, calm = 0; calm < 5;) {
    await wait(200, undefined, { signal });
    const items = server.monitoredItems;
    calm = items > 0 && items === before ? calm + 1 : 0;
    before = items;
  }
}

function describe({ column: _column, accumulate: _accumulate, ...tag }: ReplayTag): TagDescription {
  return tag;
}

function dataType(tag: ReplayTag): 'Double' | 'String' {
  return tag.role === 'state' || tag.role === 'product' || tag.role === 'order' ? 'String' : 'Double';
}

function plantYaml(map: ReplayMap, endpoint: string): string {
  const config = {
    plant: { enterprise: 'joulegate', site: map.site, timezone: map.timezone },
    gateway: {
      publisherId: 'replay-1',
      keepAliveInterval: '10s',
      servers: [
        {
          name: 'replay',
          endpoint,
          securityMode: 'best',
          securityPolicy: 'best',
          trustServerCertificate: 'first-use',
          samplingInterval: '0ms',
          publishingInterval: '200ms',
          queueSize: QUEUE,
          trigger: 'status-value-timestamp',
          equipment: Object.values(map.equipment.machines).map((machine) => ({
            ...machine,
            tags: map.tags.map((tag) => ({
              ...describe(tag),
              nodeId: `nsu=${REPLAY_NAMESPACE};s=${machine.path.replaceAll('/', '.')}.${tag.name}`,
            })),
          })),
        },
      ],
    },
    broker: { id: 'broker-1', host: '127.0.0.1', port: 1883 },
    scoring: { id: 'scoring', api: { host: '127.0.0.1', port: 8700, openLoopback: true }, maxGap: '15m' },
  };
  return `# Written by joulegate replay: reads the replayed file and scores it.\n${stringify(config, { aliasDuplicateObjects: false })}`;
}
