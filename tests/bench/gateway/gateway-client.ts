/** The whole gateway: OPC UA → outbox (fsync) → MQTT QoS 1. Prints one JSON line. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type * as gatewayMain from '../../../gateway/main.ts';
import { recordingLog } from '../../support/stack.ts';
import { measure } from './reading.ts';

const { values: args } = parseArgs({
  options: {
    endpoint: { type: 'string', default: '' },
    mqtt: { type: 'string', default: '' },
    items: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    secure: { type: 'boolean', default: false },
    publishing: { type: 'string', default: '250' },
    queue: { type: 'string', default: '20' },
    /** Process id of the sink, told when measuring begins. */
    sink: { type: 'string' },
    /** Built form, as it is shipped. */
    main: { type: 'string', default: join(import.meta.dirname, '../../../dist/gateway/main.js') },
  },
});
const { startGateway } = (await import(args.main)) as typeof gatewayMain;
const TAGS_PER_MACHINE = 100;
const items = Number(args.items);
const folder = await mkdtemp(join(tmpdir(), 'joulegate-bench-'));
const kinds = Array.from({ length: 20 }, (_, kind) => (kind < 17 ? 'process' : 'product'));
const begun = performance.now();
const log = recordingLog();
const gateway = await startGateway(
  {
    plant: { site: 'bench', enterprise: 'bench', timezone: 'UTC' },
    gateway: {
      publisherId: 'bench',
      mqtt: { url: args.mqtt, topicPrefix: 'opcua' },
      outbox: { maxMegabytes: 1024, requiredConsumers: [] },
      keepAliveInterval: '10s',
      servers: [
        {
          name: 'bench',
          endpoint: args.endpoint,
          securityMode: args.secure ? 'SignAndEncrypt' : 'None',
          securityPolicy: args.secure ? 'Basic256Sha256' : 'None',
          trustServerCertificate: 'first-use',
          samplingInterval: '0ms',
          publishingInterval: `${Number(args.publishing)}ms`,
          queueSize: Number(args.queue),
          trigger: 'status-value',
          equipment: Array.from({ length: Math.ceil(items / TAGS_PER_MACHINE) }, (_, machine) => ({
            path: `bench/line/machine-${machine}`,
            tags: Array.from({ length: Math.min(TAGS_PER_MACHINE, items - machine * TAGS_PER_MACHINE) }, (__, tag) => {
              const item = machine * TAGS_PER_MACHINE + tag;
              return {
                name: `v${item}`,
                role: kinds[item % 20] === 'process' ? ('process' as const) : ('product' as const),
                nodeId: `nsu=urn:joulegate:bench;s=v${item}`,
              };
            }),
          })),
        },
      ],
    },
  },
  { log, now: Date.now, dataDir: folder, version: 'bench' },
);
const count = () => {
  const { figures } = gateway.health();
  return {
    values: figures['valuesTotal'] ?? 0,
    lost: (figures['serverLostTotal'] ?? 0) + (figures['droppedTotal'] ?? 0),
  };
};
while (count().values < items) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (performance.now() - begun > 60_000) {
    process.stderr.write(
      `${JSON.stringify(gateway.health().problems.slice(0, 3))}\n${JSON.stringify(log.lines.slice(-5))}\n`,
    );
    process.exit(1);
  }
}
const liveSeconds = (performance.now() - begun) / 1000;
await new Promise((resolve) => setTimeout(resolve, 3000));
if (args.sink !== undefined) process.kill(Number(args.sink), 'SIGUSR2');
const reading = await measure(Number(args.seconds), count);
const { figures } = gateway.health();
process.stdout.write(
  `${JSON.stringify({ ...reading, liveSeconds, outboxDepth: figures['outboxDepth'], messages: figures['messagesTotal'] })}\n`,
);
await gateway[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });
process.exit(0);
