import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from './stack.ts';
import { freePort } from './free-port.ts';

export type Mosquitto = AsyncDisposable & { readonly port: number; readonly kill: () => Promise<void> };

/** Debian's mosquitto with these lines of configuration, on a free or given port; `listener` is written here. */
export async function startMosquitto(options: {
  readonly folder: string;
  readonly lines: readonly string[];
  readonly port?: number;
}): Promise<Mosquitto> {
  const port = options.port ?? (await freePort());
  const at = (name: string): string => join(options.folder, `mosquitto-${port}-${name}`);
  mkdirSync(at('data'), { recursive: true });
  const lines = [
    `listener ${port} 127.0.0.1`,
    'user root',
    'log_type error',
    'persistence true',
    `persistence_location ${at('data')}/`,
    ...options.lines,
  ];
  writeFileSync(at('conf'), `${lines.join('\n')}\n`);
  // Debian puts it beside the daemons, which are not on everybody's path.
  const child = spawn('mosquitto', ['-c', at('conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const gone = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  await eventually(`mosquitto: ${said}`, async () => {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}: ${said}`);
    return await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
  };
  return { port, kill, [Symbol.asyncDispose]: kill };
}
