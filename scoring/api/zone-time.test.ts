import { describe, expect, it } from 'vitest';
import { nearestPath } from './nearest-path.ts';
import { languageOf } from './plugins/problem.ts';
import { createZoneTime } from './zone-time.ts';

describe('instants of a time zone', () => {
  it('carry the offset of their own moment, over a change of the clock', () => {
    const { toIso } = createZoneTime('Europe/Berlin');
    expect(toIso(Date.UTC(2026, 9, 25, 0, 59, 59))).toBe('2026-10-25T02:59:59+02:00');
    expect(toIso(Date.UTC(2026, 9, 25, 1, 0, 0))).toBe('2026-10-25T02:00:00+01:00');
  });

  it('are right where the clock changes at half an hour', () => {
    const { toIso } = createZoneTime('Australia/Lord_Howe');
    expect(toIso(Date.UTC(2026, 9, 3, 15, 29, 59))).toBe('2026-10-04T01:59:59+10:30');
    expect(toIso(Date.UTC(2026, 9, 3, 15, 30, 0))).toBe('2026-10-04T02:30:00+11:00');
  });

  it('come back as the same instant', () => {
    const { toIso, parse } = createZoneTime('Asia/Shanghai');
    for (const at of [0, 1_700_000_000_123, Date.UTC(1988, 6, 1)]) expect(parse(toIso(at))).toBe(at);
  });

  it('of a day without clock change are whole local days apart', () => {
    const berlin = createZoneTime('Europe/Berlin');
    const noon = berlin.parse('2026-10-26T12:00:00+01:00') ?? 0;
    expect(berlin.toIso(berlin.daysBefore(noon, 1))).toBe('2026-10-25T12:00:00+01:00');
    expect(berlin.toIso(berlin.daysBefore(noon, 2))).toBe('2026-10-24T12:00:00+02:00');
  });

  it.each([
    'now',
    '',
    '2026',
    '2026-11',
    '2026-02-30',
    '2026-11-23T25:00Z',
    '2026-11-23T08:00:00',
    '-1',
    '1e30',
    '2026-W40',
  ])('are not read from %j', (text) => {
    expect(createZoneTime('Asia/Shanghai').parse(text)).toBeNull();
  });
});

describe('the nearest path', () => {
  const paths = ['', 'stamping', 'stamping/line/press-1', 'stamping/line/press-2', 'smt/line/oven'];

  it.each([
    ['stamping/line/pres-2', 'stamping/line/press-2'],
    ['stampin', 'stamping'],
    ['STAMPING', 'stamping'],
    ['', 'stamping'],
  ])('of %j is %j', (path, nearest) => {
    expect(nearestPath(path, paths.slice(0, path === '' ? 2 : undefined))).toBe(nearest);
  });

  it('is not looked for when the text is absurdly long, or there is none', () => {
    expect(nearestPath('x'.repeat(10_000), paths)).toBeNull();
    expect(nearestPath('x', [''])).toBeNull();
  });
});

describe('the language of an answer', () => {
  it.each([
    [undefined, 'en'],
    ['zh', 'zh'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en-US,en;q=0.9,zh;q=0.8', 'en'],
    ['fr', 'en'],
    [';;;q=,,zh;q=x', 'zh'],
    [';;;q=,,', 'en'],
  ] as const)('for %j is %s', (header, language) => {
    expect(languageOf(header)).toBe(language);
  });
});
