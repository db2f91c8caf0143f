import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { EnergyWindow } from '../../../scoring/energy/window.ts';
import { InfluxSeries } from '../../../scoring/store/influx/influx-series.ts';
import { openInfluxSink } from '../../../scoring/store/influx/influx-sink.ts';
import { InfluxWriter } from '../../../scoring/store/influx/influx-writer.ts';
import { toLines } from '../../../scoring/store/influx/line-batch.ts';
import { quietLog } from '../../support/influx-under-test.ts';
import { startInfluxServer } from '../../support/influxdb.ts';
import { timeQueries, type QueryTimes } from './queries.ts';
import { rowAt, siteDay } from './rows.ts';

const BATCH_LINES = 5000;
const ROWS_A_WRITE = 2000;
const ROWS_A_ROUND = 20_000;
type Sink = Awaited<ReturnType<typeof openInfluxSink>>;
const tags = { site: 'works', enterprise: 'acme' };

/** Points per second. */
export type InfluxRound = { readonly bare: number; readonly writer: number; readonly sink: number };

export type InfluxFigures = {
  /** Of each round and way. */
  readonly points: number;
  readonly rounds: readonly InfluxRound[];
  readonly queries: readonly QueryTimes[];
};

/** Posts ready-made batches one after the other over one connection, as plainly as Node can. */
async function postBare(url: string, bodies: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const body of bodies) {
    await new Promise<void>((resolve, reject) => {
      const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) };
      const post = request(url, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () =>
          answer.statusCode === 204 ? resolve() : reject(new Error(`HTTP ${answer.statusCode}`)),
        );
      });
      post.on('error', reject);
      post.end(body);
    });
  }
  agent.destroy();
}

const seconds = async (work: () => Promise<void>): Promise<number> => {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
};

async function writeAll(sink: Sink, windows: readonly EnergyWindow[]): Promise<void> {
  for (let at = 0; at < windows.length; at += ROWS_A_WRITE) {
    await sink.write({ windows: windows.slice(at, at + ROWS_A_WRITE), scores: [] });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function idle(sink: Sink): Promise<void> {
  while (sink.status().queued > 0) await new Promise((resolve) => setTimeout(resolve, 2));
}

/**
 * Writes the same points in turns, round after round, by a bare client with ready-made bodies, by our writer with the same
 * bodies, and as rows through the durable queue; then times the queries. Turns, so that each way meets the same machine.
 */
export async function measureInflux(
  folder: string,
  { objects, rounds }: { readonly objects: number; readonly rounds: number },
): Promise<InfluxFigures> {
  await using server = await startInfluxServer();
  const now = Date.now();
  const sectionOf = (database: string) => ({ url: server.url, database, queueMegabytes: 4096 });
  const sinkOf = (name: string) =>
    openInfluxSink(sectionOf(name), { file: join(folder, `${name}.db`), log: quietLog, now: () => now, ...tags });
  const measured: InfluxRound[] = [];
  let points = 0;
  {
    await server.query('CREATE DATABASE bare');
    const writer = new InfluxWriter(sectionOf('writer'), () => now);
    await using sink = await sinkOf('sink');
    // The first round warms up and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const rows = Array.from({ length: ROWS_A_ROUND }, (_, at) =>
        rowAt(round * ROWS_A_ROUND + at, { objects, window: '15m' }),
      );
      const { lines } = toLines({ windows: rows, scores: [] }, { ...tags, now });
      const bodies: string[] = [];
      for (let at = 0; at < lines.length; at += BATCH_LINES) bodies.push(lines.slice(at, at + BATCH_LINES).join('\n'));
      points = lines.length;
      const ways = {
        bare: () => postBare(`${server.url}/write?db=bare&precision=ms`, bodies),
        writer: async () => {
          for (const body of bodies) {
            const outcome = await writer.write(body);
            if (outcome.kind !== 'written') throw new Error(`not written: ${JSON.stringify(outcome)}`);
          }
        },
        sink: async () => {
          await writeAll(sink, rows);
          await idle(sink);
        },
      };
      const names = ['bare', 'writer', 'sink'] as const;
      const found = { bare: 0, writer: 0, sink: 0 };
      for (let turn = 0; turn < names.length; turn += 1) {
        const name = names[(round + turn) % names.length] ?? 'bare';
        found[name] = Math.round(lines.length / (await seconds(ways[name])));
      }
      if (round > 0) measured.push(found);
    }
    writer.close();
    const count = (rounds + 1) * ROWS_A_ROUND;
    for (const name of ['bare', 'writer', 'sink']) {
      const [found] = await server.query('SELECT COUNT("revision") AS "rows" FROM "energy"', name);
      if (found?.['rows'] !== count) throw new Error(`${name} holds ${String(found?.['rows'])} of ${count} rows`);
    }
  }
  const queried = await sinkOf('queries');
  const month = Array.from({ length: objects * 31 }, (_, at) => rowAt(at, { objects, window: '1d' }));
  const machines = 50;
  const hours = Array.from({ length: objects * 31 * 24 }, (_, at) => rowAt(at, { objects, window: '1h' })).filter(
    (_, at) => at % objects < machines,
  );
  await writeAll(queried, [...month, ...hours, ...Array.from({ length: 365 }, (_, day) => siteDay(day))]);
  await idle(queried);
  await queried[Symbol.asyncDispose]();
  await using series = new InfluxSeries(sectionOf('queries'), tags);
  const queries = await timeQueries(series, { objects, machines, days: 31, times: 100 });
  return { points, rounds: measured, queries };
}
