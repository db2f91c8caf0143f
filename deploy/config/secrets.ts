import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError } from '../../broker/contract/error.ts';
import type { ConfigPath } from './problem.ts';

/** Keys whose value may be `${ENV}` or `file:PATH`; only `secret` ones are hidden in messages. */
const secretKeys = new Set(['password', 'token']);
const fileKeys = new Set([...secretKeys, 'username']);
/** Keys in which `${ENV}` may stand anywhere in the text. */
const addressKeys = new Set(['url', 'endpoint', 'host']);
const wholeReference = /^\$\{([A-Za-z_]\w*)\}$/;
const MAX_SECRET_BYTES = 64 * 1024;

/** Whether values under this key must not be shown. */
export const isSecretKey = (key: string | number | undefined): boolean =>
  typeof key === 'string' && secretKeys.has(key);

export type References = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative `file:` paths start from. */
  readonly baseDir: string;
  readonly onProblem: (path: ConfigPath, message: string) => void;
  /** A secret that stands in the file itself. */
  readonly onLiteral: (path: ConfigPath) => void;
};

/** Replaces the references below `value` by what they stand for and returns the new value; trims what it read. */
export async function resolveReferences(value: unknown, path: ConfigPath, references: References): Promise<unknown> {
  if (typeof value === 'string') return resolveText(value, path, references);
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => resolveReferences(item, [...path, index], references)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await resolveReferences(item, [...path, key], references)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function resolveText(text: string, path: ConfigPath, references: References): Promise<string> {
  const key = path.at(-1);
  if (typeof key !== 'string') return text;
  if (addressKeys.has(key)) {
    return text.replaceAll(
      /\$\{([A-Za-z_]\w*)\}/g,
      (reference, name: string) => fromEnv(name, path, references) ?? reference,
    );
  }
  if (!fileKeys.has(key)) return text;
  const variable = wholeReference.exec(text)?.[1];
  if (variable !== undefined) return fromEnv(variable, path, references) ?? text;
  if (text.startsWith('file:')) return (await fromFile(text.slice('file:'.length), path, references)) ?? text;
  if (secretKeys.has(key)) references.onLiteral(path);
  return text;
}

function fromEnv(name: string, path: ConfigPath, { env, onProblem }: References): string | null {
  const value = env[name]?.trim();
  if (value !== undefined && value !== '') return value;
  onProblem(
    path,
    `environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}; set it, or use file:PATH`,
  );
  return null;
}

async function fromFile(name: string, path: ConfigPath, { baseDir, onProblem }: References): Promise<string | null> {
  const file = resolve(baseDir, name);
  try {
    await using handle = await open(file, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('not a file');
    if (stats.size > MAX_SECRET_BYTES) throw new Error('larger than 64 KiB');
    const value = (await handle.readFile('utf8')).trim();
    if (value !== '') return value;
    onProblem(path, `file ${file} is empty; write the secret into it`);
  } catch (error) {
    onProblem(path, `file ${file} cannot be read (${describeError(error)}); create it with mode 0600 for this user`);
  }
  return null;
}
