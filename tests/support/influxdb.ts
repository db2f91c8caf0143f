import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const INFLUXD = ['/usr/bin/influxd', '/usr/sbin/influxd', '/usr/local/bin/influxd'].find((file) => existsSync(file));

/** Why tests against a real InfluxDB cannot run here, or null when they can. */
export const influxMissing: string | null =
  INFLUXD === undefined ? 'no influxd found; install it with: apt-get install influxdb' : null;

export type InfluxRow = Readonly<Record<string, string | number | boolean | null>>;

/** A real InfluxDB 1.x on private ports and a temporary folder. */
export interface InfluxServer extends AsyncDisposable {
  readonly url: string;
  /** Rows of an InfluxQL answer, tags of GROUP BY included; throws what the server says is wrong. */
  query(text: string, database?: string): Promise<InfluxRow[]>;
  /** SIGKILL or SIGTERM; data and port stay for `start`. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
}

export type InfluxServerOptions = {
  /** Signing in is required; the first user is an administrator with these credentials. */
  readonly admin?: { readonly username: string; readonly password: string };
  /** Largest request body in bytes. */
  readonly maxBodyBytes?: number;
};

/** Starts influxd and waits until it answers. Disposing stops it and removes its folder. */
export async function startInfluxServer(options: InfluxServerOptions = {}): Promise<InfluxServer> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-influxd-'));
  await mkdir(join(folder, 'home'));
  const port = await freePort();
  const config = join(folder, 'influxdb.conf');
  await writeFile(config, configText({ folder, port, rpcPort: await freePort(), ...options }));
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const { admin } = options;
    const authorization =
      admin === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}` };
    return fetch(new URL(path, url), { ...init, headers: { ...authorization }, signal: AbortSignal.timeout(5000) });
  };
  const start = async (): Promise<void> => {
    const log: string[] = [];
    const started = spawn(INFLUXD ?? '', ['-config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { HOME: join(folder, 'home'), PATH: process.env['PATH'] },
    });
    started.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    child = started;
    for (const deadline = Date.now() + 20_000; ;) {
      const up = await ask('/ping').then(
        (answer) => answer.ok,
        () => false,
      );
      if (up) return;
      if (started.exitCode !== null || Date.now() > deadline) throw new Error(`influxd did not start: ${log.join('')}`);
      await delay(50);
    }
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  };
  const query = async (text: string, database = ''): Promise<InfluxRow[]> => {
    const parameters = new URLSearchParams({ q: text, db: database, epoch: 'ms' });
    const answer = await ask(`/query?${parameters.toString()}`, { method: 'POST' });
    return rowsOf((await answer.json()) as QueryAnswer);
  };
  await start();
  if (options.admin !== undefined) {
    const { username, password } = options.admin;
    await query(`CREATE USER "${username}" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`);
  }
  return {
    url,
    query,
    stop,
    start,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type QueryAnswer = {
  readonly error?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly tags?: InfluxRow;
      readonly columns: readonly string[];
      readonly values: readonly (readonly InfluxRow[string][])[];
    }[];
  }[];
};

function rowsOf(answer: QueryAnswer): InfluxRow[] {
  const wrong = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error;
  if (wrong !== undefined) throw new Error(wrong);
  return (answer.results ?? []).flatMap((result) =>
    (result.series ?? []).flatMap(({ tags, columns, values }) =>
      values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])) })),
    ),
  );
}

function configText(options: {
  readonly folder: string;
  readonly port: number;
  readonly rpcPort: number;
  readonly admin?: object;
  readonly maxBodyBytes?: number;
}): string {
  const { folder, port, rpcPort, admin, maxBodyBytes = 25_000_000 } = options;
  return `reporting-enabled = false
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = ${admin !== undefined}
  log-enabled = false
  max-body-size = ${maxBodyBytes}
[logging]
  level = "warn"
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
