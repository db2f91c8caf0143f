import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { quietLog, settled } from '../../../tests/support/influx-under-test.ts';
import type { InfluxSection } from '../../config.ts';
import { batch, MINUTE_MS, PRESS, START, windowOf } from '../metric-store.contract.ts';
import { InfluxSeries } from './influx-series.ts';
import { openInfluxSink } from './influx-sink.ts';

type Exchange = {
  readonly request: string;
  readonly authorization: string | undefined;
  readonly encoding: string | undefined;
  readonly body: string;
};
type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
};
type Server = AsyncDisposable & { readonly url: string; readonly seen: Exchange[] };

/** A server that answers as documented; what it was asked is compared word by word. */
async function speak(reply: (exchange: Exchange) => Reply): Promise<Server> {
  const seen: Exchange[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const encoding = request.headers['content-encoding'];
    const exchange = {
      request: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      encoding,
      body: (encoding === 'gzip' ? gunzipSync(raw) : raw).toString(),
    };
    seen.push(exchange);
    const { status, headers = {}, body = '' } = reply(exchange);
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

const tags = { site: 'works', enterprise: 'acme' };
const rows = (count: number): ReturnType<typeof windowOf>[] =>
  Array.from({ length: count }, (_, at) => windowOf({ start: START - at * MINUTE_MS, output: 0 }));

type Outcome = { readonly sent: number; readonly refused: number; readonly put: string };

async function send(section: InfluxSection, windows: ReturnType<typeof windowOf>[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-exchange-'));
  const file = join(folder, 'queue.db');
  const options = { file, log: quietLog, now: () => START, retryMs: { first: 5, longest: 20 }, ...tags };
  try {
    await using sink = await openInfluxSink(section, options);
    await sink.write(batch({ windows }));
    await settled(sink);
    const { sent, refused } = sink.status();
    return { sent, refused, put: await readFile(`${file}.refused.jsonl`, 'utf8').catch(() => '') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const v2 = (url: string): InfluxSection => ({
  url,
  database: 'plant',
  org: 'acme works',
  token: 'secret',
  queueMegabytes: 1,
});

/** 2.x: https://docs.influxdata.com/influxdb/v2/api/ */
const two = (write: (body: string) => Reply): ((exchange: Exchange) => Reply) => {
  let made = false;
  return ({ request, body }) => {
    const version = { 'x-influxdb-version': 'v2.7.11', 'x-influxdb-build': 'OSS' };
    if (request === 'GET /ping') return { status: 204, headers: version };
    if (request.startsWith('GET /api/v2/buckets?'))
      return made
        ? { status: 200, body: { buckets: [{ id: 'b1', orgID: 'o1', name: 'plant' }] } }
        : { status: 200, body: { buckets: [] } };
    if (request.startsWith('GET /api/v2/orgs?'))
      return { status: 200, body: { orgs: [{ id: 'o1', name: 'acme works' }] } };
    if (request === 'POST /api/v2/buckets') {
      made = true;
      return { status: 201, body: { id: 'b1', ...(JSON.parse(body) as object) } };
    }
    if (request.startsWith('GET /api/v2/dbrps?')) return { status: 200, body: { content: [] } };
    if (request === 'POST /api/v2/dbrps') return { status: 201, body: { id: 'd1' } };
    if (request.startsWith('POST /api/v2/write?')) return write(body);
    if (request.startsWith('POST /query')) return { status: 200, body: { results: [{ statement_id: 0 }] } };
    if (request.startsWith('POST /api/v2/delete?')) return { status: 204 };
    return { status: 404, body: { code: 'not found', message: 'path not found' } };
  };
};

describe('exchange with InfluxDB 2.x', () => {
  it('meets the server, makes bucket and mapping, and writes by organisation and token', async () => {
    await using server = await speak(two(() => ({ status: 204 })));
    expect(await send({ ...v2(server.url), retention: '400d' }, rows(1))).toMatchObject({ sent: 1, refused: 0 });
    expect(server.seen.map(({ request }) => request)).toEqual([
      'GET /ping',
      'GET /api/v2/buckets?org=acme+works&name=plant',
      'GET /api/v2/orgs?org=acme+works',
      'POST /api/v2/buckets',
      'GET /api/v2/dbrps?orgID=o1&db=plant',
      'POST /api/v2/dbrps',
      'POST /api/v2/write?org=acme+works&bucket=plant&precision=ms',
    ]);
    expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set(['Token secret']));
    expect(JSON.parse(server.seen[3]?.body ?? '')).toEqual({
      orgID: 'o1',
      name: 'plant',
      retentionRules: [{ type: 'expire', everySeconds: 34_560_000 }],
    });
    expect(JSON.parse(server.seen[5]?.body ?? '')).toEqual({
      orgID: 'o1',
      bucketID: 'b1',
      database: 'plant',
      retention_policy: 'autogen',
      default: true,
    });
    expect(server.seen[6]?.body).toBe(
      `energy,enterprise=acme,level=equipment,path=${PRESS},site=works,window=1m coverage=1,covered_ms=60000,energy_kwh=1.25,estimated_kwh=0,expected_ms=60000,final=T,idle_hours=0,idle_kwh=0.25,output=0,revision=0i,run_hours=${1 / 60},scrap=0 ${START}`,
    );
  });

  it('packs batches when asked to', async () => {
    await using server = await speak(two(() => ({ status: 204 })));
    await send({ ...v2(server.url), gzip: true }, rows(50));
    const write = server.seen.at(-1);
    expect(write?.encoding).toBe('gzip');
    expect(write?.body.split('\n')).toHaveLength(50);
  });

  it('tries lines that the answer names alone, puts them aside and sends the pieces between them', async () => {
    const stored: string[] = [];
    await using server = await speak(
      two((body) => {
        const lines = body.split('\n');
        const bad = lines.flatMap((line, at) => (line.includes(`path=bad`) ? [at + 1] : []));
        if (bad.length > 0) {
          const message = `failed to parse line protocol: errors encountered on line(s): ${bad.map((at) => `line ${at}: bad field`).join(', ')}`;
          return { status: 400, body: { code: 'invalid', message } };
        }
        stored.push(...lines);
        return { status: 204 };
      }),
    );
    const windows = rows(100).map((row, at) => (at === 17 || at === 80 ? { ...row, path: `bad ${at}` } : row));
    const { sent, refused, put } = await send(v2(server.url), windows);
    expect([sent, refused]).toEqual([98, 2]);
    expect(stored).toHaveLength(98);
    expect(
      put
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { point: string }),
    ).toEqual([
      expect.objectContaining({ point: expect.stringContaining('path=bad\\ 17') }),
      expect.objectContaining({ point: expect.stringContaining('path=bad\\ 80') }),
    ]);
    const writes = server.seen.filter(({ request }) => request.startsWith('POST /api/v2/write'));
    expect(writes.map(({ body }) => body.split('\n').length).toSorted((a, b) => a - b)).toEqual([
      1, 1, 17, 19, 62, 100,
    ]);
  });

  it('does not believe a number: a good line that was named wrongly is written', async () => {
    const stored: string[] = [];
    await using server = await speak(
      two((body) => {
        const lines = body.split('\n');
        if (lines.some((line) => line.includes('path=bad')))
          return { status: 400, body: { code: 'invalid', line: 1, message: 'line 1: bad field' } };
        stored.push(...lines);
        return { status: 204 };
      }),
    );
    const windows = rows(20).map((row, at) => (at === 7 ? { ...row, path: 'bad' } : row));
    expect(await send(v2(server.url), windows)).toMatchObject({ sent: 19, refused: 1 });
    expect(stored).toHaveLength(19);
  });

  it('waits as long as Retry-After says', async () => {
    const at: number[] = [];
    await using server = await speak(
      two(() => {
        at.push(performance.now());
        return at.length === 1 ? { status: 503, headers: { 'retry-after': '1' } } : { status: 204 };
      }),
    );
    expect(await send(v2(server.url), rows(1))).toMatchObject({ sent: 1 });
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('reads in InfluxQL and deletes by its own endpoint', async () => {
    await using server = await speak(two(() => ({ status: 204 })));
    await using series = new InfluxSeries(v2(server.url), tags);
    await series.readSeries({ path: `x' OR '1'='1`, window: '1h', from: START, to: START + 1, every: 60_000 });
    await series.deleteBefore({ '1m': START, '15m': START, '1h': START });
    const [query] = server.seen.filter(({ request }) => request === 'POST /query');
    expect(new URLSearchParams(query?.body).get('q')).toMatch(
      /FROM "energy" WHERE "site" = 'works' AND "enterprise" = 'acme' AND "path" = 'x\\' OR \\'1\\'=\\'1' AND/,
    );
    const [deletion] = server.seen.filter(({ request }) => request.startsWith('POST /api/v2/delete'));
    expect(deletion?.request).toBe('POST /api/v2/delete?org=acme+works&bucket=plant');
    expect(JSON.parse(deletion?.body ?? '')).toEqual({
      start: '1970-01-01T00:00:00Z',
      stop: new Date(START - 1).toISOString(),
      predicate: '_measurement="energy" AND window="1m" AND site="works"',
    });
  });
});

const v3 = (url: string): InfluxSection => ({ url, database: 'plant', token: 'apiv3_secret', queueMegabytes: 1 });

/** 3: https://docs.influxdata.com/influxdb3/core/api/ */
const three = (write: (body: string) => Reply): ((exchange: Exchange) => Reply) => {
  let made = false;
  return ({ request, body }) => {
    if (request === 'GET /ping') return { status: 200, body: { version: '3.4.1', revision: 'abc', process_id: 'p' } };
    if (request === 'POST /api/v3/configure/database') {
      if (made) return { status: 409, body: { error: 'the database already exists' } };
      made = true;
      return { status: 200 };
    }
    if (request.startsWith('POST /api/v2/write?')) return write(body);
    if (request.startsWith('POST /query'))
      return {
        status: 200,
        body: {
          results: [
            {
              statement_id: 0,
              series: [{ name: 'energy', columns: ['time', 'energy_kwh', 'revision'], values: [[START, 2.5, 0]] }],
            },
          ],
        },
      };
    return { status: 404 };
  };
};

describe('exchange with InfluxDB 3', () => {
  it('meets the server, makes the database and writes with the token', async () => {
    await using server = await speak(three(() => ({ status: 204 })));
    expect(await send({ ...v3(server.url), retention: '30d' }, rows(2))).toMatchObject({ sent: 2, refused: 0 });
    await send(v3(server.url), rows(1));
    expect(server.seen.map(({ request }) => request)).toEqual([
      'GET /ping',
      'POST /api/v3/configure/database',
      'POST /api/v2/write?org=&bucket=plant&precision=ms',
      'GET /ping',
      'POST /api/v3/configure/database',
      'POST /api/v2/write?org=&bucket=plant&precision=ms',
    ]);
    expect(JSON.parse(server.seen[1]?.body ?? '')).toEqual({ db: 'plant', retention_period: '2592000s' });
    expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set(['Token apiv3_secret']));
  });

  it('takes the line numbers of a partial write', async () => {
    const stored = new Set<string>();
    await using server = await speak(
      three((body) => {
        const lines = body.split('\n');
        const bad = lines.flatMap((line, at) => (line.includes('path=bad') ? [{ line, at }] : []));
        for (const line of lines) if (!line.includes('path=bad')) stored.add(line);
        if (bad.length === 0) return { status: 204 };
        return {
          status: 400,
          body: {
            error: 'partial write of line protocol occurred',
            data: bad.map(({ line, at }) => ({
              original_line: line,
              line_number: at + 1,
              error_message: 'invalid column type for column energy_kwh',
            })),
          },
        };
      }),
    );
    const windows = rows(40).map((row, at) => (at % 20 === 5 ? { ...row, path: `bad-${at}` } : row));
    expect(await send(v3(server.url), windows)).toMatchObject({ sent: 38, refused: 2 });
    expect(stored.size).toBe(38);
  });

  it('reads in InfluxQL, and says how to delete', async () => {
    await using server = await speak(three(() => ({ status: 204 })));
    await using series = new InfluxSeries(v3(server.url), tags);
    const points = await series.readSeries({ path: PRESS, window: '1h', from: START, to: START + 1 });
    expect(points).toEqual([expect.objectContaining({ start: START, energyKwh: 2.5, windows: 1, output: null })]);
    await expect(series.deleteBefore({ '1m': 0, '15m': 0, '1h': 0 })).rejects.toThrow(/--retention-period/);
  });
});
