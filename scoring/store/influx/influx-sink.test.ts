import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../broker/contract/deps.ts';
import { influxMissing, startInfluxServer, type InfluxServer } from '../../../tests/support/influxdb.ts';
import type { InfluxSection } from '../../config.ts';
import { batch, MINUTE_MS, PRESS, scoreOf, START, windowOf } from '../metric-store.contract.ts';
import type { MetricSink } from '../metric-store.ts';
import { openInfluxSink, type InfluxSinkOptions } from './influx-sink.ts';
import { tagValue } from './line-batch.ts';
import { LineQueue } from './line-queue.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function freshFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-influx-'));
  folders.push(folder);
  return join(folder, 'queue.db');
}

type LogLine = { readonly level: string; readonly fields: object; readonly message: string };

function collectLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message });
    };
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return { log, lines };
}

type Given = { readonly url: string; readonly file?: string; readonly section?: Partial<InfluxSection> } & Partial<
  Pick<InfluxSinkOptions, 'site' | 'log'>
>;

async function openSink({ url, file, section, ...options }: Given): Promise<MetricSink> {
  return openInfluxSink(
    { url, database: 'plant', queueMegabytes: 16, ...section },
    {
      file: file ?? (await freshFile()),
      now: () => START,
      log: collectLog().log,
      site: 'works',
      enterprise: 'acme',
      retryMs: { first: 20, longest: 100 },
      ...options,
    },
  );
}

const DEADLINE_MS = 15_000;
const LONG_AGO = Date.UTC(2001, 0, 3);

async function until(sink: MetricSink, reached: (status: ReturnType<MetricSink['status']>) => boolean): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; !reached(sink.status());) {
    if (Date.now() > deadline) throw new Error(`not reached: ${JSON.stringify(sink.status())}`);
    await delay(10);
  }
}

const empty = (sink: MetricSink): Promise<void> => until(sink, ({ queued }) => queued === 0);

const minutes = (count: number, from = 0): ReturnType<typeof windowOf>[] =>
  Array.from({ length: count }, (_, at) =>
    windowOf({ start: START - (from + at) * MINUTE_MS, energyKwh: from + at + 1 }),
  );

async function refusedPoints(file: string): Promise<{ at: number; reason: string; point: string }[]> {
  const text = await readFile(`${file}.refused.jsonl`, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { at: number; reason: string; point: string });
}

if (influxMissing !== null) console.warn(`tests against a real InfluxDB are skipped: ${influxMissing}`);

