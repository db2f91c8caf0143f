import { cpus } from 'node:os';
import { temporaryFolder } from '../../support/stack.ts';
import { measureIdle, measureLatency, measureRate, type LoadCase } from './cases.ts';
import { startJoulegate, startMosquitto, type Contender } from './contenders.ts';

/**
 * `npm run bench:broker`: our broker (sign-in, permissions, frame guard, limits and persistence on) beside Debian's mosquitto
 * (password file and permission file) in one run, the two in turn, best of the rounds. The load comes from this process, which
 * shares the machine's cores with them. BENCH_SECONDS is the time of one measurement, BENCH_ROUNDS how often.
 */
const DURATION_MS = Number(process.env['BENCH_SECONDS'] ?? 2) * 1000;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const RATE = 5000;
const IDLE_CLIENTS = 2000;

type Row = { readonly name: string; readonly joulegate: number; readonly mosquitto: number; readonly ratio: number };

const shape = (publishers: number, subscribers: number) => ({ publishers, subscribers });
const cases: readonly LoadCase[] = [shape(1, 1), shape(8, 4)].flatMap((many) =>
  ([0, 1] as const).flatMap((qos) => [200, 16_384].map((bytes) => ({ ...many, qos, bytes, kept: false }))),
);
const nameOf = ({ qos, bytes, publishers, subscribers, kept }: LoadCase): string =>
  `QoS ${qos}, ${bytes} B, ${publishers} → ${subscribers}${kept ? ', kept sessions' : ''}`;

await using folder = await temporaryFolder();
const rows: Row[] = [];
const line = (name: string, joulegate: number, mosquitto: number, digits = 0): void => {
  rows.push({ name, joulegate, mosquitto, ratio: joulegate / mosquitto });
  const cells = [joulegate.toFixed(digits), mosquitto.toFixed(digits), (joulegate / mosquitto).toFixed(2)];
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
};

async function compare(load: LoadCase, contenders: readonly [Contender, Contender]): Promise<[number, number]> {
  const best: [number, number] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, contender] of contenders.entries())
      best[index === 0 ? 0 : 1] = Math.max(best[index] ?? 0, await measureRate(contender, load, DURATION_MS));
  }
  return best;
}

process.stdout.write(
  '| case (messages delivered a second) | joulegate | mosquitto | ratio |\n| --- | --- | --- | --- |\n',
);
let ourOwn = Number.NaN;
{
  await using joulegate = await startJoulegate(folder.path, true);
  await using mosquitto = await startMosquitto(folder.path, true);
  for (const load of cases) {
    const [ours, theirs] = await compare(load, [joulegate, mosquitto]);
    if (load.qos === 1 && load.bytes === 200 && load.publishers === 1) ourOwn = ours;
    line(nameOf(load), ours, theirs);
  }
  for (const bytes of [200, 16_384]) {
    const load: LoadCase = { qos: 1, bytes, publishers: 1, subscribers: 1, kept: true };
    const [ours, theirs] = await compare(load, [joulegate, mosquitto]);
    line(`${nameOf(load)}; ours on disk before PUBACK, theirs a snapshot a second`, ours, theirs);
    if (bytes === 200) line('the same, ours against ourselves without kept sessions', ours, ourOwn);
  }
  line('peak of resident memory so far, MB', joulegate.residentMb(), mosquitto.residentMb(), 1);
  const [ours, theirs] = [
    await measureLatency(joulegate, RATE, 2 * DURATION_MS),
    await measureLatency(mosquitto, RATE, 2 * DURATION_MS),
  ];
  line(`latency p50 at ${RATE} messages/s, ms`, ours.p50, theirs.p50, 3);
  line(`latency p99 at ${RATE} messages/s, ms`, ours.p99, theirs.p99, 3);
}
{
  await using joulegate = await startJoulegate(folder.path, true);
  const ours = await measureIdle(joulegate, IDLE_CLIENTS);
  await using mosquitto = await startMosquitto(folder.path, true);
  line(`resident memory with ${IDLE_CLIENTS} idle clients, MB`, ours, await measureIdle(mosquitto, IDLE_CLIENTS), 1);
}
process.stdout.write(
  `${JSON.stringify({ bench: 'broker', node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length, rows })}\n`,
);
