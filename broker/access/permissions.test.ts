import { describe, expect, it } from 'vitest';
import { covers, mayPublish, mayReceive, maySubscribe } from './permissions.ts';
import type { User } from './users.ts';

const gateway: User = { username: 'edge-1', role: 'gateway' };
const scoring: User = { username: 'scoring', role: 'scoring' };
const viewer: User = { username: 'viewer', role: 'viewer' };

describe('a filter covers', () => {
  it.each([
    ['a/+/c', 'a/b/c', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', true],
    ['a/#', 'a/+/c', true],
    ['a/+', 'a/#', false],
    ['a/+', 'a/b/c', false],
    ['a/b', 'a/+', false],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
  ])('%s and %s: %s', (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected);
  });
});

describe('permissions are denied unless a role has them', () => {
  it('a gateway publishes only under its own publisher id', () => {
    expect(mayPublish(gateway, 'opcua/json/data/edge-1/demo/body.line.m')).toBe(true);
    expect(mayPublish(gateway, 'opcua/json/data/edge-2/demo/body.line.m')).toBe(false);
    expect(mayPublish(gateway, 'joulegate/commit/edge-1/scoring')).toBe(false);
    expect(mayPublish(gateway, 'joulegate/events/broker-1')).toBe(false);
  });

  it('a gateway hears only commits and resend requests for itself', () => {
    expect(maySubscribe(gateway, 'joulegate/commit/edge-1/+')).toBe(true);
    expect(maySubscribe(gateway, 'joulegate/commit/+/+')).toBe(false);
    expect(maySubscribe(gateway, 'opcua/json/#')).toBe(false);
  });

  it('scoring reads the plant and writes commits in its own name', () => {
    expect(maySubscribe(scoring, 'opcua/json/data/#')).toBe(true);
    expect(mayPublish(scoring, 'joulegate/commit/edge-1/scoring')).toBe(true);
    expect(mayPublish(scoring, 'joulegate/commit/edge-1/other')).toBe(false);
    expect(mayPublish(scoring, 'opcua/json/data/edge-1/demo/m')).toBe(false);
  });

  it('a viewer reads and publishes nothing, and nobody subscribes to everything', () => {
    expect(maySubscribe(viewer, 'opcua/json/#')).toBe(true);
    expect(mayReceive(viewer, 'joulegate/health/edge-1')).toBe(true);
    expect(mayReceive(viewer, 'joulegate/commit/edge-1/scoring')).toBe(false);
    for (const filter of ['#', '+/#', '$SYS/#', 'joulegate/#']) expect(maySubscribe(viewer, filter)).toBe(false);
    for (const topic of ['opcua/json/data/edge-1/demo/m', 'x']) expect(mayPublish(viewer, topic)).toBe(false);
  });

  it('refuses topics with wildcards, control or direction characters, or beyond the bounds', () => {
    for (const topic of [
      '',
      'opcua/json/data/edge-1/+/m',
      'opcua/json/data/edge-1/a\u0000b/m',
      `opcua/json/data/edge-1/${'x'.repeat(600)}`,
      `opcua/json/data/edge-1${'/x'.repeat(20)}`,
      'opcua/json/data/edge-1/\u202Eb/m',
    ]) {
      expect(mayPublish(gateway, topic)).toBe(false);
    }
  });
});
