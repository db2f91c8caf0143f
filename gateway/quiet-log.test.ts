import { describe, expect, it } from 'vitest';
import { recordingLog } from '../tests/support/stack.ts';
import { quietLog } from './quiet-log.ts';

describe('a log that holds repeats back', () => {
  it('passes the first line of a kind and says the rest as a number', () => {
    const target = recordingLog();
    using log = quietLog(target);
    for (let tries = 1; tries <= 5; tries += 1) log.warn({ server: 'press', tries }, 'server does not answer');
    expect(target.lines).toEqual([
      { level: 'warn', fields: { server: 'press', tries: 1 }, message: 'server does not answer' },
    ]);
    log.flush();
    expect(target.lines.slice(1)).toEqual([
      { level: 'warn', fields: { server: 'press', tries: 5, repeats: 4 }, message: 'server does not answer' },
    ]);
  });

  it('tells connections, nodes and levels apart', () => {
    const target = recordingLog();
    using log = quietLog(target);
    log.warn({ server: 'press' }, 'lost');
    log.warn({ server: 'paint' }, 'lost');
    log.error({ server: 'press' }, 'lost');
    log.warn({ server: 'press', where: 'line/press/power' }, 'lost');
    expect(target.lines).toHaveLength(4);
  });

  it('takes sentences that differ only in their numbers for the same', () => {
    const target = recordingLog();
    using log = quietLog(target);
    log.info({ library: 'node-opcua' }, 'channel 17 renewed after 3600 s');
    log.info({ library: 'node-opcua' }, 'channel 18 renewed after 3599 s');
    expect(target.lines).toHaveLength(1);
  });

  it('passes a line at once again after a quiet minute', () => {
    const target = recordingLog();
    using log = quietLog(target);
    log.warn({}, 'lost');
    log.flush();
    log.warn({}, 'lost');
    expect(target.lines.map(({ fields }) => fields)).toEqual([{}, {}]);
  });

  it('says what is held back when it ends, and shares its memory with its children', () => {
    const target = recordingLog();
    const log = quietLog(target);
    const child = log.child({ server: 'press' });
    child.warn({}, 'lost');
    child.warn({}, 'lost');
    log.child({ server: 'paint' }).warn({}, 'lost');
    expect(target.lines).toHaveLength(2);
    log[Symbol.dispose]();
    expect(target.lines.at(-1)).toEqual({ level: 'warn', fields: { repeats: 1 }, message: 'lost' });
  });

  it('keeps a bounded memory: kinds beyond it pass as they are', () => {
    const target = recordingLog();
    using log = quietLog(target);
    const letters = (index: number) =>
      index.toString(36).replaceAll(/\d/g, (digit) => 'ABCDEFGHIJ'[Number(digit)] ?? '');
    for (let index = 0; index < 2500; index += 1) log.warn({ where: letters(index) }, 'lost');
    log.warn({ where: letters(2400) }, 'lost');
    expect(target.lines).toHaveLength(2501);
  });
});
