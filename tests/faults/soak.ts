/**
 * A long run with a server that restarts again and again: does the gateway come back each time, and does its memory stay?
 *
 *   npm run test:soak [-- --minutes 30 --tags 5000 --every 5]
 *
 * Prints a line per minute, a table of the restarts and one JSON line; exit code 1 when memory at the end is more than 10 %
 * above that after the first `every` minutes, or when data did not come back within 10 s of a restart.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildSource, startSource } from '../bench/gateway/source.ts';

const { values: args } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    tags: { type: 'string', default: '5000' },
    every: { type: 'string', default: '5' },
  },
});
const MINUTE = 60_000;
const DOWN_MS = 10_000;
const tags = Number(args.tags);
const root = join(import.meta.dirname, '../..');
const folder = await mkdtemp(join(tmpdir(), 'joulegate-soak-'));
const program = await buildSource();
const port = 49_600 + (process.pid % 300);
const environment = { ...process.env, NODE_NO_WARNINGS: '1' };

const sink = spawn(process.execPath, [join(root, 'tests/bench/gateway/sink.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: environment,
});
const sinkLines = createInterface({ input: sink.stdout })[Symbol.asyncIterator]();
const sinkPort = Number((await sinkLines.next()).value);
/** Messages that the sink has taken so far. */
async function messages(): Promise<number> {
  sink.kill('SIGUSR1');
  return (JSON.parse(String((await sinkLines.next()).value)) as { messages: number }).messages;
}

const machines = Array.from({ length: Math.ceil(tags / 50) }, (_, machine) => ({
  path: `soak/line/machine-${machine}`,
  tags: Array.from({ length: Math.min(50, tags - machine * 50) }, (__, tag) => ({
    name: `v${machine * 50 + tag}`,
    // Booleans and texts of the source are no measured values.
    role: (machine * 50 + tag) % 20 < 17 ? 'process' : 'order',
    nodeId: `nsu=urn:joulegate:bench;s=v${machine * 50 + tag}`,
  })),
}));
const plant = {
  plant: { site: 'soak', enterprise: 'joulegate', timezone: 'UTC' },
  gateway: {
    publisherId: 'soak',
    mqtt: { url: `mqtt://127.0.0.1:${sinkPort}`, username: 'soak', password: 'soak' },
    outbox: { requiredConsumers: [] },
    servers: [
      {
        name: 'source',
        endpoint: `opc.tcp://127.0.0.1:${port}`,
        securityMode: 'None',
        samplingInterval: '0ms',
        equipment: machines,
      },
    ],
  },
};
await writeFile(join(folder, 'plant.yaml'), JSON.stringify(plant));

let source = await startSource({ program, port, items: tags, hz: 1, isSecure: false });
const gateway = spawn(
  process.execPath,
  [
    join(root, 'deploy/joulegate.js'),
    'gateway',
    '--config',
    join(folder, 'plant.yaml'),
    '--data',
    join(folder, 'data'),
  ],
  { stdio: ['ignore', 'ignore', 'pipe'], env: environment },
);
let logLines = 0;
createInterface({ input: gateway.stderr }).on('line', () => {
  logLines += 1;
});

async function residentMegabytes({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Seconds until messages come again, or NaN. */
async function untilFlow(): Promise<number> {
  const begun = Date.now();
  const before = await messages();
  while (Date.now() - begun < 60_000) {
    // Less than a message per machine may be keep-alives.
    if ((await messages()) > before + machines.length) return (Date.now() - begun) / 1000;
    await wait(100);
  }
  return Number.NaN;
}

const firstFlow = await untilFlow();
process.stderr.write(`data flow after ${firstFlow.toFixed(1)} s\n`);
const begun = Date.now();
const total = Number(args.minutes) * MINUTE;
const restarts: { minute: string; 'data again after s': number; 'RSS MB': number }[] = [];
let early = Number.NaN;
let nextRestart = Number(args.every) * MINUTE;
for (let minute = 1; Date.now() - begun < total; minute += 1) {
  await wait(Math.max(0, begun + minute * MINUTE - Date.now()));
  const megabytes = await residentMegabytes(gateway);
  if (minute === Number(args.every)) early = megabytes;
  process.stderr.write(
    `minute ${minute}: RSS ${megabytes.toFixed(0)} MB, messages ${await messages()}, log lines ${logLines}\n`,
  );
  if (Date.now() - begun < nextRestart || Date.now() - begun >= total) continue;
  nextRestart += Number(args.every) * MINUTE;
  source[Symbol.dispose]();
  await wait(DOWN_MS);
  source = await startSource({ program, port, items: tags, hz: 1, isSecure: false });
  const seconds = await untilFlow();
  restarts.push({ minute: String(minute), 'data again after s': seconds, 'RSS MB': Math.round(megabytes) });
}
const end = await residentMegabytes(gateway);
const ended = new Promise<number | null>((resolve) => void gateway.once('exit', (code) => resolve(code)));
gateway.kill('SIGTERM');
const exitCode = await ended;
source[Symbol.dispose]();
sink.kill('SIGKILL');
await rm(folder, { recursive: true, force: true });
console.table(restarts);
const growth = end / early - 1;
const slowest = Math.max(...restarts.map((restart) => restart['data again after s']));
const passed = growth <= 0.1 && slowest <= 10 && exitCode === 0;
process.stdout.write(
  `RSS after ${args.every} min ${early.toFixed(0)} MB, at the end ${end.toFixed(0)} MB (${(growth * 100).toFixed(1)} %)\n`,
);
process.stdout.write(
  `${JSON.stringify({ soak: 'gateway', minutes: Number(args.minutes), tags, restarts, early, end, growth, exitCode, logLines, passed })}\n`,
);
process.exit(passed ? 0 : 1);