describe.skipIf(influxMissing !== null)('InfluxSink with a real InfluxDB', () => {
  it('creates the database and writes every measurement as SCHEMA.md says', async () => {
    await using server = await startInfluxServer();
    await using sink = await openSink({ url: server.url });
    await sink.write(
      batch({
        windows: [
          windowOf({ energyKwh: 6, idleKwh: 1.5, output: 3, scrap: 1, estimatedKwh: 0.25 }),
          windowOf({ path: '', level: 'site', window: '1d', output: 0 }),
        ],
        scores: [scoreOf({ score: 0.995, alarm: true }), scoreOf({ at: START - 1, score: null, reason: 'learning' })],
      }),
    );
    await empty(sink);
    expect(await server.query('SELECT * FROM energy', 'plant')).toEqual([
      expect.objectContaining({
        time: START,
        site: 'works',
        enterprise: 'acme',
        path: PRESS,
        level: 'equipment',
        window: '1m',
        energy_kwh: 6,
        idle_kwh: 1.5,
        estimated_kwh: 0.25,
        output: 3,
        scrap: 1,
        coverage: 1,
        final: true,
        revision: 0,
      }),
      expect.objectContaining({ path: 'works', level: 'site', window: '1d', output: 0 }),
    ]);
    expect(await server.query('SELECT * FROM energy_per_output', 'plant')).toEqual([
      expect.objectContaining({ time: START, path: PRESS, sec_kwh_per_unit: 2, output: 3, class: 'A' }),
    ]);
    expect(await server.query('SELECT * FROM anomaly', 'plant')).toEqual([
      expect.objectContaining({ time: START, path: PRESS, score: 0.995, alarm: true }),
    ]);
    expect(sink.status()).toEqual({ queued: 0, sent: 5, refused: 0, dropped: 0, error: null });
  });

  it('replaces the point of a row that is written again, also within one batch', async () => {
    await using server = await startInfluxServer();
    await using sink = await openSink({ url: server.url });
    await sink.write(batch({ windows: [windowOf({ energyKwh: 1 }), windowOf({ energyKwh: 2 })] }));
    await empty(sink);
    expect(await energies(server)).toEqual([2]);
    await sink.write(batch({ windows: [windowOf({ energyKwh: 3 })] }));
    await empty(sink);
    expect(await energies(server)).toEqual([3]);
  });

  it('has every point once after an outage that began in the middle', async () => {
    await using server = await startInfluxServer();
    const { log, lines } = collectLog();
    await using sink = await openSink({ url: server.url, log });
    await sink.write(batch({ windows: minutes(100) }));
    await empty(sink);
    await server.stop('SIGKILL');
    for (let flush = 1; flush <= 20; flush += 1) await sink.write(batch({ windows: minutes(100, flush * 100) }));
    await until(sink, ({ error }) => error !== null);
    expect(sink.status()).toMatchObject({
      queued: 4000,
      error: { message: expect.stringContaining('cannot be reached') },
    });
    await server.start();
    await empty(sink);
    expect(sink.status()).toMatchObject({ queued: 0, sent: 4200, refused: 0, dropped: 0, error: null });
    expect((await energies(server)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2100 }, (_, at) => at + 1));
    expect(lines.map(({ message }) => message)).toEqual([
      'InfluxDB does not take points',
      'InfluxDB takes points again',
    ]);
  });

  it('puts one point with a conflicting type aside and writes all others', async () => {
    await using server = await startInfluxServer();
    await server.query('CREATE DATABASE plant');
    await fetch(`${server.url}/write?db=plant&precision=ms`, {
      method: 'POST',
      body: `energy,path=other energy_kwh="text" ${LONG_AGO + MINUTE_MS}`,
    });
    const file = await freshFile();
    await using sink = await openSink({ url: server.url, file });
    const conflict = windowOf({ path: 'poison', start: LONG_AGO });
    await sink.write(batch({ windows: [...minutes(300), conflict, ...minutes(300, 300)] }));
    await empty(sink);
    expect(sink.status()).toMatchObject({ sent: 1201, refused: 1, dropped: 0, error: null });
    expect(await energies(server, `time > ${LONG_AGO + MINUTE_MS}ms`)).toHaveLength(600);
    expect(await refusedPoints(file)).toEqual([
      { at: START, reason: expect.stringContaining('type conflict'), point: expect.stringContaining('path=poison') },
    ]);
  });

  it('puts lines aside that are no line protocol and writes all others', async () => {
    await using server = await startInfluxServer();
    const file = await freshFile();
    const lines = Array.from({ length: 1000 }, (_, at) =>
      at % 400 === 13 ? `poison ${at}` : `energy,path=p energy_kwh=${at} ${START + at}`,
    );
    const queue = LineQueue.open(file, { maxBytes: 1e9, onDamaged: () => undefined });
    queue.push([lines.slice(0, 500), lines.slice(500)]);
    queue.close();
    await using sink = await openSink({ url: server.url, file });
    await empty(sink);
    expect(sink.status()).toMatchObject({ sent: 997, refused: 3, error: null });
    expect(await energies(server)).toHaveLength(997);
    expect((await refusedPoints(file)).map(({ point }) => point)).toEqual(['poison 13', 'poison 413', 'poison 813']);
  });

  it('puts points of an impossible time aside, so that the newest value stays the newest', async () => {
    await using server = await startInfluxServer();
    const file = await freshFile();
    await using sink = await openSink({ url: server.url, file });
    const times = [Date.UTC(2262, 3, 11), START + 2 * 86_400_000, 0, -1, 1e30, Number.NaN];
    await sink.write(batch({ windows: [windowOf(), ...times.map((start) => windowOf({ start }))] }));
    await empty(sink);
    expect(sink.status()).toMatchObject({ sent: 2, refused: times.length });
    expect(await server.query('SELECT LAST(energy_kwh) FROM energy', 'plant')).toEqual([
      expect.objectContaining({ time: START }),
    ]);
    expect(await refusedPoints(file)).toHaveLength(times.length);
  });

  it('loses nothing when its process is killed, and sends nothing twice that shows', async () => {
    await using server = await startInfluxServer();
    const file = await freshFile();
    const program = `
      import { openInfluxSink } from ${JSON.stringify(new URL('influx-sink.ts', import.meta.url).href)};
      const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
      const sink = await openInfluxSink(${JSON.stringify({ url: server.url, database: 'plant', queueMegabytes: 16 })},
        { file: ${JSON.stringify(file)}, now: () => ${START}, log: quiet, site: 'works', enterprise: 'acme' });
      const row = ${JSON.stringify(windowOf())};
      for (let minute = 0; ; minute += 1) {
        await sink.write({ windows: [{ ...row, start: row.start - minute * 60000, energyKwh: minute + 1 }], scores: [] });
        process.stdout.write(minute + '\\n');
        if (minute % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }`;
    const writer = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    for await (const chunk of writer.stdout) {
      text += String(chunk);
      if (text.split('\n').length > 500 && !writer.killed) writer.kill('SIGKILL');
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    const acknowledged = text.split('\n').length - 1;
    await using sink = await openSink({ url: server.url, file });
    await empty(sink);
    const values = (await energies(server)).toSorted((a, b) => a - b);
    expect(values.length).toBeGreaterThanOrEqual(acknowledged);
    expect(values).toEqual(values.map((_, at) => at + 1));
  });

  it('says what to do about a wrong password and sends after it was corrected', async () => {
    await using server = await startInfluxServer({ admin: { username: 'root', password: 'right' } });
    await server.query('CREATE DATABASE plant');
    await server.query("CREATE USER writer WITH PASSWORD 'right'");
    await server.query('GRANT ALL ON plant TO writer');
    const file = await freshFile();
    {
      await using sink = await openSink({ url: server.url, file, section: { username: 'writer', password: 'wrong' } });
      await sink.write(batch({ windows: minutes(5) }));
      await until(sink, ({ error }) => error !== null);
      expect(sink.status()).toMatchObject({
        queued: 10,
        error: {
          message: expect.stringContaining('401'),
          remedy: expect.stringContaining('scoring.influx.username'),
        },
      });
    }
    await using sink = await openSink({ url: server.url, file, section: { username: 'writer', password: 'right' } });
    await empty(sink);
    expect(await energies(server)).toHaveLength(5);
  });

  it('names the command when the database is missing and may not be created', async () => {
    await using server = await startInfluxServer({ admin: { username: 'root', password: 'right' } });
    await server.query("CREATE USER writer WITH PASSWORD 'right'");
    await server.query('CREATE DATABASE other');
    await server.query('GRANT ALL ON other TO writer');
    await using sink = await openSink({ url: server.url, section: { username: 'writer', password: 'right' } });
    await sink.write(batch({ windows: minutes(1) }));
    await until(sink, ({ error }) => error !== null);
    expect(sink.status().error?.remedy).toMatch(/GRANT ALL ON "plant"|CREATE DATABASE "plant"/);
    expect(sink.status()).toMatchObject({ queued: 2, refused: 0 });
  });

  it('makes the database anew when it was dropped', async () => {
    await using server = await startInfluxServer();
    await using sink = await openSink({ url: server.url, section: {} });
    await sink.write(batch({ windows: minutes(1) }));
    await empty(sink);
    await server.query('DROP DATABASE plant');
    await server.stop();
    await sink.write(batch({ windows: minutes(2) }));
    await until(sink, ({ error }) => error !== null);
    await server.start();
    await empty(sink);
    expect(await energies(server)).toHaveLength(2);
  });

  it('counts what is older than the database keeps and goes on', async () => {
    await using server = await startInfluxServer();
    await server.query('CREATE DATABASE plant WITH DURATION 7d');
    const old = minutes(50).map((row) => ({ ...row, start: row.start - 900 * 86_400_000 }));
    const fresh = minutes(50).map((row) => ({ ...row, start: Date.now() - (START - row.start) }));
    await using late = await openInfluxSink(
      { url: server.url, database: 'plant', queueMegabytes: 16 },
      { file: await freshFile(), now: Date.now, log: collectLog().log, site: 'works', enterprise: 'acme' },
    );
    await late.write(batch({ windows: [...old, ...fresh] }));
    await empty(late);
    expect(late.status()).toMatchObject({ sent: 100, refused: 100, error: null });
    expect(await energies(server)).toHaveLength(50);
  });

  it('splits what is larger than the server takes', async () => {
    await using server = await startInfluxServer({ maxBodyBytes: 20_000 });
    await using sink = await openSink({ url: server.url });
    await sink.write(batch({ windows: minutes(500) }));
    await empty(sink);
    expect(sink.status()).toMatchObject({ sent: 1000, refused: 0 });
    expect(await energies(server)).toHaveLength(500);
  });

  it('carries every name as one tag value', async () => {
    await using server = await startInfluxServer();
    const names = [
      'a b,c=d',
      'end\\',
      'a\\,b',
      'a\\ b',
      '"quoted"',
      '压力机 一号',
      "it's",
      'two\nlines',
      '=',
      ' lead',
      '{{7*7}}',
    ];
    await using sink = await openSink({ url: server.url, site: 'works, hall = 1\\' });
    await sink.write(batch({ windows: names.map((path) => windowOf({ path })) }));
    await empty(sink);
    expect(sink.status()).toMatchObject({ refused: 0 });
    const rows = await server.query('SELECT path, site, energy_kwh FROM energy', 'plant');
    expect(rows.map((row) => String(row['path'])).toSorted()).toEqual(names.map(tagValue).toSorted());
    expect(new Set(rows.map((row) => row['site']))).toEqual(new Set(['works, hall = 1%5C']));
    expect(await server.query('SHOW MEASUREMENTS', 'plant')).toEqual([
      { name: 'energy' },
      { name: 'energy_per_output' },
    ]);
  });
});

