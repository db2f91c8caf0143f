import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { processTag, serverOf, startGatewayRig, type Arrival, type GatewayRig } from '../support/gateway-rig.ts';
import { startLineProcess, type LineProcess } from '../support/line-process.ts';
import { eventually, temporaryFolder } from '../support/stack.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const script = fileURLToPath(new URL('./fault-server.ts', import.meta.url));
export const NAMESPACES = [
  { uri: 'urn:joulegate:test:first', offset: 0 },
  { uri: 'urn:joulegate:test:second', offset: 1_000_000_000 },
] as const;
const COUNTERS = 2;
const INTERVAL_MS = 100;
/** Tags by field name: which namespace and which counter each reads. */
const fields = NAMESPACES.flatMap(({ uri, offset }, namespace) =>
  Array.from({ length: COUNTERS }, (_, counter) => ({
    name: `${namespace === 0 ? 'first' : 'second'}${counter}`,
    nodeId: `nsu=${uri};s=Counter${counter}`,
    offset,
  })),
);

/** A server in its own process behind a proxy, and a gateway that reads it through the proxy. */
export interface FaultRig extends AsyncDisposable {
  readonly proxy: TcpProxy;
  readonly gateway: GatewayRig;
  /** The server process of now. */
  readonly server: LineProcess;
  /** Starts the server on its port after it was killed, with its namespaces in this order. */
  startServer(namespaces?: readonly (typeof NAMESPACES)[number][]): Promise<void>;
  /** Every change the server made: value by source time. */
  record(): Promise<Map<number, number>>;
}

