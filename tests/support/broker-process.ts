import { startBroker } from '../../broker/main.ts';
import type { BrokerSection } from '../../broker/config.ts';
import { recordingLog } from './stack.ts';

/**
 * A broker in a process of its own, for tests that kill it and benchmarks that weigh it: arguments are the data folder and
 * the section as JSON; it prints its URL once it listens.
 */
const [dataDir = '.', section = '{}'] = process.argv.slice(2);
const broker = await startBroker(JSON.parse(section) as BrokerSection, {
  log: recordingLog(),
  now: Date.now,
  dataDir,
  version: 'test',
});
process.stdout.write(`${broker.url}\n`);
