import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NO_SUMS } from '../../scoring/energy/figure.ts';
import { windowLengthMs, type EnergyWindow, type WindowSize } from '../../scoring/energy/window.ts';
import { EmbeddedStore } from '../../scoring/store/embedded/embedded-store.ts';

const usage = `Measures the embedded store in a temporary folder.
  node tests/bench/store.bench.ts [--rows 1000000] [--objects 40]`;

const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const BATCH_ROWS = 20_000;

type Measured = { readonly name: string; readonly figure: number; readonly unit: string };

const rowAt = (index: number, { objects, window }: { objects: number; window: WindowSize }): EnergyWindow => {
  const start = START + Math.floor(index / objects) * windowLengthMs[window];
  const object = index % objects;
  const energyKwh = 1 + ((index * 7919) % 1000) / 997;
  return {
    ...NO_SUMS,
    path: `area-${object % 3}/line-${object % 9}/machine-${object}`,
    level: 'equipment',
    window,
    start,
    end: start + windowLengthMs[window],
    state: 'final',
    revision: 0,
    energyKwh,
    idleKwh: energyKwh / 7,
    output: index % 17,
    runMs: windowLengthMs[window],
    coveredMs: windowLengthMs[window],
    expectedMs: windowLengthMs[window],
    worstGapMs: 5000,
  };
};

const write = (store: EmbeddedStore, windows: readonly EnergyWindow[]): Promise<void> =>
  store.write({ windows, scores: [], episodes: [], checkpoints: [] });

async function fill(
  store: EmbeddedStore,
  { rows, objects, window }: { rows: number; objects: number; window: WindowSize },
): Promise<number> {
  let spent = 0;
  for (let at = 0; at < rows; at += BATCH_ROWS) {
    const batch = Array.from({ length: Math.min(BATCH_ROWS, rows - at) }, (_, offset) =>
      rowAt(at + offset, { objects, window }),
    );
    const begun = performance.now();
    await write(store, batch);
    spent += performance.now() - begun;
  }
  return rows / (spent / 1000);
}

async function quantiles(times: number, work: (turn: number) => Promise<unknown>): Promise<[p50: number, p99: number]> {
  const spent: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const begun = performance.now();
    await work(turn);
    spent.push(performance.now() - begun);
  }
  spent.sort((a, b) => a - b);
  return [spent[Math.floor(times * 0.5)] ?? 0, spent[Math.floor(times * 0.99)] ?? 0];
}

async function measure({ rows, objects }: { rows: number; objects: number }): Promise<Measured[]> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-bench-'));
  const measured: Measured[] = [];
  const note = (name: string, figure: number, unit: string): void => {
    measured.push({ name, figure: Number(figure.toPrecision(3)), unit });
  };
  try {
    const file = join(folder, 'store.db');
    await using store = EmbeddedStore.open({ file, bulk: true });
    note('append, bulk', await fill(store, { rows, objects, window: '1m' }), 'rows/s');
    const syncing = performance.now();
    store.endBulk();
    note('end of bulk', performance.now() - syncing, 'ms');
    note('size', (await stat(file)).size / rows, 'bytes/row');
    note('append, synced', await fill(store, { rows: rows / 5, objects, window: '15m' }), 'rows/s');
    await fill(store, { rows: objects * 24 * 60, objects, window: '1h' });
    const span = Math.floor(rows / objects) * windowLengthMs['1m'];
    const live = (turn: number): EnergyWindow[] =>
      Array.from({ length: 200 }, (_, offset) => ({
        ...rowAt(offset, { objects, window: '1m' }),
        start: START + span + turn * windowLengthMs['1m'] + Math.floor(offset / objects) * 60_000,
      }));
    const [flush50, flush99] = await quantiles(200, (turn) => write(store, live(turn)));
    note('flush of 200 rows, synced, p50', flush50, 'ms');
    note('flush of 200 rows, synced, p99', flush99, 'ms');
    const trends = [
      ['1 d of minutes', '1m', DAY_MS, span],
      ['7 d of minutes', '1m', 7 * DAY_MS, span],
      ['30 d of hours', '1h', 30 * DAY_MS, 60 * DAY_MS],
    ] as const;
    for (const [name, window, length, whole] of trends) {
      const [p50, p99] = await quantiles(200, async (turn) => {
        const { path } = rowAt(turn % objects, { objects, window });
        const from = START + Math.floor(((turn * 0.618) % 1) * Math.max(0, whole - length));
        const found = await store.readWindows({ path, window, from, to: from + length });
        if (found.length === 0) throw new Error(`trend of ${path} is empty`);
      });
      note(`trend of one path, ${name}, p50`, p50, 'ms');
      note(`trend of one path, ${name}, p99`, p99, 'ms');
    }
    const pruning = performance.now();
    const before = START + span / 4;
    await store.prune({ '1m': before, '15m': 0, '1h': 0 });
    note('prune of a quarter', performance.now() - pruning, 'ms');
  } finally {
    await rm(folder, { recursive: true });
  }
  return measured;
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    objects: { type: 'string', default: '40' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(`${usage}\n`);
else {
  const rows = Number(values.rows);
  const objects = Number(values.objects);
  if (!(Number.isSafeInteger(rows) && rows > 0 && Number.isSafeInteger(objects) && objects > 0)) {
    process.stderr.write(`--rows and --objects are whole numbers above 0\n${usage}\n`);
    process.exitCode = 2;
  } else {
    const measured = await measure({ rows, objects });
    for (const { name, figure, unit } of measured)
      process.stdout.write(`${name.padEnd(44)} ${figure.toLocaleString('en').padStart(12)} ${unit}\n`);
    const figures = Object.fromEntries(measured.map(({ name, figure, unit }) => [`${name} [${unit}]`, figure]));
    process.stdout.write(`${JSON.stringify({ bench: 'store', node: process.version, rows, objects, figures })}\n`);
  }
}