/** Starts server, proxy, broker and gateway and waits until data flow. `history`: the server keeps one. */
export async function startFaultRig(history = false): Promise<FaultRig> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const recordFile = `${folder.path}/record.jsonl`;
  const port = await freePort();
  const launch = (namespaces: readonly object[]): Promise<LineProcess> => {
    const size = { counters: COUNTERS, intervalMs: INTERVAL_MS };
    const options = { port, dataDir: folder.path, recordFile, namespaces, ...size, history };
    return startLineProcess(process.execPath, [script, JSON.stringify(options)]);
  };
  let server = await launch(NAMESPACES);
  opening.defer(() => server[Symbol.asyncDispose]());
  const proxy = opening.use(await startTcpProxy(port));
  const tags = fields.map(({ name, nodeId }) => processTag(name, nodeId));
  const gateway = opening.use(await startGatewayRig([serverOf('plc', `opc.tcp://127.0.0.1:${proxy.port}`, tags)]));
  await eventually('first data', () => fields.every(({ name }) => gateway.of(name).length > 5), 40_000);
  const resources = opening.move();
  return {
    proxy,
    gateway,
    get server() {
      return server;
    },
    startServer: async (namespaces = NAMESPACES) => {
      server = await launch(namespaces);
    },
    record: async () => {
      const lines = (await readFile(recordFile, 'utf8')).trimEnd().split('\n');
      return new Map(lines.map((line) => JSON.parse(line) as { t: number; v: number }).map(({ t, v }) => [t, v]));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** What came of one scenario. Counts are of values over all tags, from the first value that arrived to the end. */
export type FaultResult = {
  readonly scenario: string;
  /** Until every tag had a value made after the fault was over; null = not within the time allowed. */
  readonly resumedSeconds: number | null;
  readonly produced: number;
  readonly received: number;
  readonly lost: number;
  /** Lost although the fault was not on: must be 0. */
  readonly lostOutside: number;
  /** Values the server says its queue dropped, as the gateway counts them. */
  readonly reportedLost: number;
  /** Outages the gateway announced as events. */
  readonly announced: number;
  readonly duplicates: number;
  /** Values that the server never had at that time for that tag: must be 0. */
  readonly wrong: number;
  /** Most sessions at the server at one time after the fault. */
  readonly sessions: number;
  readonly failures: readonly string[];
};

/** Data flow again within this after the server is back. */
const RESUME_LIMIT_S = 10;
/** Longest wait for data after the fault is over. */
const PATIENCE_MS = 60_000;
const SETTLE_MS = 5000;
/** What was missed has come from the history within this. */
const FILL_MS = 20_000;
/** A notification under way when the fault strikes may be gone: publishing interval and the time it travels. */
const MARGIN_MS = 1000;

/** Lets `fault` do its harm until it resolves, and measures what that did to the data; with a history nothing may stay lost. */
export async function measureFault(
  scenario: string,
  fault: (rig: FaultRig) => Promise<void>,
  history = false,
): Promise<FaultResult> {
  await using rig = await startFaultRig(history);
  const { gateway } = rig;
  const ticks = [Number(await rig.server.ask({ do: 'tick' }))];
  await fault(rig);
  const backAt = Date.now();
  const backTick = Number(await rig.server.ask({ do: 'tick' }));
  ticks.push(backTick);
  const flowsAgain = (): boolean =>
    fields.every(({ name, offset }) => Number(gateway.of(name).at(-1)?.value ?? 0) - offset > backTick);
  const resumedSeconds = await eventually('data', flowsAgain, PATIENCE_MS).then(
    () => (Date.now() - backAt) / 1000,
    () => null,
  );
  const resumedTick = Number(await rig.server.ask({ do: 'tick' }));
  let sessions = 0;
  for (const endsAt = Date.now() + SETTLE_MS; Date.now() < endsAt; await wait(250))
    sessions = Math.max(sessions, Number(await rig.server.ask({ do: 'sessions' })));
  const lastTick = Number(await rig.server.ask({ do: 'tick' }));
  // What was made up to here is on its way; one publishing interval and a broker later it has arrived.
  await eventually(
    'the last values',
    () => fields.every(({ name, offset }) => Number(gateway.of(name).at(-1)?.value ?? 0) - offset >= lastTick),
    5000,
  ).catch(() => undefined);
  const margin = MARGIN_MS / INTERVAL_MS;
  const window = { from: (ticks[0] ?? 0) - margin, to: resumedTick + margin };
  const count = async (): Promise<Counts> => countArrivals(gateway.arrivals, await rig.record(), lastTick, window);
  if (history) await eventually('the history', async () => (await count()).lost === 0, FILL_MS).catch(() => undefined);
  const counts = await count();
  const announced = gateway.events.filter(({ kind }) => kind === 'endpoint-lost' || kind === 'data-lost').length;
  const reportedLost = gateway.gateway.health().figures['serverLostTotal'] ?? 0;
  const result = { scenario, resumedSeconds, ...counts, reportedLost, announced, sessions };
  return { ...result, failures: failuresOf(result, history) };
}

type Counts = Pick<FaultResult, 'produced' | 'received' | 'lost' | 'lostOutside' | 'duplicates' | 'wrong'>;

function countArrivals(
  arrivals: readonly Arrival[],
  record: ReadonlyMap<number, number>,
  lastTick: number,
  fault: { readonly from: number; readonly to: number },
): Counts {
  const counts = { produced: 0, received: 0, lost: 0, lostOutside: 0, duplicates: 0, wrong: 0 };
  for (const { name, offset } of fields) {
    const good = arrivals.filter(({ field, value }) => field === name && value !== null);
    const seen = new Set(good.map(({ at }) => at));
    counts.duplicates += good.length - seen.size;
    counts.wrong += good.filter(({ at, value }) => record.get(at) !== Number(value) - offset).length;
    const first = record.get(good[0]?.at ?? Number.NaN) ?? 0;
    for (const [at, tick] of record) {
      if (tick < first || tick > lastTick) continue;
      counts.produced += 1;
      if (seen.has(at)) {
        counts.received += 1;
        continue;
      }
      counts.lost += 1;
      if (tick < fault.from || tick > fault.to) counts.lostOutside += 1;
    }
  }
  return counts;
}

function failuresOf(result: Omit<FaultResult, 'failures'>, history: boolean): string[] {
  const { resumedSeconds, lost, lostOutside, reportedLost, announced, duplicates, wrong, sessions } = result;
  const failures: string[] = [];
  if (resumedSeconds === null) failures.push(`no data within ${PATIENCE_MS / 1000} s`);
  else if (resumedSeconds > RESUME_LIMIT_S) failures.push(`data only after ${resumedSeconds.toFixed(1)} s`);
  if (lost > 0 && reportedLost === 0 && announced === 0) failures.push(`${lost} values lost in silence`);
  if (lost > 0 && history) failures.push(`${lost} values lost that the history has`);
  if (lostOutside > 0) failures.push(`${lostOutside} values lost while nothing was wrong`);
  if (duplicates > 0) failures.push(`${duplicates} duplicates`);
  if (wrong > 0) failures.push(`${wrong} values the server never had`);
  if (sessions > 1) failures.push(`${sessions} sessions at the server`);
  return failures;
}
