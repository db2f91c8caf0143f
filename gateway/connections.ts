import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../broker/contract/deps.ts';
import { durationMs } from '../broker/contract/duration.ts';
import type { GatewaySection, ServerConfig } from './config/schema.ts';
import { openConnection, type Connection } from './opcua/connection.ts';
import type { WorkerMessage, WorkerStart } from './opcua/protocol.ts';
import { globsOf } from './browsed-tags.ts';
import type { NewestKept } from './newest-kept.ts';
import type { TagMap } from './tags/tag-map.ts';

export type ConnectionsOptions = {
  readonly publisherId: string;
  /** How long before its end the own certificate is renewed; default 30 days. */
  readonly renewBefore?: GatewaySection['certificateRenewBefore'] | undefined;
  readonly dataDir: string;
  readonly log: Logger;
  readonly newest: NewestKept;
  readonly onMessage: (server: string, message: WorkerMessage, durable: (number: number) => void) => void;
  /** A connection was closed, because it is no longer wanted or wanted in another way. */
  readonly onClosed: (server: string) => void;
};

type Settings = Pick<WorkerStart, 'server' | 'globs' | 'browseMs'>;
type Open = { readonly settings: Settings; readonly connection: Connection };

/** The connections to all servers of a gateway; each in its own worker. */
export class Connections implements AsyncDisposable {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<string, Open>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /**
   * Brings the connections to what the configuration says: servers that are new or connected to in another way are opened,
   * those that are gone closed, and the others told their tags.
   */
  async apply(servers: GatewaySection['servers'], map: TagMap): Promise<void> {
    const wanted = new Map(servers.map((server) => [server.name, settingsOf(server)]));
    const outdated = [...this.#open].filter(([name, { settings }]) => !isDeepStrictEqual(wanted.get(name), settings));
    await Promise.all(
      outdated.map(async ([name, { connection }]) => {
        await connection[Symbol.asyncDispose]();
        this.#open.delete(name);
        this.#options.onClosed(name);
      }),
    );
    for (const [name, settings] of wanted) {
      const tags = map.sampled.get(name) ?? [];
      const open = this.#open.get(name);
      if (open === undefined) this.#open.set(name, { settings, connection: this.#connect(settings, tags) });
      else open.connection.setTags(tags);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ connection }) => connection[Symbol.asyncDispose]()));
    this.#open.clear();
  }

  #connect(settings: Settings, tags: WorkerStart['tags']): Connection {
    const { publisherId, renewBefore, dataDir, log, onMessage } = this.#options;
    const { server } = settings;
    const applicationUri = `urn:joulegate:gateway:${publisherId}`;
    return openConnection(
      {
        ...settings,
        tags,
        pkiDir: join(dataDir, 'pki'),
        applicationUri,
        ...(renewBefore === undefined ? {} : { renewBeforeDays: durationMs(renewBefore) / 86_400_000 }),
      },
      (message, durable) => onMessage(server.name, message, durable),
      log,
      () => ({
        kept: this.#options.newest.timesOf(server.name),
        gaps: this.#options.newest.gapsOf(server.name),
      }),
    );
  }
}

/** How to connect to a server; how its tags are sampled is a matter of each tag. */
function settingsOf(server: ServerConfig): Settings {
  const { equipment: _e, samplingInterval: _s, publishingInterval: _p, queueSize: _q, ...rest } = server;
  const { trigger: _t, discard: _d, deadband: _b, skipFirst: _f, heartbeat: _h, browseInterval, ...settings } = rest;
  return {
    server: settings,
    globs: globsOf(server),
    ...(browseInterval === undefined ? {} : { browseMs: Math.max(10_000, durationMs(browseInterval)) }),
  };
}
