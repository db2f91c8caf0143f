import { describe, expect, it } from 'vitest';
import { createLog, toText } from './log.ts';

function logged(format: 'json' | 'text', write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  write(createLog({ level: 'info', format, name: 'gateway', sink: { write: (line) => (text += line) } }));
  return text;
}

describe('a log line', () => {
  it('hides secrets, also inside', () => {
    const text = logged('json', (log) =>
      log.info({ password: 'a1', mqtt: { token: 'b2' }, x: { y: { password: 'c3' } } }, 'm'),
    );
    expect(text).not.toMatch(/a1|b2|c3/);
  });

  it('is one compact line for people, whatever the fields hold', () => {
    const text = logged('text', (log) =>
      log.child({ endpoint: 'opc.tcp://x' }).warn({ name2: 'a\nb\u001B[2J' }, 'endpoint is lost'),
    );
    expect(text).toMatch(
      /^\d\d:\d\d:\d\d warn {2}gateway {2}endpoint is lost {2}endpoint=opc\.tcp:\/\/x {2}name2=.*\n$/,
    );
    expect(text.trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  it('that is no JSON passes unchanged', () => {
    expect(toText('plain text')).toBe('plain text');
  });
});
