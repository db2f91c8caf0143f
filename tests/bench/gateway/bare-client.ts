/** The peer: a plain node-opcua client that subscribes in groups and only counts. Prints one JSON line. */
import { parseArgs } from 'node:util';
import {
  AttributeIds,
  ClientMonitoredItemGroup,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  setErrorLogger,
  setWarningLogger,
} from 'node-opcua';
import { measure } from './reading.ts';

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
const client = OPCUAClient.create({
  endpointMustExist: false,
  securityMode: args.secure ? MessageSecurityMode.SignAndEncrypt : MessageSecurityMode.None,
  securityPolicy: args.secure ? SecurityPolicy.Basic256Sha256 : SecurityPolicy.None,
});
await client.connect(args.endpoint);
const session = await client.createSession();
const namespaces = await session.readNamespaceArray();
const index = namespaces.indexOf('urn:joulegate:bench');
const subscription = await session.createSubscription2({
  requestedPublishingInterval: Number(args.publishing),
  requestedMaxKeepAliveCount: 20,
  requestedLifetimeCount: 200,
  maxNotificationsPerPublish: 0,
  publishingEnabled: true,
  priority: 10,
});
let values = 0;
const begun = performance.now();
const groups: Promise<void>[] = [];
for (let at = 0; at < items; at += 1000) {
  const group = ClientMonitoredItemGroup.create(
    subscription,
    Array.from({ length: Math.min(1000, items - at) }, (_, item) => ({
      nodeId: `ns=${index};s=v${at + item}`,
      attributeId: AttributeIds.Value,
    })),
    { samplingInterval: 0, discardOldest: true, queueSize: Number(args.queue) },
    TimestampsToReturn.Both,
  );
  group.on('changed', () => {
    values += 1;
  });
  groups.push(new Promise((resolve) => void group.once('initialized', () => resolve())));
}
await Promise.all(groups);
const liveSeconds = (performance.now() - begun) / 1000;
await new Promise((resolve) => setTimeout(resolve, 3000));
const reading = await measure(Number(args.seconds), () => ({ values, lost: 0 }));
process.stdout.write(`${JSON.stringify({ ...reading, liveSeconds, latencyP50Ms: null, latencyP99Ms: null })}\n`);
process.exit(0);