async function energies(server: InfluxServer, where = 'time > 0'): Promise<number[]> {
  const rows = await server.query(`SELECT energy_kwh FROM energy WHERE ${where}`, 'plant');
  return rows.map((row) => Number(row['energy_kwh']));
}

type Seen = { readonly url: string; readonly authorization: string | undefined; readonly lines: string[] };

/** A server of another generation: `answer` gives the status to each write. */
async function scripted(
  version: string,
  answer: (lines: string[], response: ServerResponse) => number,
): Promise<AsyncDisposable & { url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.setHeader('x-influxdb-version', version);
    if (request.url === '/ping') return void response.writeHead(204).end();
    if (request.url?.includes('/write?') !== true) return void response.writeHead(403).end('{}');
    const lines = body.split('\n');
    seen.push({ url: request.url ?? '', authorization: request.headers.authorization, lines });
    const status = answer(lines, response);
    return void response.writeHead(status).end(status === 204 ? undefined : '{"code":"invalid","message":"no"}');
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

describe('InfluxSink with servers of other generations', () => {
  it('writes to 2.x by organisation, bucket and token', async () => {
    await using server = await scripted('v2.7.1', () => 204);
    await using sink = await openSink({ url: server.url, section: { org: 'acme works', token: 'secret' } });
    await sink.write(batch({ windows: minutes(1) }));
    await empty(sink);
    expect(server.seen).toEqual([
      {
        url: '/api/v2/write?org=acme+works&bucket=plant&precision=ms',
        authorization: 'Token secret',
        lines: [expect.stringMatching(/^energy,/), expect.stringMatching(/^energy_per_output,/)],
      },
    ]);
  });

  it('isolates the lines where the server stores nothing of a batch with a bad one', async () => {
    const stored: string[] = [];
    await using server = await scripted('v2.7.1', (lines) => {
      if (lines.some((line) => line.includes('path=poison'))) return 422;
      stored.push(...lines);
      return 204;
    });
    await using sink = await openSink({ url: server.url, section: { org: 'acme', token: 'secret' } });
    await sink.write(batch({ windows: [...minutes(50), windowOf({ path: 'poison' }), ...minutes(50, 50)] }));
    await empty(sink);
    expect(sink.status()).toMatchObject({ sent: 200, refused: 2, error: null });
    expect(stored).toHaveLength(200);
  });

  it('keeps the points when the server refuses everything without naming a point', async () => {
    await using server = await scripted('v2.7.1', () => 400);
    await using sink = await openSink({ url: server.url, section: { org: 'wrong', token: 'secret' } });
    await sink.write(batch({ windows: minutes(100) }));
    await until(sink, ({ error }) => error !== null);
    expect(sink.status()).toMatchObject({
      queued: 200,
      refused: 20,
      error: { remedy: expect.stringContaining('check scoring.influx url, org and database') },
    });
  });

  it('does not take 201 for an acknowledgement', async () => {
    await using server = await scripted('v3.0.0', (lines) => (lines.length > 1 ? 201 : 204));
    await using sink = await openSink({ url: server.url, section: { token: 'secret' } });
    await sink.write(batch({ windows: minutes(2) }));
    await empty(sink);
    expect(sink.status()).toMatchObject({ sent: 4, refused: 0 });
    expect(server.seen.filter(({ lines }) => lines.length === 1)).toHaveLength(4);
  });

  it('stops in time while a server keeps it waiting, and keeps the points', async () => {
    const file = await freshFile();
    await using server = await scripted('1.8.10', () => 204);
    const held: ServerResponse[] = [];
    const silent = createServer((request, response) => {
      if (request.url === '/ping') response.setHeader('x-influxdb-version', '2.7').writeHead(204).end();
      else held.push(response);
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const sink = await openSink({ url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, file });
    await sink.write(batch({ windows: minutes(3) }));
    await sink[Symbol.asyncDispose]();
    silent.closeAllConnections();
    silent.close();
    await using next = await openSink({ url: server.url, file });
    await empty(next);
    expect(next.status().sent).toBe(6);
  });

  it('starts with an empty queue when the file is damaged, and says so', async () => {
    const file = await freshFile();
    await writeFile(file, 'not a database at all, and long enough to be read as a page'.repeat(100));
    await using server = await scripted('v2.7.1', () => 204);
    const { log, lines } = collectLog();
    await using sink = await openSink({ url: server.url, file, log, section: { token: 'secret' } });
    await sink.write(batch({ windows: minutes(1) }));
    await empty(sink);
    expect(lines).toEqual([
      { level: 'error', fields: expect.objectContaining({ aside: `${file}.damaged` }), message: expect.any(String) },
    ]);
  });

  it('drops the oldest points when the queue is full, and says how many', async () => {
    const { log, lines } = collectLog();
    await using sink = await openSink({ url: 'http://127.0.0.1:9', log, section: { queueMegabytes: 1 } });
    for (let flush = 0; flush < 20; flush += 1) await sink.write(batch({ windows: minutes(300, flush * 300) }));
    const { queued, dropped } = sink.status();
    expect(queued + dropped).toBe(12_000);
    expect(dropped).toBeGreaterThan(0);
    expect(lines.filter(({ message }) => message.includes('dropped'))).toHaveLength(1);
  });

  it('keeps points in memory while its queue cannot be written, and puts them in afterwards', async () => {
    const file = await freshFile();
    const { log, lines } = collectLog();
    await using server = await scripted('v2.7.1', () => 204);
    await using sink = await openSink({ url: server.url, file, log, section: { token: 'secret' } });
    using other = new DatabaseSync(file, { timeout: 5000 });
    other.exec('ALTER TABLE block RENAME TO away');
    await sink.write(batch({ windows: minutes(3) }));
    expect(sink.status()).toMatchObject({ queued: 6, error: { remedy: expect.stringContaining('free disk space') } });
    other.exec('ALTER TABLE away RENAME TO block');
    await sink.write(batch({ windows: minutes(1, 3) }));
    await empty(sink);
    expect(sink.status()).toEqual({ queued: 0, sent: 8, refused: 0, dropped: 0, error: null });
    expect(lines.map(({ message }) => message)).toEqual(['queue for InfluxDB fails']);
  });
});
