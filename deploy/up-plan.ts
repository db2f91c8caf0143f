import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Logger } from '../broker/contract/deps.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import type { CommandContext } from './commands/context.ts';
import type { UpOptions } from './commands/up.ts';
import { loadPlantConfig } from './config/load.ts';
import type { PlantConfig, SectionName } from './config/schema.ts';
import type { DataDir } from './data-dir.ts';
import { demoBasePeriod, prepareDemo, type DemoPlan } from './demo.ts';
import { writeEffectiveConfig, type Overrides } from './effective-config.ts';
import { requireFreePort } from './free-port.ts';
import { shippedFile } from './product.ts';

/** What `joulegate up` is about to start. */
export type PlantSetup = {
  /** The effective configuration that the children read. */
  readonly configFile: string;
  readonly has: Readonly<Record<SectionName, boolean>>;
  readonly demo: DemoPlan | null;
  readonly opcuaPort: number;
  readonly speed: number;
  /** The configuration as the children see it now. */
  readonly config: () => PlantConfig;
  /** Address of the broker that was started here, without credentials; null before, and where none is. */
  readonly mqttUrl: () => string | null;
  /** Writes what became known (real ports, addresses) into the effective configuration. */
  readonly settle: (known: Overrides) => Promise<void>;
};

const DEFAULT_OPCUA_PORT = 4840;

/**
 * Reads the configuration, checks ports and writes the effective configuration into the data folder.
 * @throws JoulegateError USAGE, CONFIG_INVALID, PORT_IN_USE
 */
export async function preparePlant(setting: {
  readonly options: UpOptions;
  readonly context: CommandContext;
  readonly dataDir: DataDir;
  readonly log: Logger;
}): Promise<PlantSetup> {
  const { options, context, dataDir, log } = setting;
  const { env } = context;
  const isDemo = options.demo === true;
  if (options.config === undefined && !isDemo) {
    throw new JoulegateError('USAGE', 'say what to start: --config plant.yaml, or --demo for the demo plant');
  }
  const file = options.config ?? shippedFile('seeds', 'demo', 'plant.yaml');
  const onWarning = (where: string): void =>
    log.warn({ code: 'CONFIG_WARNING', where }, 'configuration should be looked at');
  const given = await loadPlantConfig(file, { env, onWarning });
  const opcuaPort = options.opcuaPort ?? DEFAULT_OPCUA_PORT;
  let overrides: Overrides = {
    ...(options.port === undefined ? {} : { apiPort: options.port }),
    ...(options.mqttPort === undefined ? {} : { mqttPort: options.mqttPort }),
    ...(options.store === 'influxdb' ? { influx: influxSection(options) } : {}),
    ...(isDemo ? { openLoopback: true } : {}),
  };
  if (options.store === 'embedded' && options.influxUrl !== undefined) {
    throw new JoulegateError('USAGE', '--influx-url is only used with --store influxdb; add it');
  }
  await requirePorts(given, overrides, isDemo ? opcuaPort : null);
  const demo = isDemo
    ? await prepareDemo({
        dataDir,
        seed: options.seed,
        history: options.history,
        faults: options.faults,
        now: context.now(),
        log,
      })
    : null;
  if (demo !== null) {
    const endpoint = `opc.tcp://127.0.0.1:${opcuaPort}`;
    overrides = { ...overrides, endpoint, basePeriod: demoBasePeriod(demo, given.plant.timezone) };
  }
  const configFile = await effectiveFile(file, dataDir);
  let config = given;
  const settle = async (known: Overrides): Promise<void> => {
    overrides = { ...overrides, ...known };
    await writeEffectiveConfig(file, configFile, overrides);
    config = await loadPlantConfig(configFile, { env });
  };
  await settle({});
  return {
    configFile,
    has: {
      gateway: given.gateway !== undefined,
      broker: given.broker !== undefined,
      scoring: given.scoring !== undefined,
    },
    demo,
    opcuaPort,
    speed: options.speed,
    config: () => config,
    mqttUrl: () => overrides.mqttUrl ?? null,
    settle,
  };
}

/** `<data>/plant.yaml`, or a name beside it when that is the very file we were given. */
async function effectiveFile(file: string, dataDir: DataDir): Promise<string> {
  const usual = dataDir.at('plant.yaml');
  const same = (await realpath(file)) === (await realpath(usual).catch(() => null));
  return same ? dataDir.at('plant.effective.yaml') : usual;
}

async function requirePorts(config: PlantConfig, overrides: Overrides, opcuaPort: number | null): Promise<void> {
  const { broker, scoring } = config;
  const wanted = [
    ...(broker === undefined
      ? []
      : [
          { host: broker.host, port: overrides.mqttPort ?? broker.port, purpose: 'MQTT broker', remedy: '--mqtt-port' },
        ]),
    ...(scoring?.api === undefined
      ? []
      : [
          {
            host: scoring.api.host,
            port: overrides.apiPort ?? scoring.api.port,
            purpose: 'API and console',
            remedy: '--port',
          },
        ]),
    ...(opcuaPort === null
      ? []
      : [{ host: '127.0.0.1', port: opcuaPort, purpose: 'OPC UA server of the demo plant', remedy: '--opcua-port' }]),
  ];
  for (const [index, one] of wanted.entries()) {
    const other = wanted.slice(0, index).find(({ port }) => port !== 0 && port === one.port);
    if (other !== undefined) {
      throw new JoulegateError(
        'USAGE',
        `port ${one.port} is asked for twice (${other.purpose}, ${one.purpose}); choose another with ${one.remedy}`,
      );
    }
    await requireFreePort(one);
  }
}

function influxSection(options: UpOptions): Readonly<Record<string, string>> {
  if (options.influxUrl === undefined) {
    throw new JoulegateError('USAGE', '--store influxdb needs --influx-url, e.g. http://127.0.0.1:8086');
  }
  const secret = (file: string | undefined) => (file === undefined ? undefined : `file:${resolve(file)}`);
  const entries = Object.entries({
    url: options.influxUrl,
    database: options.influxDatabase,
    org: options.influxOrg,
    token: secret(options.influxTokenFile),
    username: options.influxUsername,
    password: secret(options.influxPasswordFile),
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
