import { describe, expect, it } from 'vitest';
import { accessOf, covers, isFilter, textFault } from './permissions.ts';
import type { User } from './users.ts';

const bounds = { maxTopicBytes: 512, maxTopicLevels: 16 };
const access = (user: User, clientId = 'c-1') => accessOf(user, clientId, bounds);
const gateway = access({ username: 'edge-1', role: 'gateway' });
const scoring = access({ username: 'scoring', role: 'scoring' });
const viewer = access({ username: 'viewer', role: 'viewer' });

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

describe('permissions are denied unless a rule gives them', () => {
  it('a gateway publishes only under its own publisher id', () => {
    expect(gateway.mayPublish('opcua/json/data/edge-1/demo/body.line.m')).toBe(true);
    expect(gateway.mayPublish('opcua/json/data/edge-2/demo/body.line.m')).toBe(false);
    expect(gateway.mayPublish('joulegate/commit/edge-1/scoring')).toBe(false);
    expect(gateway.mayPublish('joulegate/events/broker-1')).toBe(false);
  });

  it('a gateway hears only commits and resend requests for itself', () => {
    expect(gateway.maySubscribe('joulegate/commit/edge-1/+')).toBe(true);
    expect(gateway.maySubscribe('joulegate/commit/+/+')).toBe(false);
    expect(gateway.maySubscribe('opcua/json/#')).toBe(false);
  });

  it('scoring reads the plant and writes commits in its own name', () => {
    expect(scoring.maySubscribe('opcua/json/data/#')).toBe(true);
    expect(scoring.mayPublish('joulegate/commit/edge-1/scoring')).toBe(true);
    expect(scoring.mayPublish('joulegate/commit/edge-1/other')).toBe(false);
    expect(scoring.mayPublish('opcua/json/data/edge-1/demo/m')).toBe(false);
  });

  it('a viewer reads and publishes nothing, and nobody subscribes to everything', () => {
    expect(viewer.maySubscribe('opcua/json/#')).toBe(true);
    expect(viewer.mayReceive('joulegate/health/edge-1')).toBe(true);
    expect(viewer.mayReceive('joulegate/commit/edge-1/scoring')).toBe(false);
    for (const filter of ['#', '+/#', '$SYS/#', 'joulegate/#']) expect(viewer.maySubscribe(filter)).toBe(false);
    for (const topic of ['opcua/json/data/edge-1/demo/m', 'x']) expect(viewer.mayPublish(topic)).toBe(false);
  });

  it('a device has its own rules only, with its user name and client id put in, and wildcards where it is named for them', () => {
    const rules = { publish: ['dev/%u/%c/#'], subscribe: ['cmd/%u/#'] };
    const device = access({ username: 'pump', role: 'device', ...rules }, 'id-7');
    expect(device.mayPublish('dev/pump/id-7/x')).toBe(true);
    expect(device.mayPublish('dev/pump/id-8/x')).toBe(false);
    expect(device.mayPublish('dev/other/id-7/x')).toBe(false);
    expect(device.maySubscribe('cmd/pump/start')).toBe(true);
    expect(device.maySubscribe('cmd/pump/#')).toBe(false);
    expect(access({ username: 'pump', role: 'device', ...rules, wildcards: true }).maySubscribe('cmd/pump/#')).toBe(
      true,
    );
    expect(access({ username: 'bare', role: 'device' }).mayPublish('dev/bare')).toBe(false);
  });

  it('nobody publishes below $SYS, whatever the rules say', () => {
    expect(access({ username: 'x', role: 'device', publish: ['$SYS/#', '#'] }).mayPublish('$SYS/broker/uptime')).toBe(
      false,
    );
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
      expect(gateway.mayPublish(topic)).toBe(false);
    }
    expect(textFault('a\uFFFDb', bounds)).toBe('invalid-text');
    expect(textFault('x'.repeat(513), bounds)).toBe('too-long');
    expect(textFault('/'.repeat(16), bounds)).toBe('too-deep');
  });

  it.each(['a/#/b', 'a#', 'a+/b', '#/a'])('refuses the filter %s', (filter) => {
    expect(isFilter(filter, bounds)).toBe(false);
  });
});
