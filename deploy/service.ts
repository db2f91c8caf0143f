import type { ServiceDeps } from '../broker/contract/deps.ts';
import { MqttClientSection } from '../broker/contract/plant.ts';
import type { FoundingDocument } from '../scoring/energy/target.ts';
import { trimMemory } from './memory-trim.ts';
import { commandLog, commandStop, type CommandContext } from './commands/context.ts';
import type { ServiceOptions } from './commands/service.ts';
import { loadPlantConfig, readPrincipals, requireSection } from './config/load.ts';
import { withDefaults } from './config/defaults.ts';
import { accountRules } from './account-rules.ts';
import type { PlantConfig } from './config/schema.ts';
import { withCredentials } from './credentials.ts';
import { apiToken, openDataDir, serviceDir, writeCredentials, type DataDir, type ServiceName } from './data-dir.ts';
import { runUntilStopped } from './lifecycle.ts';
import { loadReportFont } from '../seeds/load-font.ts';
import { watchPlantFile } from './plant-watch.ts';
import { builtConsole } from './product.ts';

/** What a service says once it is up, as one line of JSON or text. */
export type Announcement = { readonly service: string } & Readonly<Record<string, string | number>>;

type Started = AsyncDisposable & { readonly announcement: Announcement };
type Start = (setting: Setting) => Promise<Started>;
type Setting = {
  readonly config: PlantConfig;
  readonly file: string;
  readonly dataDir: DataDir;
  readonly deps: ServiceDeps;
  readonly env: CommandContext['env'];
  readonly process: CommandContext['process'];
};

const starts: Readonly<Record<ServiceName, Start>> = {
  gateway: startGatewayService,
  broker: startBrokerService,
  scoring: startScoringService,
};

/** Runs one service until it is asked to stop. @throws JoulegateError when it cannot start. */
export async function runService(name: ServiceName, options: ServiceOptions, context: CommandContext): Promise<void> {
  context.process.umask(0o077);
  // Without a terminal a hang-up is the administrator's wish that the broker reads users and certificates again.
  using stop = await commandStop(context, name === 'broker' && context.stderr.isTTY !== true);
  const log = await commandLog(context, options.logLevel, name);
  const config = await loadPlantConfig(options.config, {
    env: context.env,
    sections: [name],
    onWarning: (text) => log.warn({ code: 'CONFIG_WARNING', where: text }, 'configuration should be looked at'),
  });
  requireSection(config, name, options.config);
  const dataDir = await openDataDir(options.data);
  const deps: ServiceDeps = {
    log,
    now: context.now,
    dataDir: await serviceDir(dataDir, name),
    version: context.version,
  };
  using _memory = trimMemory(name !== 'scoring');
  await runUntilStopped({
    start: () =>
      starts[name]({ config, file: options.config, dataDir, deps, env: context.env, process: context.process }),
    announce: ({ announcement }) => announce(announcement, options.json === true, context),
    signal: stop.signal,
  });
}

/** Prints the one line that says a service is ready. */
export function announce(announcement: Announcement, json: boolean, { stdout }: CommandContext): void {
  if (json) {
    stdout.write(`${JSON.stringify(announcement)}\n`);
    return;
  }
  const { service, ...rest } = announcement;
  const parts = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
  stdout.write(`${[`${service} is ready`, ...parts].join(', ')}\n`);
}

const opened = (service: AsyncDisposable, announcement: Announcement): Started => ({
  announcement,
  [Symbol.asyncDispose]: () => Promise.resolve(service[Symbol.asyncDispose]()),
});

const mqttOf = (section: { mqtt?: MqttClientSection }): MqttClientSection =>
  section.mqtt ?? (withDefaults(MqttClientSection, {}) as MqttClientSection);

async function startGatewayService({ config, file, dataDir, deps, env }: Setting): Promise<Started> {
  const section = requireSection(config, 'gateway', file);
  const { startGateway } = await import('../gateway/main.ts');
  const mqtt = await withCredentials(mqttOf(section), section.publisherId, dataDir);
  const service = await startGateway({ plant: config.plant, gateway: { ...section, mqtt } }, deps);
  const watch = watchPlantFile(file, deps.log, env, async (changed) => {
    const gateway = requireSection(changed, 'gateway', file);
    const sameMqtt = await withCredentials(mqttOf(gateway), gateway.publisherId, dataDir);
    await service.reload({ plant: changed.plant, gateway: { ...gateway, mqtt: sameMqtt } });
  });
  const both = new AsyncDisposableStack();
  both.use(service);
  both.use(watch);
  return opened(both, { service: 'gateway', publisherId: section.publisherId });
}

async function startBrokerService({ config, file, dataDir, deps, process }: Setting): Promise<Started> {
  const section = requireSection(config, 'broker', file);
  const { ensureUsers, startBroker } = await import('../broker/main.ts');
  const { gateway, scoring } = await readPrincipals(file);
  const made = await ensureUsers(deps.dataDir, [
    { username: gateway ?? 'gateway-1', role: 'gateway' },
    { username: scoring ?? 'scoring', role: 'scoring' },
    { username: 'viewer', role: 'viewer' },
  ]);
  for (const credentials of made) await writeCredentials(dataDir, credentials);
  const service = await startBroker(section, deps);
  process.on('SIGHUP', () => void service.reload());
  return opened(service, { service: 'broker', url: service.url, port: service.port });
}

async function startScoringService({ config, file, dataDir, deps }: Setting): Promise<Started> {
  const section = requireSection(config, 'scoring', file);
  const { startScoring } = await import('../scoring/main.ts');
  const mqtt = await withCredentials(mqttOf(section), section.id, dataDir);
  const service = await startScoring(
    { plant: config.plant, scoring: { ...section, mqtt }, consoleDir: builtConsole() },
    {
      ...deps,
      apiToken: await apiToken(dataDir),
      founding: await foundingOf(config),
      accounts: await accountRules(section.energy, config.plant.timezone, file),
      reportFont: loadReportFont,
    },
  );
  return opened(service, { service: 'scoring', url: service.url });
}

/** The founding documents that the targets name. @throws JoulegateError SEED_INVALID for an unknown one. */
async function foundingOf({ scoring }: PlantConfig): Promise<ReadonlyMap<string, FoundingDocument>> {
  const { loadFoundingDocument } = await import('../seeds/load.ts');
  const documents = new Map<string, FoundingDocument>();
  for (const { seed } of scoring?.targets ?? []) {
    if (seed !== undefined && !documents.has(seed)) documents.set(seed, await loadFoundingDocument(seed));
  }
  return documents;
}
