import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { readReceipt } from '../../scoring/ingest/receipt.ts';
import { freePort } from '../support/free-port.ts';
import { processTag, serverOf } from '../support/gateway-rig.ts';
import { startLineProcess, type LineProcess } from '../support/line-process.ts';
import { eventually, temporaryFolder } from '../support/stack.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const NAMESPACE = 'urn:joulegate:test:first';
const COUNTERS = 4;
const INTERVAL_MS = 100;
export const services = ['broker', 'gateway', 'scoring'] as const;
export type Service = (typeof services)[number];

/** What the machine made and what the store has of it. */
export type Balance = {
  readonly produced: number;
  readonly stored: number;
  /** The sum of the stored values is that of the produced ones: the right values, not only as many. */
  readonly sumsAgree: boolean;
};

/**
 * Machine, broker, gateway and scoring, each a process of its own as in a plant. Gateway and scoring reach the broker through
 * proxies of their own. Every value of the machine is known: counter tags 1, 2, 3, …
 */
export interface EndToEndRig extends AsyncDisposable {
  readonly gatewayLine: TcpProxy;
  readonly scoringLine: TcpProxy;
  readonly dataDir: string;
  kill(service: Service): Promise<void>;
  start(service: Service): Promise<void>;
  /** Whether a service has said this in its log. */
  hasSaid(service: Service, text: string): boolean;
  /** Ends the production and waits until the store has everything, or `timeoutMs` are over. */
  finish(timeoutMs: number): Promise<Balance>;
  /** What the store has now. */
  stored(): { readonly values: number; readonly sum: number };
  /** Values made so far. */
  produced(): Promise<number>;
}

export type RigOptions = {
  /** Runs in front of the command of the gateway: commands of a shell that give it a small disk, with the data folder as $DATA. */
  readonly gatewayShell?: string;
  readonly drain?: 'oldest-first' | 'live-first';
};

/** Starts everything, lets the machine begin and waits until values are in the store. */
export async function startEndToEndRig(options: RigOptions = {}): Promise<EndToEndRig> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const [serverPort, brokerPort] = [await freePort(), await freePort()];
  const machine: LineProcess = opening.use(
    await startLineProcess(process.execPath, [
      here('./fault-server.ts'),
      JSON.stringify({
        port: serverPort,
        dataDir: folder.path,
        recordFile: join(folder.path, 'record.jsonl'),
        namespaces: [{ uri: NAMESPACE, offset: 0 }],
        counters: COUNTERS,
        intervalMs: INTERVAL_MS,
        waits: true,
        history: true,
      }),
    ]),
  );
  const gatewayLine = opening.use(await startTcpProxy(brokerPort));
  const scoringLine = opening.use(await startTcpProxy(brokerPort));
  const dataDir = join(folder.path, 'data');
  const plantFile = join(folder.path, 'plant.yaml');
  const tags = Array.from({ length: COUNTERS }, (_, index) =>
    processTag(`counter${index}`, `nsu=${NAMESPACE};s=Counter${index}`, { queueSize: 10_000 }),
  );
  const plant = {
    plant: { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' },
    broker: { port: brokerPort },
    gateway: {
      publisherId: 'gateway-1',
      mqtt: { url: `mqtt://127.0.0.1:${gatewayLine.port}` },
      outbox: { requiredConsumers: ['scoring'], drain: options.drain ?? 'oldest-first' },
      servers: [serverOf('plc', `opc.tcp://127.0.0.1:${serverPort}`, tags)],
    },
    scoring: {
      id: 'scoring',
      mqtt: { url: `mqtt://127.0.0.1:${scoringLine.port}` },
      api: { host: '127.0.0.1', port: await freePort(), openLoopback: false },
    },
  };
  await writeFile(plantFile, stringify(plant));
  const running = new Map<Service, ChildProcess>();
  const said = new Map<Service, string>();
  const kill = async (service: Service): Promise<void> => {
    const child = running.get(service);
    running.delete(service);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const start = async (service: Service): Promise<void> => {
    const command = [process.execPath, here('../../deploy/joulegate.js'), service];
    const shell = service === 'gateway' ? options.gatewayShell : undefined;
    const flags = ['--config', plantFile, '--data', dataDir, '--json', '--log-level', 'error'];
    const [program = '', ...rest] =
      shell === undefined
        ? [...command, ...flags]
        : [
            'unshare',
            '--user',
            '--map-root-user',
            '--mount',
            'sh',
            '-c',
            `${shell} exec "$@"`,
            'sh',
            ...command,
            ...flags,
          ];
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DATA: dataDir },
    });
    running.set(service, child);
    const note = (text: Buffer): void => {
      said.set(service, ((said.get(service) ?? '') + text.toString()).slice(-100_000));
    };
    child.stderr.on('data', note);
    child.stdout.on('data', note);
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => line.includes('"service"') && resolve());
      child.once('exit', () => reject(new Error(`${service} ended: ${said.get(service)?.slice(-2000) ?? ''}`)));
    });
    ready.catch(() => undefined);
    await ready;
  };
  for (const service of services) opening.defer(() => kill(service));
  for (const service of services) await start(service);
  const stored = () => readStored(join(dataDir, 'scoring', 'joulegate.db'));
  const produced = async (): Promise<number> => Number(await machine.ask({ do: 'tick' })) * COUNTERS;
  // What is produced before an item watches it is nobody's loss.
  await eventually(
    'items at the machine',
    async () => Number(await machine.ask({ do: 'watched' })) === COUNTERS,
    60_000,
  );
  await machine.ask({ do: 'begin' });
  await eventually('values in the store', () => stored().values > 0, 60_000);
  const resources = opening.move();
  return {
    gatewayLine,
    scoringLine,
    dataDir,
    kill,
    start,
    stored,
    produced,
    hasSaid: (service, text) => said.get(service)?.includes(text) ?? false,
    finish: async (timeoutMs) => {
      const last = Number(await machine.ask({ do: 'end' }));
      const all = last * COUNTERS;
      await eventually('everything in the store', () => stored().values >= all, timeoutMs).catch(() => undefined);
      // A value that comes twice would come now.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const { values, sum } = stored();
      return { produced: all, stored: values, sumsAgree: sum === ((last * (last + 1)) / 2) * COUNTERS };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The receipts that the store holds in the same transaction as its rows. */
function readStored(file: string): { readonly values: number; readonly sum: number } {
  if (!existsSync(file)) return { values: 0, sum: 0 };
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    const rows = database.prepare("SELECT body FROM checkpoint WHERE name LIKE 'receipt/%'").all();
    const receipts = rows.map(({ body }) => readReceipt(String(body)));
    return {
      values: receipts.reduce((total, { values }) => total + values, 0),
      sum: receipts.reduce((total, { sum }) => total + sum, 0),
    };
  } catch {
    // The store is being made.
    return { values: 0, sum: 0 };
  } finally {
    database.close();
  }
}
