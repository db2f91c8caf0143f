import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { setPassword } from '../../../broker/main.ts';
import { freePort } from '../../support/free-port.ts';

/** A broker under test, in a process of its own, with password file and permissions. */
export type Contender = AsyncDisposable & {
  readonly name: 'joulegate' | 'mosquitto';
  readonly port: number;
  readonly residentMb: () => number;
};

export const BENCH_USER = 'bench';
export const BENCH_PASSWORD = 'bench-password-0123456789';

/** The built command: types stripped at run time would count as memory of the broker. */
const START_DIST = "import('./dist/deploy/cli.js').then(({ main }) => main(process.argv.slice(1)))";

/** Our broker from `dist`, as shipped: users, permissions, frame guard and limits on, bounds raised to what the cases need. */
export async function startJoulegate(folder: string, persistence: boolean): Promise<Contender> {
  const port = await freePort();
  const data = join(folder, `joulegate-${port}`);
  mkdirSync(join(data, 'broker'), { recursive: true, mode: 0o700 });
  await setPassword(
    join(data, 'broker'),
    { username: BENCH_USER, role: 'device', publish: ['bench/#'], subscribe: ['bench/#'], wildcards: true },
    BENCH_PASSWORD,
  );
  const plant = join(data, 'plant.yaml');
  writeFileSync(
    plant,
    JSON.stringify({
      plant: { enterprise: 'bench', site: 'bench' },
      broker: {
        port,
        persistence,
        limits: {
          maxConnections: 5000,
          maxConnectionsPerAddress: 5000,
          connectionsPerSecond: 5000,
          maxBufferedBytes: 67_108_864,
          maxQueuedBytes: 134_217_728,
          maxInflight: 1000,
        },
      },
    }),
  );
  const child = spawn(
    process.execPath,
    ['-e', START_DIST, 'broker', '--config', plant, '--data', data, '--log-level', 'error'],
    // As the systemd unit has it.
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, MALLOC_ARENA_MAX: '1' } },
  );
  return contender('joulegate', child, port);
}

/** Debian's mosquitto with password file and permission file; no bound on its queues. */
export async function startMosquitto(folder: string, persistence: boolean): Promise<Contender> {
  const port = await freePort();
  const at = (name: string): string => join(folder, `mosquitto-${port}-${name}`);
  spawnSync('mosquitto_passwd', ['-b', '-c', at('passwd'), BENCH_USER, BENCH_PASSWORD]);
  writeFileSync(at('acl'), `user ${BENCH_USER}\ntopic readwrite bench/#\n`);
  mkdirSync(at('data'));
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    'user root',
    `password_file ${at('passwd')}`,
    `acl_file ${at('acl')}`,
    'set_tcp_nodelay true',
    'max_inflight_messages 1000',
    'max_queued_messages 0',
    'log_type error',
    ...(persistence ? ['persistence true', `persistence_location ${at('data')}/`, 'autosave_interval 1'] : []),
  ];
  writeFileSync(at('conf'), `${lines.join('\n')}\n`);
  const child = spawn('/usr/sbin/mosquitto', ['-c', at('conf')], { stdio: ['ignore', 'ignore', 'ignore'] });
  return contender('mosquitto', child, port);
}

async function contender(name: Contender['name'], child: ChildProcess, port: number): Promise<Contender> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await listening(port, child);
  return {
    name,
    port,
    residentMb: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`broker ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await wait(50);
  }
  throw new Error('broker does not listen');
}
