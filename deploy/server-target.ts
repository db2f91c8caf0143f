import { dirname, join, resolve } from 'node:path';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import type { SessionTarget } from '../gateway/tools.ts';
import type { CommandContext } from './commands/context.ts';
import type { ServerOptions } from './commands/server-options.ts';
import { resolveReferences } from './config/secrets.ts';
import { openDataDir, serviceDir } from './data-dir.ts';

/** Certificates and pins of the gateway that keeps its data in this folder. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function gatewayPkiDir(dataFolder: string): Promise<string> {
  return join(await serviceDir(await openDataDir(dataFolder), 'gateway'), 'pki');
}

/** Application URI a gateway of this id shows, the one that is in its certificate. */
export const gatewayApplicationUri = (publisherId: string): string => `urn:joulegate:gateway:${publisherId}`;

/**
 * The server a command was told on the command line.
 * @throws JoulegateError USAGE for what is no endpoint, or a password that stands in the command itself.
 */
export async function serverTarget(
  endpoint: string,
  options: ServerOptions,
  context: CommandContext,
): Promise<SessionTarget> {
  const url = URL.parse(endpoint);
  if (!endpoint.startsWith('opc.tcp://') || url === null || url.hostname === '') {
    throw new JoulegateError('USAGE', `"${endpoint}" is no endpoint; write opc.tcp://host:port`);
  }
  const { username, securityMode, securityPolicy, trust, name = serverNameOf(endpoint) } = options;
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) {
    throw new JoulegateError('USAGE', `--name "${name}" may hold letters, digits, . _ and - only, 64 at most`);
  }
  const password = await passwordOf(options.password, context);
  return {
    server: {
      name,
      endpoint,
      securityMode,
      securityPolicy,
      trustServerCertificate: trust,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    },
    pkiDir: await gatewayPkiDir(options.data),
    applicationUri: gatewayApplicationUri('gateway-1'),
  };
}

/** A server name made of host and port. */
export function serverNameOf(endpoint: string): string {
  const url = URL.parse(endpoint);
  const text = `${url?.hostname ?? ''}-${url?.port === '' ? '4840' : (url?.port ?? '')}`;
  return text.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').slice(0, 64);
}

async function passwordOf(reference: string | undefined, context: CommandContext): Promise<string | undefined> {
  if (reference === undefined) return undefined;
  const problems: string[] = [];
  const { password } = (await resolveReferences({ password: reference }, [], {
    env: context.env,
    baseDir: context.cwd,
    onProblem: (_path, message) => problems.push(message),
    onLiteral: () =>
      problems.push('is read by everybody who lists the processes of this machine; use file:PATH or ${ENV}'),
  })) as { password: string };
  if (problems[0] !== undefined) throw new JoulegateError('USAGE', `--password: ${problems[0]}`);
  return password;
}

/** Says how to trust a server that a command may pin; other errors stay as they are. */
export function withTrustHint(error: unknown): unknown {
  if (!(error instanceof JoulegateError) || error.code !== 'CERTIFICATE_UNTRUSTED') return error;
  return new JoulegateError(error.code, `${error.message}, or run this once more with --trust first-use`, {
    cause: error,
  });
}

/**
 * Writes a file for a person, or to standard output where no file is named. An existing file is left alone.
 * @throws JoulegateError USAGE when the file exists and may not be replaced, or cannot be written.
 */
export async function writeResult(
  file: string | undefined,
  text: string,
  { context, force }: { readonly context: CommandContext; readonly force: boolean },
): Promise<void> {
  if (file === undefined) {
    context.stdout.write(text);
    return;
  }
  const { mkdir, writeFile } = await import('node:fs/promises');
  const path = resolve(context.cwd, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: force ? 'w' : 'wx', mode: 0o644 });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new JoulegateError(
      'USAGE',
      exists
        ? `${file} exists already; name another file, or replace it with --force`
        : `${file} cannot be written (${describeError(error)}); name another file`,
      { cause: error },
    );
  }
}
