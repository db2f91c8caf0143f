import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { alertOf } from '../../tests/support/api-plant.ts';
import type { RecipientSection } from './config.ts';
import { newsOf, quietUntil, whenToTell } from './decision.ts';

const recipient: RecipientSection = {
  name: 'shift leader',
  mail: ['a@example.com'],
  language: 'zh',
  minimumSeverity: 'medium',
  cleared: true,
  perHour: 3,
};
const zone = 'Asia/Shanghai';
const at = (text: string, inZone = zone): number => DateTime.fromISO(text, { zone: inZone }).toMillis();

describe('what is news', () => {
  const alert = alertOf('a', { severity: 'high', equipment: 'stamping/press-line/press-1' });
  it.each<[string, Parameters<typeof newsOf>, ReturnType<typeof newsOf>]>([
    ['a new alert', [alert, undefined, recipient], 'raised'],
    ['not one more occurrence', [{ ...alert, count: 9 }, { kind: 'raised', severity: 'high' }, recipient], null],
    ['a higher severity', [alert, { kind: 'raised', severity: 'medium' }, recipient], 'raised'],
    ['not a lower one', [{ ...alert, severity: 'medium' }, { kind: 'raised', severity: 'high' }, recipient], null],
    ['its end', [{ ...alert, condition: 'cleared' }, { kind: 'raised', severity: 'high' }, recipient], 'cleared'],
    ['its end once', [{ ...alert, condition: 'cleared' }, { kind: 'cleared', severity: 'high' }, recipient], null],
    ['not the end of what was never told', [{ ...alert, condition: 'cleared' }, undefined, recipient], null],
    ['its return', [alert, { kind: 'cleared', severity: 'high' }, recipient], 'raised'],
    ['nothing below the least severity', [{ ...alert, severity: 'low' }, undefined, recipient], null],
    ['nothing somebody has acknowledged', [{ ...alert, review: 'acknowledged' }, undefined, recipient], null],
    ['what is below a path', [alert, undefined, { ...recipient, equipment: ['stamping/press-line'] }], 'raised'],
    ['not a path that only begins the same', [alert, undefined, { ...recipient, equipment: ['stamping/press'] }], null],
  ])('is %s', (_name, parameters, expected) => {
    expect(newsOf(...parameters)).toBe(expected);
  });

  it('is what belongs to no equipment for everybody', () => {
    const { equipment: _, ...plantWide } = alert;
    expect(newsOf(plantWide, undefined, { ...recipient, equipment: ['x'] })).toBe('raised');
  });
});

describe('quiet hours', () => {
  const night = { from: '22:00', to: '06:00' };
  it.each([
    ['2026-11-23T21:59:59.999', null],
    ['2026-11-23T22:00', '2026-11-24T06:00'],
    ['2026-11-24T00:30', '2026-11-24T06:00'],
    ['2026-11-24T06:00', null],
  ])('over midnight: at %s until %s', (now, end) => {
    expect(quietUntil(at(now), night, zone)).toBe(end === null ? null : at(end));
  });

  it('end at the local time also when the clock changes', () => {
    const berlin = 'Europe/Berlin';
    expect(quietUntil(at('2026-10-24T23:00', berlin), night, berlin)).toBe(at('2026-10-25T06:00', berlin));
  });

  it('that end where they begin are none', () => {
    expect(quietUntil(at('2026-11-24T00:30'), { from: '22:00', to: '22:00' }, zone)).toBeNull();
  });
});

describe('when it is told', () => {
  const now = at('2026-11-24T02:00');
  const quiet = { ...recipient, quietHours: { from: '22:00', to: '06:00', except: 'critical' as const } };
  it('is at once, after the night, or at once for what is worth waking somebody', () => {
    expect(whenToTell('high', recipient, { at: now, zone, sent: [] })).toEqual({ kind: 'now' });
    expect(whenToTell('high', quiet, { at: now, zone, sent: [] })).toEqual({
      kind: 'later',
      at: at('2026-11-24T06:00'),
    });
    expect(whenToTell('critical', quiet, { at: now, zone, sent: [] })).toEqual({ kind: 'now' });
  });

  it('is an hour after the first of too many messages', () => {
    const sent = [now - 3_700_000, now - 3_000_000, now - 2000, now - 1000];
    expect(whenToTell('high', recipient, { at: now, zone, sent })).toEqual({ kind: 'later', at: now + 600_000 });
    expect(whenToTell('high', recipient, { at: now, zone, sent: sent.slice(0, 3) })).toEqual({ kind: 'now' });
  });
});
