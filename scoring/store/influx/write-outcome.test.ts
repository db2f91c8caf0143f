import { describe, expect, it } from 'vitest';
import { judge, type WriteOutcome } from './write-outcome.ts';

const NOW = Date.UTC(2026, 10, 23);
const section = { url: 'http://influx:8086', database: 'plant', queueMegabytes: 1, username: 'writer' };

const cases: readonly (readonly [
  name: string,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
  outcome: Partial<Record<string, unknown>> & { readonly kind: WriteOutcome['kind'] },
])[] = [
  ['204 acknowledges', 204, '', {}, { kind: 'written' }],
  ['200 does not', 200, '', {}, { kind: 'later' }],
  ['201 means in part', 201, '', {}, { kind: 'refused', scope: 'line' }],
  [
    'a line that cannot be parsed',
    400,
    `{"error":"unable to parse 'x': missing fields"}`,
    {},
    { kind: 'refused', scope: 'line', points: null },
  ],
  [
    'a conflicting type',
    400,
    '{"error":"partial write: field type conflict: input field \\"v\\" dropped=3"}',
    {},
    { kind: 'refused', scope: 'line', points: 3 },
  ],
  [
    'points older than the database keeps',
    400,
    '{"error":"partial write: points beyond retention policy dropped=7"}',
    {},
    { kind: 'expired', points: 7 },
  ],
  ['a request that is wrong as a whole', 400, '{"message":"org not given"}', {}, { kind: 'refused', scope: 'unknown' }],
  ['422 of 2.x', 422, '{"code":"unprocessable entity"}', {}, { kind: 'refused', scope: 'line' }],
  ['a batch that is too large', 413, '', {}, { kind: 'too-large' }],
  ['a wrong password', 401, '{"error":"authorization failed"}', {}, { kind: 'later', afterMs: 30_000 }],
  ['a busy server that says how long', 429, '', { 'retry-after': '7' }, { kind: 'later', afterMs: 7000 }],
  [
    'a busy server that says until when',
    503,
    '',
    { 'retry-after': new Date(NOW + 9000).toUTCString() },
    { kind: 'later', afterMs: 9000 },
  ],
  ['a wait without measure', 503, '', { 'retry-after': '99999999' }, { kind: 'later', afterMs: 300_000 }],
  ['a wait that is none', 503, '', { 'retry-after': 'soon' }, { kind: 'later', afterMs: 0 }],
];

describe('judge', () => {
  it.each(cases)('knows %s', (_, status, body, headers, outcome) => {
    expect(judge({ status, body, headers }, { section, now: NOW, hint: '' })).toMatchObject(outcome);
  });

  it('gives the command for a missing database, and why it could not be made', () => {
    const outcome = judge(
      { status: 404, body: 'database not found', headers: {} },
      { section, now: NOW, hint: 'no right' },
    );
    expect(outcome).toMatchObject({
      kind: 'later',
      remedy: expect.stringMatching(/CREATE DATABASE "plant".*bucket create --name plant.*no right/),
    });
  });
});
