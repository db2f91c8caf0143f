import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { influxMissing } from '../support/influxdb.ts';
import { printTable } from '../faults/print-table.ts';
import { measureEmbedded } from './store/embedded.ts';
import { measureInflux, type InfluxRound } from './store/influx.ts';
import { VALUES_PER_ROW } from './store/rows.ts';

const usage = `Measures the embedded store and InfluxDB in one run, in a temporary folder.
  npm run bench:store [-- --objects 1000 --days 365 --rounds 15]
objects: machines; days: of hour and day windows in the embedded store; rounds: of writing to InfluxDB.`;

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '1000' },
    days: { type: 'string', default: '365' },
    rounds: { type: 'string', default: '15' },
    help: { type: 'boolean', default: false },
  },
});
const [objects = 0, days = 0, rounds = 0] = [values.objects, values.days, values.rounds].map(Number);
const whole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
const thousands = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-bench-'));
  try {
    const embedded = await measureEmbedded(folder, { objects, days });
    console.log(
      `embedded: ${thousands(embedded.rows)} rows (${thousands(embedded.rows * VALUES_PER_ROW)} values) of ${objects} machines`,
    );
    printTable(
      ['embedded store', 'figure'],
      [
        ['append, bulk', `${thousands(embedded.bulkRowsPerSecond)} rows/s`],
        ['append, each 5,000 rows synced', `${thousands(embedded.syncedRowsPerSecond)} rows/s`],
        ['flush of 200 rows, synced, p50 / p99', `${ms(embedded.flushP50)} / ${ms(embedded.flushP99)} ms`],
        ['size', `${embedded.bytesPerRow.toFixed(0)} bytes/row`],
        ['retention, a twelfth of the hours', `${thousands(embedded.pruneMs)} ms`],
      ],
    );
    const influx = influxMissing === null ? await measureInflux(folder, { objects, rounds }) : null;
    if (influx === null) console.log(`InfluxDB: ${influxMissing}`);
    else {
      console.log(
        `\nInfluxDB 1.x, ${influx.rounds.length} rounds of ${thousands(influx.points)} points by each way, batches of 5,000; medians`,
      );
      const median = (of: (round: InfluxRound) => number): number => {
        const sorted = influx.rounds.map(of).sort((a, b) => a - b);
        return sorted[Math.floor(sorted.length / 2)] ?? 0;
      };
      const ratio = (way: 'writer' | 'sink'): string => median((round) => round[way] / round.bare).toFixed(2);
      printTable(
        ['way', 'points/s', 'of the bare client in the same round'],
        [
          ['bare HTTP client, ready-made batches', thousands(median(({ bare }) => bare)), '1'],
          ['our client, the same batches', thousands(median(({ writer }) => writer)), ratio('writer')],
          ['rows → lines → durable queue → server', thousands(median(({ sink }) => sink)), ratio('sink')],
        ],
      );
    }
    console.log('');
    printTable(
      ['query', 'embedded p50 / p99 ms', 'InfluxDB p50 / p99 ms'],
      embedded.queries.map(({ query, p50, p99 }, at) => {
        const other = influx?.queries[at];
        return [query, `${ms(p50)} / ${ms(p99)}`, other === undefined ? '–' : `${ms(other.p50)} / ${ms(other.p99)}`];
      }),
    );
    console.log(JSON.stringify({ bench: 'store', node: process.version, objects, days, embedded, influx }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (values.help) process.stdout.write(`${usage}\n`);
else if (whole(objects, 50) && whole(days, 31) && whole(rounds, 1)) await run();
else {
  process.stderr.write(`--objects is at least 50, --days at least 31, --rounds at least 1\n${usage}\n`);
  process.exitCode = 2;
}
