import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { startLineProcess } from './line-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = fileURLToPath(new URL('./asyncua/server.py', import.meta.url));
const venv = resolve(root, process.env['JOULEGATE_ASYNCUA_VENV'] ?? '.cache/asyncua-venv');
const python = join(venv, 'bin', 'python');

/** What to run where the tests against asyncua say that they were skipped. */
export const asyncuaInstall =
  'python3 -m venv .cache/asyncua-venv && .cache/asyncua-venv/bin/pip install -r tests/support/asyncua/requirements.txt';

/** Whether asyncua is installed; says how to install it when it is not, so that a skipped test explains itself. */
export function hasAsyncua(): boolean {
  const found = existsSync(python);
  if (!found) console.warn(`skipped: no Python environment with asyncua at ${venv}; ${asyncuaInstall}`);
  return found;
}

export const asyncuaPolicies = [
  'None/None',
  'Basic256Sha256/Sign',
  'Basic256Sha256/SignAndEncrypt',
  'Aes128_Sha256_RsaOaep/Sign',
  'Aes128_Sha256_RsaOaep/SignAndEncrypt',
  'Aes256_Sha256_RsaPss/Sign',
  'Aes256_Sha256_RsaPss/SignAndEncrypt',
] as const;
export type AsyncuaPolicy = (typeof asyncuaPolicies)[number];

/** A namespace and the value its node `Twin` has, the same identifier in every namespace. */
export type AsyncuaNamespace = { readonly uri: string; readonly twin?: number };

export type AsyncuaOptions = {
  /** Default: a free one. */
  readonly port?: number;
  /** In the order of their indexes from 2 on; the first one has all nodes but `Twin`, which is in each. */
  readonly namespaces?: readonly AsyncuaNamespace[];
  readonly policies?: readonly AsyncuaPolicy[];
  /** Default true. */
  readonly anonymous?: boolean;
  /** Password by user name. */
  readonly users?: Readonly<Record<string, string>>;
  /** Names of users that sign in with a certificate, which is made for them. */
  readonly certificateUsers?: readonly string[];
  /** Adds `Scalar…`, `Array…`, `MatrixDouble`, `Mode` (enumeration) and `Recipe` (structure). */
  readonly dataTypes?: boolean;
  /** Lets `emit` raise alarms at node `Plant`. */
  readonly events?: boolean;
  /** Historizes `Sine` in memory. */
  readonly history?: boolean;
  /** Nodes `Counter0`… with a value that rises by one per interval. */
  readonly counters?: { readonly count: number; readonly intervalMs: number };
  /** JSON lines `{t, v}` with source time (epoch ms) and value of every change of the counters; goes on where it ended. */
  readonly recordFile?: string;
  /** The server's clock is wrong by this. */
  readonly clockOffsetMs?: number;
  /** Further endpoint descriptions, of policies nobody knows. */
  readonly extraEndpoints?: number;
};

export type UserFiles = { readonly certificate: string; readonly privateKey: string };

/** An OPC UA server that is not node-opcua, in a process of its own. */
export interface AsyncuaServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  /** Files of the certificate users. */
  readonly userFiles: Readonly<Record<string, UserFiles>>;
  /** Sets a node; 64-bit integers as text, byte strings as hex. Resolves with the source time, epoch ms. */
  set(
    node: string,
    type: string,
    value: unknown,
    more?: { readonly status?: number; readonly at?: number },
  ): Promise<number>;
  /** Raises an alarm at `Plant`. */
  emit(message: string, severity: number): Promise<void>;
  /** Sessions of clients that are open now. */
  sessions(): Promise<number>;
  /** Drops all subscriptions of all sessions, as some servers do. */
  forgetSubscriptions(): Promise<number>;
  setClockOffset(offsetMs: number): Promise<void>;
  /** Stops, waits and starts again with other options on the same port, in the same process. */
  restart(options: AsyncuaOptions, afterMs?: number): Promise<void>;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

export const ASYNCUA_NAMESPACE = 'urn:joulegate:test:plant';

/** Starts the server and waits until it listens. @throws Error with what Python says. */
export async function startAsyncuaServer(options: AsyncuaOptions = {}): Promise<AsyncuaServer> {
  await using opening = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'joulegate-asyncua-'));
  opening.defer(() => rm(dataDir, { recursive: true, force: true }));
  const port = options.port ?? (await freePort());
  const full = { namespaces: [{ uri: ASYNCUA_NAMESPACE, twin: 1 }], ...options, port, dataDir };
  const child = opening.use(await startLineProcess(python, [script, JSON.stringify(full)]));
  const resources = opening.move();
  return {
    endpoint: `opc.tcp://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    userFiles: (child.ready['userFiles'] ?? {}) as Record<string, UserFiles>,
    set: (node, type, value, more = {}) => child.ask<number>({ do: 'set', node, type, value, ...more }),
    emit: async (message, severity) => void (await child.ask({ do: 'emit', message, severity })),
    sessions: () => child.ask<number>({ do: 'sessions' }),
    forgetSubscriptions: () => child.ask<number>({ do: 'forget-subscriptions' }),
    setClockOffset: async (offsetMs) => void (await child.ask({ do: 'clock', offsetMs })),
    restart: async (next, afterMs = 0) => void (await child.ask({ do: 'restart', options: next, afterMs })),
    kill: () => child.kill(),
    signal: (name) => child.signal(name),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
