import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert } from '../../scoring/security/alert.ts';
import { alertKey, applySignal } from '../../scoring/security/alert-book.ts';
import { createDetections } from '../../scoring/security/detections.ts';
import { RIG_PASSWORD, startBrokerRig, type BrokerRig } from '../support/broker-rig.ts';
import { eventually } from '../support/stack.ts';

/** Real clients do wrong to a real broker; its events, as published, become alerts. */
describe('an attack on the broker', () => {
  let rig: BrokerRig;
  beforeAll(async () => {
    rig = await startBrokerRig({}, [
      { username: 'edge-1', role: 'gateway' },
      { username: 'writer', role: 'device', publish: ['own/#'], subscribe: ['own/#'] },
      { username: 'cleaner', role: 'device', publish: ['own/#'], subscribe: ['own/#'] },
      { username: 'reader', role: 'device', publish: ['own/#'], subscribe: ['own/#'] },
    ]);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** The alerts of all events of a principal so far. */
  const alertsOf = (principal: string): Alert[] => {
    const detections = createDetections();
    const book = new Map<string, Alert>();
    for (const signal of rig.events.filter((event) => event.principal === principal).flatMap(detections.onEvent)) {
      const key = alertKey(signal);
      const alert = applySignal(book.get(key) ?? null, signal, randomUUID);
      if (alert !== null) book.set(key, alert);
    }
    return [...book.values()];
  };
  const foundOf = (principal: string) =>
    eventually('an alert', () => (alertsOf(principal).length > 0 ? alertsOf(principal) : null));

  it('by publishing as another machine is one alert of high severity', async () => {
    const client = await rig.client('writer', { clientId: 'writer-1' });
    await client.publishAsync('opcua/json/data/edge-1/plc/press-1', 'x', { qos: 0 }).catch(() => undefined);
    expect(await foundOf('writer')).toMatchObject([{ rule: 'foreign-publish', severity: 'high' }]);
    await client.endAsync(true);
  });

  it('by overwriting a retained value is one alert, and the value stays', async () => {
    const topic = 'opcua/json/metadata/edge-1/plc/press-1';
    const owner = await rig.client('edge-1', { clientId: 'edge-1' });
    await owner.publishAsync(topic, 'mine', { qos: 1, retain: true });
    const client = await rig.client('cleaner', { clientId: 'cleaner-1' });
    await client.publishAsync(topic, '', { qos: 0, retain: true }).catch(() => undefined);
    expect(await foundOf('cleaner')).toMatchObject([{ rule: 'retained-overwrite', severity: 'high' }]);
    const listener = await rig.client('listener', { clientId: 'listener' });
    await listener.subscribeAsync(topic, { qos: 1 });
    await eventually('the retained value', () => listener.received.length > 0);
    expect(listener.received.map(({ payload }) => payload)).toEqual(['mine']);
    await Promise.all([owner.endAsync(true), client.endAsync(true), listener.endAsync(true)]);
  });

  it('by subscribing to everything is one alert', async () => {
    const client = await rig.client('reader', { clientId: 'reader-1' });
    await client.subscribeAsync('#').catch(() => undefined);
    expect(await foundOf('reader')).toMatchObject([{ rule: 'harvesting-subscription', severity: 'medium' }]);
    await client.endAsync(true);
  });

  it('by a will on a foreign topic is one alert', async () => {
    await rig.refusal({
      username: 'writer',
      password: RIG_PASSWORD,
      clientId: 'writer-2',
      will: { topic: 'opcua/json/status/edge-1', payload: Buffer.from('gone'), qos: 0, retain: true },
    });
    const found = await eventually(
      'the alert',
      () => alertsOf('writer').find(({ rule }) => rule === 'will-abuse') ?? null,
    );
    expect(found).toMatchObject({ severity: 'medium', count: 1 });
  });

  it('by guessing a password is one alert of medium severity', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await rig.refusal({ username: 'edge-1', password: `wrong-${attempt}`, clientId: 'edge-1' });
    }
    const found = await eventually('guessing', () => {
      const alerts = alertsOf('edge-1');
      return alerts.some(({ severity }) => severity === 'medium') ? alerts : null;
    });
    expect(found).toMatchObject([{ rule: 'sign-in-refused', severity: 'medium' }]);
  });
});
