import { describe, expect, it } from 'vitest';
import type { EventKind, SystemEvent } from '../../broker/contract/event.ts';
import { anomalyToSignal } from './anomaly-alert.ts';
import { counterProblemToSignal } from './counter-alert.ts';
import { createDetections } from './detections.ts';
import { createRecentCounter } from './recent-counter.ts';
import { rules } from './rules.ts';
import { hostOf, signalOf } from './signal.ts';

const T0 = 1_700_000_000_000;
const MINUTE_MS = 60_000;
let serial = 0;
const event = (kind: EventKind, members: Partial<SystemEvent> = {}): SystemEvent => ({
  id: `event-${(serial += 1)}`,
  kind,
  at: T0,
  service: 'broker',
  source: 'broker-1',
  severity: 'low',
  message: `something about ${kind}`,
  ...members,
});
const feed = (events: readonly SystemEvent[]) => {
  const detections = createDetections();
  return events.map((next) => detections.onEvent(next)).at(-1) ?? [];
};

describe('each detection is triggered by its own event', () => {
  it.each([
    ['sign-in-refused', 'sign-in-refused', 'low', 'T0859'],
    ['topic-denied', 'topic-denied', 'low', 'T0856'],
    ['client-id-takeover', 'client-id-takeover', 'high', 'T0848'],
    ['malformed-packet', 'malformed-packet', 'medium', 'T0814'],
    ['limit-hit', 'limit-hit', 'high', 'T0814'],
    ['server-certificate-changed', 'server-certificate-changed', 'high', 'T0830'],
    ['endpoint-lost', 'loss-of-view', 'high', 'T0829'],
    ['endpoint-refused', 'loss-of-view', 'high', 'T0829'],
    ['payload-refused', 'payload-refused', 'low', 'T0856'],
    ['data-lost', 'data-lost', 'high', undefined],
  ] as const)('%s raises %s', (kind, rule, severity, technique) => {
    const signals = feed([event(kind, { principal: 'eve', address: '10.0.0.9:50123', subject: 'a/b' })]);
    expect(signals).toHaveLength(1);
    expect(signals[0]).toMatchObject({ rule, severity, condition: 'active', at: T0 });
    expect(signals[0]?.technique?.id).toBe(technique);
  });

  it.each(['service-started', 'service-stopped', 'outbox-level', 'node-unknown', 'server-certificate-new'] as const)(
    'and not by %s',
    (kind) => {
      expect(feed([event(kind, { principal: 'eve', subject: 'a/b' })])).toEqual([]);
    },
  );

  it('has a title in both languages for every rule, under its own name', () => {
    for (const [name, rule] of Object.entries(rules)) {
      expect(rule.name).toBe(name);
      expect(rule.title.en).not.toBe('');
      expect(rule.title.zh).toMatch(/\p{Script=Han}/u);
    }
  });
});

describe('guessing of passwords', () => {
  const refused = (members: Partial<SystemEvent>) => event('sign-in-refused', members);

  it('is medium from the fifth refusal of one principal within five minutes', () => {
    const tries = (count: number) =>
      Array.from({ length: count }, (_, index) => refused({ principal: 'bob', at: T0 + index * MINUTE_MS }));
    expect(feed(tries(4))).toMatchObject([{ severity: 'low', principal: 'bob' }]);
    expect(feed(tries(5))).toMatchObject([{ severity: 'medium', principal: 'bob' }]);
  });

  it('counts what the broker tells in one event with the number of repeats', () => {
    const once = refused({ principal: 'bob' });
    const more = (repeats: number) => refused({ principal: 'bob', at: T0 + 2000, detail: { repeats } });
    expect(feed([once, more(3)])).toMatchObject([{ severity: 'low' }]);
    expect(feed([{ ...once, id: 'once-2' }, more(4)])).toMatchObject([{ severity: 'medium' }]);
  });

  it('stays low when the refusals are spread out', () => {
    const tries = Array.from({ length: 20 }, (_, index) =>
      refused({ principal: 'bob', at: T0 + index * 2 * MINUTE_MS }),
    );
    expect(feed(tries)).toMatchObject([{ severity: 'low' }]);
  });

  it('is medium from the tenth refusal from one host, whatever the port, and then one alert for all names', () => {
    const tries = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        refused({ principal: `user-${index}`, address: `10.0.0.9:${50_000 + index}` }),
      );
    expect(feed(tries(9))).toMatchObject([{ severity: 'low', principal: 'user-8' }]);
    const tenth = feed(tries(10));
    expect(tenth).toMatchObject([{ severity: 'medium', subject: '10.0.0.9' }]);
    expect(tenth[0]).not.toHaveProperty('principal');
  });

  it('without a principal is kept by host', () => {
    expect(feed([refused({ address: '[fe80::1]:4000' })])).toMatchObject([{ severity: 'low', subject: 'fe80::1' }]);
  });
});

