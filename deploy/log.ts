import { pino } from 'pino';
import type { Logger } from '../broker/contract/deps.ts';
import type { LogLevel } from './log-level.ts';

/** Where log lines go; `process.stderr` in real life. */
export type LogSink = { write(text: string): unknown };

const secretKeys = ['password', 'token', 'passwordHash', 'authorization', 'cookie', 'privateKey', 'secret'];
const redactPaths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
const levelNames: Readonly<Record<string, string>> = {
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'error',
  60: 'fatal',
};
const standardKeys = new Set(['level', 'time', 'msg', 'name', 'err']);

/**
 * Structured logger on `sink`: JSON lines, or with `format` text one compact line per record for people.
 * Members called password, token and the like are replaced by [secret] down to three levels.
 */
export function createLog(options: {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  readonly sink: LogSink;
  readonly name?: string;
}): Logger {
  const { sink } = options;
  const stream = options.format === 'json' ? sink : { write: (line: string) => sink.write(toText(line)) };
  return pino(
    {
      level: options.level,
      base: options.name === undefined ? {} : { name: options.name },
      redact: { paths: redactPaths, censor: '[secret]' },
    },
    stream,
  );
}

/** One JSON log line as a compact line for people; anything else passes unchanged. */
export function toText(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const time = new Date(Number(entry['time']));
  const clock = Number.isNaN(time.getTime()) ? '--:--:--' : time.toTimeString().slice(0, 8);
  const fields = Object.entries(entry)
    .filter(([key]) => !standardKeys.has(key))
    .map(
      ([key, value]) =>
        `${key}=${typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}`,
    );
  const error = entry['err'] as { message?: unknown } | undefined;
  if (error?.message !== undefined) fields.push(`error=${JSON.stringify(error.message)}`);
  const name = entry['name'] === undefined ? '' : ` ${printable(textOf(entry['name']))}`;
  const parts = [`${clock} ${levelNames[String(entry['level'])] ?? 'info '}${name}`, printable(textOf(entry['msg']))];
  return `${[...parts, ...fields.map(printable)].join('  ')}\n`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Foreign text must not move the cursor or forge a second line. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, '·');
