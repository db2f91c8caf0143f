import { commandLog, commandStop, type CommandContext } from './commands/context.ts';
import type { UpOptions } from './commands/up.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import { apiToken, openDataDir } from './data-dir.ts';
import { gatewayRuntime } from './gateway-runtime.ts';
import { whenAborted } from './lifecycle.ts';
import { commandFile } from './product.ts';
import { superviseChild, stopInOrder, type ChildRuntime, type ChildSpec, type SupervisedChild } from './supervisor.ts';
import { createTerminal } from './terminal.ts';
import { toText } from './log.ts';
import { preparePlant, type PlantSetup } from './up-plan.ts';
import { reportReady } from './up-report.ts';
import { waitForApi } from './api-ready.ts';
import { runFill } from './fill-child.ts';

const READY_MS = 30_000;
/** The order of a stop: the gateway takes nothing more in and reports no loss of its server; the broker goes last. */
const stages = [['gateway'], ['simulate', 'scoring'], ['broker']] as const;

/** Everything on one machine until it is asked to stop. @throws JoulegateError when a part cannot start. */
export async function upCommand(options: UpOptions, context: CommandContext): Promise<void> {
  using stop = await commandStop(context);
  const terminal = createTerminal(context.stderr);
  const log = await commandLog(
    { ...context, stderr: { ...terminal, isTTY: context.stderr.isTTY === true } },
    options.logLevel,
    'up',
  );
  const dataDir = await openDataDir(options.data);
  const token = await apiToken(dataDir);
  const setup = await preparePlant({ options, context, dataDir, log });
  const asText = context.stderr.isTTY === true;
  const relay = (line: string): void => terminal.write(asText ? toText(line).replace(/\n?$/, '\n') : `${line}\n`);
  const script = commandFile();
  const children: SupervisedChild[] = [];
  const failed = new AbortController();
  const running = AbortSignal.any([stop.signal, failed.signal]);

  const start = async (spec: ChildSpec) => {
    if (running.aborted) throw stoppedEarly();
    const child = superviseChild(spec, { script, env: context.env, log, relay, now: context.now });
    children.push(child);
    return child.ready;
  };
  const child = (name: string, ...args: readonly string[]): ChildSpec => ({
    name,
    args: () => [name, ...args, '--data', dataDir.path, '--json', '--log-level', options.logLevel],
  });
  const service = (name: string, runtime?: ChildRuntime) =>
    start({ ...child(name, '--config', setup.configFile), ...(runtime === undefined ? {} : { runtime }) });

  const bringUp = async (): Promise<string | null> => {
    const [broker, simulator] = await Promise.all([
      setup.has.broker ? service('broker') : null,
      setup.demo === null ? null : start(simulateSpec(setup, child, context.now)),
    ]);
    await setup.settle({
      ...(broker === null ? {} : { mqttUrl: String(broker['url']), mqttPort: Number(broker['port']) }),
      ...(simulator === null ? {} : { endpoint: String(simulator['endpoint']) }),
    });
    await Promise.all([setup.has.gateway ? service('gateway', gatewayRuntime(context.env)) : null, fill()]);
    if (!setup.has.scoring) return null;
    const { url } = await service('scoring');
    await setup.settle({ apiPort: Number(new URL(String(url)).port) });
    return String(url);
  };

  const fill = async (): Promise<void> => {
    if (setup.demo === null || setup.demo.done) return;
    const progress = await terminal.progress('filling the history of the demo plant');
    await runFill({
      script,
      args: child('fill-history', '--config', setup.configFile).args(null),
      env: context.env,
      relay,
      onProgress: progress,
      signal: running,
    }).finally(() => progress(null));
  };

  try {
    const url = await untilAborted(bringUp(), stop.signal);
    if (url !== null) {
      const liveAfter = setup.demo === null ? null : setup.demo.liveFrom;
      const missing = await waitForApi({ url, token, liveAfter, withinMs: READY_MS, signal: stop.signal });
      if (missing !== null && !stop.signal.aborted)
        log.warn({ missing, waitedMs: READY_MS }, 'started, but not all is well');
    }
    if (stop.signal.aborted) return;
    await reportReady({ url, token, setup, dataDir, json: options.json === true, context });
    await whenAborted(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    failed.abort();
    const named = (names: readonly string[]) => children.filter(({ name }) => names.includes(name));
    await stopInOrder(stages.map(named), context.now);
  }
}

const simulateSpec = (
  { demo, opcuaPort, speed }: PlantSetup,
  child: (name: string, ...args: readonly string[]) => ChildSpec,
  now: () => number,
): ChildSpec => ({
  name: 'simulate',
  args: (last) => {
    if (demo === null) return [];
    const liveFrom = last === null ? demo.liveFrom : now();
    const port = Number(last?.['port'] ?? opcuaPort);
    const options = {
      port,
      seed: demo.seed,
      speed,
      'start-at': new Date(demo.startAt).toISOString(),
      'live-from': new Date(liveFrom).toISOString(),
      faults: demo.faultFile,
      'ground-truth': demo.groundTruthFile,
    };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    return child('simulate', ...args).args(null);
  },
});

const stoppedEarly = (): JoulegateError => new JoulegateError('SERVICE_STOPPED', 'stopped while starting');

/** The promise, or a rejection as soon as the signal aborts. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  promise.catch(() => undefined);
  return Promise.race([
    promise,
    whenAborted(signal).then(() => {
      throw stoppedEarly();
    }),
  ]);
}
