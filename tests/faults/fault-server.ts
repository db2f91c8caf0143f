/**
 * A node-opcua server in a process of its own for the fault scenarios: counters that rise by one per interval, every change
 * written to a record first. Steered like tests/support/asyncua/server.py; its one argument is a JSON object.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
  StatusCodes,
  Variant,
  type UAVariable,
} from 'node-opcua';

type Options = {
  readonly port: number;
  readonly dataDir: string;
  readonly recordFile: string;
  /** In the order of their indexes; each has the counters `Counter0`…, those of the second one start at 1,000,000,000. */
  readonly namespaces: readonly { readonly uri: string; readonly offset: number }[];
  readonly counters: number;
  readonly intervalMs: number;
  /** Nothing is produced before the command `begin`. */
  readonly waits?: boolean;
  /** The counters have a history, which outlives the process like that of a historian beside the server. */
  readonly history?: boolean;
};
type Command = { readonly do: string; readonly id: number; readonly offsetMs?: number };

const options = JSON.parse(process.argv[2] ?? '{}') as Options;
const RealDate = Date;
let offsetMs = 0;

/** The clock of this process, wrong by `offsetMs`: the library stamps with it too. */
class ShiftedDate extends RealDate {
  constructor(...values: readonly never[]) {
    super(...((values.length === 0 ? [RealDate.now() + offsetMs] : values) as [number]));
  }
  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

setErrorLogger(() => undefined);
setWarningLogger(() => undefined);
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

const recorded = existsSync(options.recordFile)
  ? readFileSync(options.recordFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly t: number; readonly v: number })
  : [];
let tick = recorded.at(-1)?.v ?? 0;
const record = openSync(options.recordFile, 'a');

globalThis.Date = ShiftedDate as DateConstructor;
const manager = new OPCUACertificateManager({
  rootFolder: `${options.dataDir}/pki`,
  automaticallyAcceptUnknownCertificate: true,
});
const server = new OPCUAServer({
  port: options.port,
  host: '127.0.0.1',
  hostname: '127.0.0.1',
  serverCertificateManager: manager,
  userCertificateManager: manager,
  serverInfo: { applicationUri: 'urn:joulegate:test:faults' },
  securityPolicies: [SecurityPolicy.None],
  securityModes: [MessageSecurityMode.None],
  serverCapabilities: { maxSessions: 20, minSupportedSampleRate: 0 },
});
await server.initialize();
const CHANGED = 'value_changed';
const variables: {
  readonly offset: number;
  readonly variable: UAVariable;
  /** Listeners that are no monitored items. */ readonly own: number;
}[] = [];
for (const { uri, offset } of options.namespaces) {
  const namespace = server.engine.addressSpace?.registerNamespace(uri);
  for (let index = 0; index < options.counters; index += 1) {
    const variable = namespace?.addVariable({
      organizedBy: 'ObjectsFolder',
      browseName: `Counter${index}`,
      nodeId: `s=Counter${index}`,
      dataType: 'UInt32',
      minimumSamplingInterval: 0,
    });
    if (variable === undefined) throw new Error('no address space');
    // No value before the first tick: a value without an entry in the record would count as an invention.
    variable.setValueFromSource({ dataType: DataType.UInt32, value: 0 }, StatusCodes.BadWaitingForInitialData);
    if (options.history === true) keepHistory(variable, offset);
    variables.push({ offset, variable, own: variable.listenerCount(CHANGED) });
  }
}
await server.start();
let producing = options.waits !== true;
const timer = setInterval(() => {
  if (!producing) return;
  tick += 1;
  const at = new Date();
  writeSync(record, `${JSON.stringify({ t: at.getTime(), v: tick })}\n`);
  for (const { offset, variable } of variables) {
    const value = new Variant({ dataType: DataType.UInt32, value: offset + tick });
    variable.setValueFromSource(value, StatusCodes.Good, at);
  }
}, options.intervalMs);
say({ kind: 'ready', pid: process.pid });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  const result = await obey(command);
  say({ kind: 'reply', id: command.id, result });
  if (command.do === 'stop') break;
}
process.exit(0);

/** The history of a counter, with what the record says of the time before this process. */
function keepHistory(variable: UAVariable, offset: number): void {
  variable.addressSpace.installHistoricalDataNode(variable, { maxOnlineValues: 1_000_000 });
  for (const { t, v } of recorded) {
    const value = new Variant({ dataType: DataType.UInt32, value: offset + v });
    variable.setValueFromSource(value, StatusCodes.Good, new RealDate(t));
  }
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'tick':
      return tick;
    case 'begin':
      producing = true;
      return tick;
    case 'end':
      producing = false;
      return tick;
    case 'sessions':
      return server.engine.currentSessionCount;
    case 'watched':
      return variables.filter(({ variable, own }) => variable.listenerCount(CHANGED) > own).length;
    case 'clock':
      offsetMs = command.offsetMs ?? 0;
      return offsetMs;
    case 'forget-subscriptions': {
      const subscriptions = server.engine.getSessions().flatMap((session) => session.publishEngine.subscriptions);
      for (const { sessionId, id } of subscriptions)
        for (const session of server.engine.getSessions())
          if (session.nodeId.toString() === sessionId.toString()) session.deleteSubscription(id);
      return subscriptions.length;
    }
    case 'stop':
      clearInterval(timer);
      closeSync(record);
      await Promise.race([server.shutdown(0), new Promise((resolve) => setTimeout(resolve, 1500))]);
      return true;
    default:
      return null;
  }
}