describe('loss of view', () => {
  it('is cleared when the same gateway is connected to the same endpoint again', () => {
    const link = { source: 'edge-1', service: 'gateway', subject: 'opc.tcp://press-3:4840' } as const;
    const lost = feed([event('endpoint-lost', link)]);
    const back = feed([event('endpoint-connected', link)]);
    const identity = ({ rule, principal, subject }: Partial<(typeof lost)[number]>) => [rule, principal, subject];
    expect(back).toMatchObject([{ condition: 'cleared' }]);
    expect(identity(back[0] ?? {})).toEqual(identity(lost[0] ?? {}));
  });
});

describe('topics and payloads', () => {
  it('become medium when one principal is denied ten times within five minutes', () => {
    const denied = Array.from({ length: 10 }, (_, index) =>
      event('topic-denied', { principal: 'eve', subject: `t/${index}` }),
    );
    expect(feed(denied.slice(1))).toMatchObject([{ severity: 'low' }]);
    const signals = feed(denied.map((one) => ({ ...one })));
    expect(signals).toMatchObject([{ severity: 'medium', principal: 'eve' }]);
    expect(signals[0]?.message).toContain('t/9');
  });

  it('become medium when ten payloads of one topic are refused', () => {
    const refused = Array.from({ length: 10 }, () => event('payload-refused', { subject: 'opcua/json/data/x' }));
    expect(feed(refused)).toMatchObject([{ severity: 'medium', subject: 'opcua/json/data/x' }]);
    expect(feed(refused.slice(0, 9))).toMatchObject([{ severity: 'low' }]);
  });
});

describe('events', () => {
  it('delivered twice raise once', () => {
    const detections = createDetections();
    const lost = event('data-lost');
    expect(detections.onEvent(lost)).toHaveLength(1);
    expect(detections.onEvent({ ...lost })).toEqual([]);
  });

  it('with forged text lose their control and direction marks and their excess', () => {
    const { message, subject } = signalOf(rules['data-lost'], {
      at: T0,
      message: `one\n<134>two\u202Eevil${'x'.repeat(5000)}`,
      subject: '\u0000topic',
    });
    expect(message).not.toMatch(/[\p{Cc}\u202E]/u);
    expect(message.length).toBeLessThanOrEqual(1024);
    expect(subject).toBe('\uFFFDtopic');
  });

  it('of a flood of names keep the counter bounded', () => {
    const counter = createRecentCounter({ windowMs: 1000, cap: 3, keys: 2 });
    expect([1, 2, 3, 4, 5].map((at) => counter.add('a', at)).at(-1)).toBe(3);
    counter.add('b', 6);
    counter.add('c', 7);
    expect(counter.add('a', 8)).toBe(1);
  });

  it.each([
    ['10.0.0.9:50123', '10.0.0.9'],
    ['[fe80::1]:4000', 'fe80::1'],
    ['::ffff:127.0.0.1:51111', '::ffff:127.0.0.1'],
    ['plc-3', 'plc-3'],
  ])('from %s come from host %s', (address, host) => {
    expect(hostOf(address)).toBe(host);
  });
});

describe('an anomaly episode', () => {
  const episode = {
    id: 'episode-1',
    path: 'stamping/line/press-1',
    from: T0,
    to: null,
    peakScore: 0.9987,
    peakAt: T0 + 60_000,
    context: 'run',
    model: 'pca-1',
    contributions: [{ tag: 'vibration', share: 0.72, value: 6.123_45, expected: 2.5, unit: 'mm/s' }],
  };

  it('raises an alert on its machine that names the sensors', () => {
    expect(anomalyToSignal(episode, { en: 'Press 1', zh: '压力机1' })).toMatchObject({
      rule: 'anomaly',
      equipment: 'stamping/line/press-1',
      condition: 'active',
      at: T0,
      title: { en: 'Press 1: anomalous behaviour', zh: '压力机1：运行异常' },
      message: 'score 0.999 in context run: vibration 6.123 mm/s, expected 2.5 mm/s (72 %)',
    });
  });

  it('clears it at its end', () => {
    expect(anomalyToSignal({ ...episode, to: T0 + 99 }, {})).toMatchObject({
      condition: 'cleared',
      at: T0 + 99,
      title: { en: 'stamping/line/press-1: anomalous behaviour' },
    });
  });
});

describe('an unexplained counter step', () => {
  it('raises one alert per tag and says what to do', () => {
    const signal = counterProblemToSignal('a/b/c', {
      tag: 'energy',
      at: T0,
      message: 'energy fell from 900 to 12 kW.h',
      remedy: 'record the meter change',
    });
    expect(signal).toMatchObject({
      rule: 'counter-unexplained',
      severity: 'medium',
      equipment: 'a/b/c',
      subject: 'energy',
      message: 'energy fell from 900 to 12 kW.h; record the meter change',
    });
  });
});
