import { EquipmentLedger } from '../../scoring/energy/equipment-ledger.ts';
import { createLocalDays } from '../../scoring/energy/local-day.ts';
import { WindowBook } from '../../scoring/energy/window-book.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';

/**
 * Samples per second through the ledger on one core, beside a bare loop over the same samples that only parses and sums.
 * Samples are made before the clock starts and parsed from text inside both loops, as they come off the wire.
 *   npm run bench:energy [-- --machines 1000 --seconds 1200]
 */
const argument = (name: string, fallback: number): number => {
  const index = process.argv.indexOf(`--${name}`);
  return index === -1 ? fallback : Number(process.argv[index + 1]);
};
const machines = argument('machines', 1000);
const plantSeconds = argument('seconds', 1200);
const MINUTE = 60_000;
const start = Date.UTC(2026, 0, 1);
const tags: readonly TagDescription[] = [
  { name: 'Energy', role: 'energy-counter', unit: 'kW.h', modulus: 1e7, ratedMax: 200 },
  { name: 'Good', role: 'output-counter', unit: '{pcs}', boundaryOutput: true, ratedMax: 3600 },
  { name: 'Power', role: 'power', unit: 'kW' },
  { name: 'State', role: 'state', states: { '1': 'run', '2': 'idle' } },
];
const names = tags.map(({ name }) => name);

/** One second of one machine: a value of each of its four tags. */
function textOf(tag: number, machine: number, second: number): string {
  switch (tag) {
    case 0:
      return (machine * 10 + second * 0.0125).toFixed(4);
    case 1:
      return String(Math.floor(second / 7));
    case 2:
      return (45 + ((second * 7) % 11) / 10).toFixed(1);
    default:
      return second % 600 < 500 ? '1' : '2';
  }
}

function openPlant(count: number) {
  const book = new WindowBook(createLocalDays('Asia/Shanghai'));
  const ledgers = Array.from({ length: count }, (_, machine) => {
    const [area, line] = [`area-${machine % 4}`, `area-${machine % 4}/line-${machine % 20}`];
    return new EquipmentLedger(
      tags,
      {
        equipment: book.cursor([{ path: `${line}/machine-${machine}`, level: 'equipment' }]),
        chain: book.cursor([
          { path: line, level: 'line' },
          { path: area, level: 'area' },
          { path: '', level: 'site' },
        ]),
      },
      book,
      { maxGapMs: 5 * MINUTE, onIssue: (issue) => process.stderr.write(`${issue.message}\n`) },
    );
  });
  return { book, ledgers };
}

type Run = { readonly samplesPerSecond: number; readonly ns: number };

/** CPU time of this thread, ns: what the clock says less what other programs on the machine took. */
const cpuNs = (): bigint => {
  const { user, system } = process.threadCpuUsage();
  return BigInt(user + system) * 1000n;
};
const rate = (samples: number, ns: bigint): Run => ({
  samplesPerSecond: Math.round((samples * 1e9) / Number(ns)),
  ns: Number(ns) / samples,
});

/** `everySeconds`: time between two samples of a tag. Windows are taken every plant minute, as a flush does. */
function plantRun(
  everySeconds: number,
  seconds: number,
): { ledger: Run; bare: Run; cpu: Run; heapMb: number[]; rows: number } {
  const { book, ledgers } = openPlant(machines);
  let bareNs = 0n;
  let ledgerNs = 0n;
  let ledgerCpuNs = 0n;
  let samples = 0;
  let rows = 0;
  let sum = 0;
  const heapMb: number[] = [];
  for (let second = 0; second < seconds; second += everySeconds) {
    const at = start + second * 1000;
    // A fresh text for each value, as from a message.
    const texts = ledgers.map((_, machine) => tags.map((_tag, tag) => textOf(tag, machine, second)));
    const bareFrom = process.hrtime.bigint();
    for (const values of texts) for (const text of values) sum += Number(text);
    const from = process.hrtime.bigint();
    bareNs += from - bareFrom;
    const cpuFrom = cpuNs();
    for (let machine = 0; machine < ledgers.length; machine += 1) {
      const values = texts[machine];
      const ledger = ledgers[machine];
      for (let tag = 0; tag < 4; tag += 1) ledger?.sample(names[tag] ?? '', Number(values?.[tag]), at);
    }
    if (second % 60 === 0) {
      rows += book.takeChanged(at - 2 * MINUTE).length;
      book.evict(at);
    }
    ledgerNs += process.hrtime.bigint() - from;
    ledgerCpuNs += cpuNs() - cpuFrom;
    samples += machines * 4;
    if (second % Math.max(everySeconds, Math.floor(seconds / 8)) < everySeconds) {
      globalThis.gc?.();
      heapMb.push(Math.round(process.memoryUsage().heapUsed / 1e6));
    }
  }
  if (!Number.isFinite(sum)) throw new Error('the bare loop has summed nothing');
  return {
    ledger: rate(samples, ledgerNs),
    bare: rate(samples, bareNs),
    cpu: rate(samples, ledgerCpuNs),
    heapMb,
    rows,
  };
}

/** A year of one-minute values of one machine, recomputed from nothing. */
function yearRun(): { seconds: number; cpuSeconds: number; samples: number; kwh: number } {
  const { book, ledgers } = openPlant(1);
  const [ledger] = ledgers;
  const minutes = 365 * 1440;
  let kwh = 0;
  const from = process.hrtime.bigint();
  const cpuFrom = cpuNs();
  for (let minute = 0; minute <= minutes; minute += 1) {
    const at = start + minute * MINUTE;
    ledger?.sample('Energy', minute * 0.75, at);
    ledger?.sample('Good', minute * 8, at);
    if (minute % 60 !== 0) continue;
    for (const row of book.takeChanged(at - MINUTE)) {
      if (row.window === '1d' && row.path === '' && row.state === 'final') kwh += row.energyKwh;
    }
    book.evict(at);
  }
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  return { seconds, cpuSeconds: Number(cpuNs() - cpuFrom) / 1e9, samples: 2 * (minutes + 1), kwh };
}

const thousands = (value: number): string => value.toLocaleString('en-US');
plantRun(10, 300);
const second = plantRun(1, plantSeconds);
const ten = plantRun(10, plantSeconds * 5);
const minute = plantRun(60, plantSeconds * 20);
const year = yearRun();
const table = [
  [
    'samples of each tag every',
    'ledger samples/s',
    'per s of CPU',
    'bare parse+sum/s',
    'ratio',
    'heap MB over the run',
  ],
  ...(
    [
      ['1 s', second],
      ['10 s', ten],
      ['60 s', minute],
    ] as const
  ).map(([name, run]) => [
    name,
    thousands(run.ledger.samplesPerSecond),
    thousands(run.cpu.samplesPerSecond),
    thousands(run.bare.samplesPerSecond),
    (run.ledger.ns / run.bare.ns).toFixed(1),
    run.heapMb.join(' '),
  ]),
];
for (const row of table) process.stdout.write(`${row.map((cell) => cell.padEnd(27)).join('')}\n`);
process.stdout.write(
  `a year of one-minute values of one machine: ${thousands(year.samples)} samples in ${year.seconds.toFixed(2)} s (${year.cpuSeconds.toFixed(2)} s of CPU)\n`,
);
process.stdout.write(
  `${JSON.stringify({ bench: 'energy', machines, node: process.version, second, ten, minute, year })}\n`,
);
