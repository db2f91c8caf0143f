import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = join(import.meta.dirname, '../opcua-source');
const cache = join(import.meta.dirname, '../../../node_modules/.cache/opcua-source');

/**
 * Builds the C server of the benchmarks once and returns its path.
 * @throws Error naming what is missing: cargo (brings the sources), cmake, gcc, and the headers of OpenSSL.
 */
export async function buildSource(): Promise<string> {
  const program = join(cache, 'server');
  if (existsSync(program)) return program;
  try {
    await mkdir(cache, { recursive: true });
    await run('cargo', ['fetch', '--manifest-path', join(here, 'Cargo.toml')], { maxBuffer: 1e8 });
    const registry = join(homedir(), '.cargo/registry/src');
    const [index] = await readdir(registry);
    const sources = join(registry, index ?? '', 'open62541-sys-0.6.6/open62541');
    const build = join(cache, 'build');
    const settings =
      'CMAKE_BUILD_TYPE=Release UA_ENABLE_ENCRYPTION=OPENSSL UA_NAMESPACE_ZERO=REDUCED UA_MULTITHREADING=0';
    const quiet = 'UA_LOGLEVEL=500 UA_FORCE_WERROR=OFF';
    const defines = `${settings} ${quiet}`.split(' ').map((define) => `-D${define}`);
    await run('cmake', ['-S', sources, '-B', build, ...defines], { maxBuffer: 1e8 });
    await run('cmake', ['--build', build, '-j2'], { maxBuffer: 1e8 });
    const include = ['include', 'plugins/include', 'deps', 'arch'].flatMap((folder) => ['-I', join(sources, folder)]);
    const from = [join(here, 'server.c'), join(build, 'bin/libopen62541.a')];
    const libraries = ['-lssl', '-lcrypto', '-lm'];
    await run('gcc', ['-O2', '-I', join(build, 'src_generated'), ...include, ...from, ...libraries, '-o', program]);
    return program;
  } catch (error) {
    throw new Error(
      `the benchmark's OPC UA server cannot be built: ${error instanceof Error ? error.message.slice(0, 400) : String(error)}; it needs cargo, cmake, gcc and libssl-dev`,
      { cause: error },
    );
  }
}

export type Source = Disposable & { readonly endpoint: string };

/** Starts the server on one core: `items` variables that change `hz` times a second. */
export async function startSource(options: {
  readonly program: string;
  readonly port: number;
  readonly items: number;
  readonly hz: number;
  readonly isSecure: boolean;
}): Promise<Source> {
  const child = spawn(
    'taskset',
    [
      '-c',
      '0',
      options.program,
      ...[options.port, options.items, options.hz].map(String),
      options.isSecure ? 'secure' : 'none',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the OPC UA server of the benchmark ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve();
    });
  });
  return {
    endpoint: `opc.tcp://127.0.0.1:${options.port}`,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}
