import type { Logger } from '../broker/contract/deps.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';
type Repeated = { readonly level: Level; readonly log: Logger; fields: object; message: string; count: number };

/** Fields that say where a line comes from; lines that differ only in others are repeats. */
const places = ['server', 'where', 'code', 'node', 'topic', 'consumer', 'library'] as const;
/** Kinds of lines that are told apart at a time; beyond it lines pass uncounted. */
const CAPACITY = 2000;
const INTERVAL_MS = 60_000;

export interface QuietLog extends Logger, Disposable {
  /** Says what was held back since the last call, one line for each kind; what was quiet meanwhile is new again. */
  flush(): void;
}

/**
 * A log in which the first line of a kind passes at once and those after it are counted: once a minute the last of them passes
 * with `repeats`, the number of lines it stands for. Lines are of one kind when level, place and sentence agree; numbers in
 * the sentence do not count. Disposing says what is still held back.
 */
export function quietLog(target: Logger): QuietLog {
  const repeated = new Map<string, Repeated>();
  const flush = (): void => {
    for (const [key, { level, log, fields, message, count }] of repeated) {
      if (count === 0) {
        repeated.delete(key);
        continue;
      }
      log[level]({ ...fields, repeats: count }, message);
      repeated.set(key, { level, log, fields, message, count: 0 });
    }
  };
  const write = (log: Logger, bindings: object, level: Level, fields: object, message: string): void => {
    const key = kindOf(level, { ...bindings, ...fields }, message);
    const known = repeated.get(key);
    if (known !== undefined) {
      known.fields = fields;
      known.message = message;
      known.count += 1;
      return;
    }
    if (repeated.size < CAPACITY) repeated.set(key, { level, log, fields, message, count: 0 });
    log[level](fields, message);
  };
  const wrap = (log: Logger, bindings: object): Logger => ({
    debug: (fields, message) => write(log, bindings, 'debug', fields, message),
    info: (fields, message) => write(log, bindings, 'info', fields, message),
    warn: (fields, message) => write(log, bindings, 'warn', fields, message),
    error: (fields, message) => write(log, bindings, 'error', fields, message),
    child: (more) => wrap(log.child(more), { ...bindings, ...more }),
  });
  const timer = setInterval(flush, INTERVAL_MS);
  timer.unref();
  return {
    ...wrap(target, {}),
    flush,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      flush();
    },
  };
}

function kindOf(level: Level, fields: Readonly<Record<string, unknown>>, message: string): string {
  const place = places.map((name) => (typeof fields[name] === 'string' ? fields[name] : ''));
  return [level, ...place, message.replaceAll(/\d+/g, '#')].join('\u0000');
}
