/**
 * `npm run bench:demo-year [-- --days 365]`: a year of the demo plant through the scoring code, asked over the API, then
 * retention and compaction. Sizes, rows and times as a table and a JSON line.
 */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { windowSizes } from '../../scoring/energy/window.ts';
import { EmbeddedStore } from '../../scoring/store/embedded/embedded-store.ts';
import { printTable } from '../faults/print-table.ts';
import { startDemo } from '../support/demo-process.ts';
import { DAY_MS, quantiles } from './store/rows.ts';

const { values } = parseArgs({ options: { days: { type: 'string', default: '365' } } });
const days = Number(values.days);
const MACHINE = 'body/press-line/press-1';
/** Defaults of `scoring.retention`. */
const KEEP_DAYS = { '1m': 60, '15m': 400, '1h': 3650 } as const;

type Energy = { readonly points?: readonly object[]; readonly windows?: readonly object[] };
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const ms = (value: number): string => `${value.toFixed(1)} ms`;

/** Rows of each table. */
function rowsOf(file: string): Record<string, number> {
  using database = new DatabaseSync(file, { readOnly: true });
  const tables = [...windowSizes.map((size) => `window_${size}`), 'score', 'episode', 'alert', 'revision'];
  return Object.fromEntries(
    tables.map((table) => [table, Number(database.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get()?.['count'])]),
  );
}

async function settle(file: string): Promise<number> {
  using database = new DatabaseSync(file);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return (await stat(file)).size;
}

const begun = performance.now();
await using demo = await startDemo(`${days}d`);
const filled = (performance.now() - begun) / 1000;
const file = join(demo.ready.dataDir, 'scoring', 'joulegate.db');
const now = Date.now();
const range = (length: number): string =>
  new URLSearchParams({
    from: new Date(now - length * DAY_MS).toISOString(),
    to: new Date(now).toISOString(),
  }).toString();
const asked: (readonly [string, string])[] = [
  ['one machine, one month, hourly', `energy?path=${MACHINE}&window=1h&${range(31)}`],
  ['site, the whole time, daily', `energy?path=&window=1d&${range(days)}`],
];
const answers: { query: string; rows: number; p50: number; p99: number }[] = [];
for (const [query, path] of asked) {
  const answer = await demo.get<Energy>(path);
  const rows = Math.max(0, ...Object.values(answer).map((member) => (Array.isArray(member) ? member.length : 0)));
  answers.push({ query, rows, ...(await quantiles(100, () => demo.get(path))) });
}
demo.child.kill('SIGTERM');
await once(demo.child, 'exit');

const before = { bytes: await settle(file), rows: rowsOf(file) };
const siteDays = async (store: EmbeddedStore): Promise<string> =>
  JSON.stringify(await store.series.readSeries({ path: '', window: '1d', from: 0, to: now }));
let pruning = 0;
let same = false;
{
  await using store = EmbeddedStore.open({ file });
  const year = await siteDays(store);
  const start = performance.now();
  const edges = {
    '1m': now - KEEP_DAYS['1m'] * DAY_MS,
    '15m': now - KEEP_DAYS['15m'] * DAY_MS,
    '1h': now - KEEP_DAYS['1h'] * DAY_MS,
  };
  await store.prune(edges);
  pruning = performance.now() - start;
  same = year === (await siteDays(store));
}
const pruned = { bytes: await settle(file), rows: rowsOf(file) };
const compacting = performance.now();
let compacted = pruned.bytes;
let rounds = 0;
for (let last = Number.POSITIVE_INFINITY; compacted < last; rounds += 1) {
  last = compacted;
  await using store = EmbeddedStore.open({ file });
  await store.prune({ '1m': 0, '15m': 0, '1h': 0 });
  compacted = await settle(file);
}
const compactMs = performance.now() - compacting;

printTable(
  ['step', 'file', ...Object.keys(before.rows)],
  [
    [`${days} days filled in ${filled.toFixed(0)} s`, mb(before.bytes), ...Object.values(before.rows)],
    [`retention, ${ms(pruning)}`, mb(pruned.bytes), ...Object.values(pruned.rows)],
    [`compaction, ${rounds} rounds, ${ms(compactMs)}`, mb(compacted), ...Object.values(rowsOf(file))],
  ],
);
console.log(`days of the site are ${same ? 'the same' : 'NOT the same'} after retention`);
printTable(
  ['API query', 'rows', 'p50', 'p99'],
  answers.map(({ query, rows, p50, p99 }) => [query, rows, ms(p50), ms(p99)]),
);
console.log(
  JSON.stringify({ bench: 'demo-year', days, filled, before, pruned, compacted, pruning, compactMs, answers, same }),
);
if (!same) process.exitCode = 1;
process.exit();
