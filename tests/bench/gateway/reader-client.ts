/** Our OPC UA reading alone, in this thread, counting what it would hand on. Prints one JSON line. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setErrorLogger, setWarningLogger } from 'node-opcua';
import { BatchSender } from '../../../gateway/opcua/batch-sender.ts';
import { EventMemory } from '../../../gateway/opcua/events/event-memory.ts';
import { LastSeen } from '../../../gateway/opcua/last-seen.ts';
import { NodeGuard } from '../../../gateway/opcua/node-guard.ts';
import { keepNotificationBodies } from '../../../gateway/opcua/notification-decoder.ts';
import type { WorkerCommand, WorkerMessage, WorkerTag } from '../../../gateway/opcua/protocol.ts';
import { runSession } from '../../../gateway/opcua/session-run.ts';
import { measure, percentile } from './reading.ts';

const { values: args } = parseArgs({
  options: {
    endpoint: { type: 'string', default: '' },
    items: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    secure: { type: 'boolean', default: false },
    publishing: { type: 'string', default: '250' },
    queue: { type: 'string', default: '20' },
  },
});
setErrorLogger(() => undefined);
setWarningLogger(() => undefined);
const items = Number(args.items);
const folder = await mkdtemp(join(tmpdir(), 'joulegate-bench-'));
let values = 0;
let lost = 0;
let liveSeconds = Number.NaN;
const latencies: number[] = [];
const begun = performance.now();
let command: (command: WorkerCommand) => void = () => undefined;
const say = (message: WorkerMessage): void => {
  if (message.kind === 'problem') process.stderr.write(`${message.problem.message}\n`);
  if (message.kind === 'lost') lost += message.count;
  if (message.kind !== 'values') return;
  values += message.batch.handles.length;
  if (Number.isNaN(liveSeconds) && values >= items) liveSeconds = (performance.now() - begun) / 1000;
  latencies.push(Date.now() - (message.batch.times[0] ?? Number.NaN));
  command({ kind: 'durable', number: message.number });
};
const tags: WorkerTag[] = Array.from({ length: items }, (_, item) => ({
  handle: item + 1,
  name: `v${item}`,
  equipment: 'bench/line/machine',
  nodeId: `nsu=urn:joulegate:bench;s=v${item}`,
  unit: undefined,
  samplingMs: 0,
  publishingMs: Number(args.publishing),
  queueSize: Number(args.queue),
  trigger: 'status-value',
  discard: 'oldest',
  deadband: null,
  skipFirst: false,
  heartbeatMs: 0,
  dataType: null,
}));
keepNotificationBodies();
const stop = new AbortController();
const running = runSession(
  {
    server: {
      name: 'bench',
      endpoint: args.endpoint,
      securityMode: args.secure ? 'SignAndEncrypt' : 'None',
      securityPolicy: args.secure ? 'Basic256Sha256' : 'None',
      trustServerCertificate: 'first-use',
    },
    pkiDir: join(folder, 'pki'),
    applicationUri: 'urn:joulegate:gateway:bench',
    tags,
  },
  { sender: new BatchSender(say), guard: new NodeGuard(), seen: new LastSeen(), events: new EventMemory() },
  say,
  stop.signal,
  (listener) => {
    command = listener;
  },
);
running.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
while (Number.isNaN(liveSeconds)) await new Promise((resolve) => setTimeout(resolve, 20));
await new Promise((resolve) => setTimeout(resolve, 3000));
latencies.length = 0;
const reading = await measure(Number(args.seconds), () => ({ values, lost }));
process.stdout.write(
  `${JSON.stringify({ ...reading, liveSeconds, latencyP50Ms: percentile(latencies, 50), latencyP99Ms: percentile(latencies, 99) })}\n`,
);
stop.abort();
await running;
await rm(folder, { recursive: true, force: true });
process.exit(0);
