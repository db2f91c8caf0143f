/**
 * Measures the gateway against a fast server in its own process, beside a bare node-opcua client that only counts.
 *
 *   npm run bench:gateway [-- --seconds 10 --rounds 3]
 *
 * The server and the MQTT sink run on core 0, the measured client on core 1. Prints tables and one JSON line. Ratios count:
 * they come from the same minutes of the same machine.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { percentile, type Reading } from './reading.ts';
import { buildSource, startSource } from './source.ts';

const { values: args } = parseArgs({
  options: { seconds: { type: 'string', default: '8' }, rounds: { type: 'string', default: '3' } },
});
const run = promisify(execFile);
const seconds = Number(args.seconds);
const rounds = Number(args.rounds);

type Case = { readonly items: number; readonly hz: number; readonly isSecure: boolean };
type Role = 'bare' | 'reader' | 'gateway';
type Result = Reading & { readonly outboxDepth?: number };
type SinkResult = { readonly messages: number; readonly latencyP50Ms: number; readonly latencyP99Ms: number };

const PUBLISHING_MS = 250;
const program = await buildSource();
let port = 49_000 + (process.pid % 500);

async function measureOnce(role: Role, { items, hz, isSecure }: Case): Promise<Result> {
  port += 1;
  using source = await startSource({ program, port, items, hz, isSecure });
  const sink = role === 'gateway' ? await startSink() : null;
  try {
    const options = { endpoint: source.endpoint, items, seconds, publishing: PUBLISHING_MS };
    const order = ['-c', '1', process.execPath, join(import.meta.dirname, `${role}-client.ts`)];
    for (const [key, value] of Object.entries(options)) order.push(`--${key}`, String(value));
    if (isSecure) order.push('--secure');
    if (sink !== null) order.push('--mqtt', `mqtt://127.0.0.1:${sink.port}`, '--sink', String(sink.child.pid));
    const { stdout } = await run('taskset', order, {
      timeout: 120_000,
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
    if (sink === null) return result;
    const { latencyP50Ms, latencyP99Ms } = await sink.stop();
    return { ...result, latencyP50Ms, latencyP99Ms };
  } finally {
    sink?.child.kill('SIGKILL');
  }
}

async function startSink(): Promise<{ port: number; child: ChildProcess; stop: () => Promise<SinkResult> }> {
  const child = spawn('taskset', ['-c', '0', process.execPath, join(import.meta.dirname, 'sink.ts')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  return {
    port: Number(first.value),
    child,
    stop: async () => {
      child.kill('SIGTERM');
      const last = await lines.next();
      return JSON.parse(String(last.value)) as SinkResult;
    },
  };
}

/** Medians of several rounds, each figure for itself. */
async function measureCase(role: Role, what: Case): Promise<Result> {
  const results: Result[] = [];
  for (let round = 0; round < rounds; round += 1) results.push(await measureOnce(role, what));
  const median = (pick: (result: Result) => number): number => percentile(results.map(pick), 50);
  return {
    seconds: median((result) => result.seconds),
    values: median((result) => result.values),
    cpuMicros: median((result) => result.cpuMicros),
    rssMegabytes: median((result) => result.rssMegabytes),
    loopP99Ms: median((result) => result.loopP99Ms),
    lost: Math.max(...results.map((result) => result.lost)),
    liveSeconds: median((result) => result.liveSeconds),
    latencyP50Ms: median((result) => result.latencyP50Ms),
    latencyP99Ms: median((result) => result.latencyP99Ms),
  };
}

const rows: Record<string, string | number>[] = [];
function show(name: string, role: Role, { items, hz }: Case, result: Result): void {
  const row = {
    case: name,
    client: role,
    'values/s': Math.round(result.values / result.seconds),
    offered: items * hz,
    lost: result.lost,
    'us/value': Number((result.cpuMicros / result.values).toFixed(2)),
    'CPU % per 1,000 values/s': Number(((result.cpuMicros / result.values) * 0.1).toFixed(3)),
    'RSS MB': Math.round(result.rssMegabytes),
    'loop p99 ms': Number(result.loopP99Ms.toFixed(1)),
    'latency p50 ms': result.latencyP50Ms,
    'latency p99 ms': result.latencyP99Ms,
    'items live s': Number(result.liveSeconds.toFixed(2)),
  };
  rows.push(row);
  process.stderr.write(`${JSON.stringify(row)}\n`);
}

const measured: { name: string; what: Case; roles: readonly Role[] }[] = [
  { name: '10,000 × 1 Hz, None', what: { items: 10_000, hz: 1, isSecure: false }, roles: ['gateway'] },
  {
    name: '10,000 × 10 Hz, None',
    what: { items: 10_000, hz: 10, isSecure: false },
    roles: ['bare', 'reader', 'gateway'],
  },
  {
    name: '10,000 × 10 Hz, Sign&Encrypt',
    what: { items: 10_000, hz: 10, isSecure: true },
    roles: ['bare', 'reader', 'gateway'],
  },
  { name: '15,000 × 10 Hz, None', what: { items: 15_000, hz: 10, isSecure: false }, roles: ['gateway'] },
  { name: '15,000 × 10 Hz, Sign&Encrypt', what: { items: 15_000, hz: 10, isSecure: true }, roles: ['gateway'] },
  { name: '30,000 × 10 Hz, None', what: { items: 30_000, hz: 10, isSecure: false }, roles: ['gateway'] },
  { name: '30,000 × 10 Hz, Sign&Encrypt', what: { items: 30_000, hz: 10, isSecure: true }, roles: ['gateway'] },
  { name: '50,000 × 1 Hz, None', what: { items: 50_000, hz: 1, isSecure: false }, roles: ['bare', 'gateway'] },
];
const ratios: Record<string, number> = {};
for (const { name, what, roles } of measured) {
  const cpu = new Map<Role, number>();
  for (const role of roles) {
    const result = await measureCase(role, what);
    cpu.set(role, result.cpuMicros / result.values);
    show(name, role, what, result);
  }
  const bare = cpu.get('bare');
  const reader = cpu.get('reader');
  if (bare !== undefined && reader !== undefined) ratios[name] = Number((reader / bare).toFixed(2));
}
console.table(rows);
process.stdout.write(`reading alone / bare node-opcua group subscription, CPU per value: ${JSON.stringify(ratios)}\n`);
process.stdout.write(
  `${JSON.stringify({ bench: 'gateway', publishingMs: PUBLISHING_MS, rounds, seconds, rows, ratios })}\n`,
);
