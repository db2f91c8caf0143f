import { loadReportFont } from '../../seeds/load-font.ts';
import { accountRules } from '../../deploy/account-rules.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureUsers, startBroker, type BrokerService } from '../../broker/main.ts';
import type { Logger, ServiceDeps } from '../../broker/contract/deps.ts';
import { loadPlantConfig } from '../../deploy/config/load.ts';
import { startGateway, type GatewayService } from '../../gateway/main.ts';
import { startScoring, type ScoringService } from '../../scoring/main.ts';

/** A log that keeps what is said, for a test to look at. */
export function recordingLog(): Logger & {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
} {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message });
  const log = {
    lines,
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}

/** A folder of its own, removed when disposed. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'joulegate-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Waits until `get` gives something else than null or false. */
export async function eventually<Value>(
  what: string,
  get: () => Promise<Value | null | false> | Value | null | false,
  timeoutMs = 20_000,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await get();
    if (value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await wait(50);
  }
}

export type Stack = AsyncDisposable & {
  readonly broker: BrokerService;
  readonly gateway: GatewayService;
  readonly scoring: ScoringService;
  readonly log: ReturnType<typeof recordingLog>;
  readonly viewer: { readonly username: string; readonly password: string };
  readonly token: string;
  /** GET of an API path below /api/v1. */
  readonly get: <Answer>(path: string) => Promise<Answer>;
};

/** Broker, gateway and scoring in this process on free ports, from a plant.yaml. */
export async function startStack(options: { readonly plantFile: string; readonly dataDir: string }): Promise<Stack> {
  await using opening = new AsyncDisposableStack();
  const log = recordingLog();
  const config = await loadPlantConfig(options.plantFile, { env: {} });
  if (config.broker === undefined || config.gateway === undefined || config.scoring === undefined)
    throw new Error('plant file lacks a section');
  const deps = (name: string): ServiceDeps => ({
    log,
    now: Date.now,
    dataDir: join(options.dataDir, name),
    version: 'test',
  });
  const users = await ensureUsers(deps('broker').dataDir, [
    { username: config.gateway.publisherId, role: 'gateway' },
    { username: config.scoring.id, role: 'scoring' },
    { username: 'viewer', role: 'viewer' },
  ]);
  const credentials = (username: string) =>
    users.find((user) => user.username === username) ?? { username, password: '' };
  const broker = opening.use(await startBroker({ ...config.broker, port: 0 }, deps('broker')));
  const mqtt = (username: string) => ({ url: broker.url, topicPrefix: 'opcua', ...credentials(username) });
  const token = 'test-token-0123456789abcdef0123456789abcdef';
  const scoring = opening.use(
    await startScoring(
      {
        plant: config.plant,
        scoring: {
          ...config.scoring,
          mqtt: mqtt(config.scoring.id),
          api: { host: '127.0.0.1', port: 0, openLoopback: false },
        },
        consoleDir: null,
      },
      {
        ...deps('scoring'),
        apiToken: token,
        founding: new Map(),
        accounts: await accountRules(config.scoring.energy, config.plant.timezone, 'plant.yaml'),
        reportFont: loadReportFont,
      },
    ),
  );
  const gateway = opening.use(
    await startGateway(
      { plant: config.plant, gateway: { ...config.gateway, mqtt: mqtt(config.gateway.publisherId) } },
      deps('gateway'),
    ),
  );
  const resources = opening.move();
  return {
    broker,
    gateway,
    scoring,
    log,
    token,
    viewer: credentials('viewer'),
    get: async <Answer>(path: string): Promise<Answer> => {
      const response = await fetch(`${scoring.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Answer;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
