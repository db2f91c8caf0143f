import { describe, expect, it } from 'vitest';
import { silentLog } from '../tests/support/api-plant.ts';
import { eventually, temporaryFolder } from '../tests/support/stack.ts';
import { AlertDesk } from './alert-desk.ts';
import type { Alert, AlertSeverity, AlertSignal } from './security/alert.ts';
import { signalOf } from './security/signal.ts';
import { rules } from './security/rules.ts';
import { groupIncidents } from './security/incident.ts';
import { EmbeddedStore } from './store/embedded/embedded-store.ts';

const T0 = 1_700_000_000_000;
const MINUTE_MS = 60_000;

async function openDesk(clock: { now: number | (() => number) }) {
  const folder = await temporaryFolder();
  const store = EmbeddedStore.open({ file: `${folder.path}/joulegate.db` });
  const told: Alert[] = [];
  const open = () =>
    new AlertDesk({
      store,
      log: silentLog,
      now: () => (typeof clock.now === 'function' ? clock.now() : clock.now),
      configHash: 'c'.repeat(64),
      valuesOf: (tag) => [{ tag: `${tag}/power`, unit: 'kW', value: 12.5, at: T0 - 1000, statusCode: 0 }],
      clocks: () => [{ gateway: 'edge-1', server: 'plc', skewMs: -40 }],
      onAlert: (alert) => told.push(alert),
    });
  return {
    store,
    told,
    open,
    desk: open(),
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const about = (
  equipment: string,
  { rule = 'value-contradiction', severity = 'low', at = T0, ...rest }: Partial<AlertSignal> & { at?: number } = {},
): AlertSignal => ({
  ...signalOf(rules['payload-refused'], { at, message: 'something is wrong', equipment, severity }),
  rule,
  ...rest,
});

describe('an alert storm', () => {
  it('H49: of 10,000 signals about 500 assets is one flood; every high or critical alert is visible within 2 s', async () => {
    await using plant = await openDesk({ now: Date.now });
    const { desk, store, told } = plant;
    const severe: string[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      const severity: AlertSeverity = index % 100 === 99 ? (index % 200 === 199 ? 'critical' : 'high') : 'low';
      const rule = severity === 'low' ? `rule-${Math.floor(index / 500)}` : 'severe';
      const equipment = severity === 'low' ? `hall/line/machine-${index % 500}` : `hall/line/severe-${index}`;
      desk.raise(about(equipment, { severity, rule, at: Date.now() }));
      if (severity !== 'low') severe.push(equipment);
    }
    const seen = await eventually(
      'every high and critical alert',
      async () => {
        const listed = await store.list({ limit: 1000 });
        const all = severe.every((equipment) => listed.some((alert) => alert.equipment === equipment));
        return all ? listed : null;
      },
      2000,
    );
    expect(seen.filter(({ rule }) => rule === 'severe')).toHaveLength(100);
    await desk.settled();
    await eventually('the flood as it stands', async () => {
      desk.tick();
      await desk.settled();
      return told.some(({ episode }) => episode !== undefined && episode.assets > 450);
    });
    const standing = await store.list({ limit: 1000 });
    const floods = standing.filter(({ rule }) => rule === 'alert-flood');
    expect(floods).toHaveLength(1);
    const [flood] = floods;
    expect(flood).toMatchObject({ severity: 'high', condition: 'active', episode: { to: null } });
    expect(standing.filter(({ severity }) => severity === 'low').length).toBeLessThanOrEqual(20);
    const folded = await store.list({ flood: flood?.id ?? '', limit: 20_000 });
    const counted = [...folded, ...standing.filter(({ rule }) => rule !== 'alert-flood')];
    expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(told.filter(({ flood: member }) => member !== undefined)).toEqual([]);
  });

  it('ends when it is quiet again, and what comes later stands alone', async () => {
    const clock = { now: T0 };
    await using plant = await openDesk(clock);
    const { desk, store } = plant;
    for (let index = 0; index < 40; index += 1) desk.raise(about(`hall/m-${index}`));
    await desk.settled();
    clock.now = T0 + 11 * MINUTE_MS;
    desk.tick();
    await desk.settled();
    const ended = (await store.list({ limit: 100 })).find(({ rule }) => rule === 'alert-flood');
    expect(ended).toMatchObject({
      condition: 'cleared',
      episode: { from: T0, to: T0 + 11 * MINUTE_MS, alerts: 20, peak: 40, assets: 20 },
    });
    desk.raise(about('hall/later', { at: clock.now }));
    await desk.settled();
    expect((await store.list({ limit: 100 })).some(({ equipment }) => equipment === 'hall/later')).toBe(true);
  });

  it('that a restart interrupts is over', async () => {
    await using plant = await openDesk({ now: T0 });
    for (let index = 0; index < 40; index += 1) plant.desk.raise(about(`hall/m-${index}`));
    await plant.desk.settled();
    const again = plant.open();
    again.raise(about('hall/m-100'));
    await again.settled();
    const floods = (await plant.store.list({ limit: 100 })).filter(({ rule }) => rule === 'alert-flood');
    expect(floods).toMatchObject([{ condition: 'cleared', episode: { to: T0 } }]);
  });

  it('lets an alert stand alone again that becomes severe', async () => {
    await using plant = await openDesk({ now: T0 });
    const { desk, store } = plant;
    for (let index = 0; index < 40; index += 1) desk.raise(about(`hall/m-${index}`));
    desk.raise(about('hall/m-39', { severity: 'critical' }));
    await desk.settled();
    const found = (await store.list({ limit: 100 })).filter(({ equipment }) => equipment === 'hall/m-39');
    expect(found).toMatchObject([{ severity: 'critical', count: 2 }]);
  });
});

describe('an incident', () => {
  it('joins alerts of one user, one source or one asset within a quarter of an hour, in order', async () => {
    const clock = { now: T0 };
    await using plant = await openDesk(clock);
    const { desk, store } = plant;
    const seen = (principal: string, address: string) => ({
      seen: {
        id: `${principal}-${clock.now}`,
        kind: 'topic-denied',
        at: clock.now,
        service: 'broker',
        source: 'broker-1',
        principal,
        address,
        message: 'no',
      } as const,
    });
    const later = async (minutes: number, signal: () => AlertSignal): Promise<void> => {
      clock.now = T0 + minutes * MINUTE_MS;
      desk.raise(signal());
      await desk.settled();
    };
    await later(0, () => about('hall/press-1', { rule: 'guess', at: clock.now, ...seen('eve', '10.0.0.9:5000') }));
    await later(10, () =>
      about('hall/press-2', { rule: 'takeover', at: clock.now, ...seen('mallory', '10.0.0.9:5001') }),
    );
    await later(20, () => about('hall/press-2', { rule: 'jump', at: clock.now }));
    await later(36, () => about('hall/press-2', { rule: 'late', at: clock.now }));
    await later(37, () => about('hall/press-3', { rule: 'other', at: clock.now }));
    const incidents = groupIncidents(await store.list({ limit: 100 }));
    expect(incidents.map(({ alerts }) => alerts.map(({ rule }) => rule))).toEqual([
      ['other'],
      ['late'],
      ['guess', 'takeover', 'jump'],
    ]);
    expect(incidents.at(-1)).toMatchObject({ principals: ['eve', 'mallory'], hosts: ['10.0.0.9'] });
  });

  it('that turns out to be the same as another becomes one with it, also after a restart', async () => {
    await using plant = await openDesk({ now: T0 });
    plant.desk.raise(about('hall/a', { rule: 'first' }));
    plant.desk.raise(about('hall/b', { rule: 'second', at: T0 + 1 }));
    await plant.desk.settled();
    const desk = plant.open();
    const both = about('hall/b', { rule: 'third', at: T0 + 2 });
    desk.raise({ ...both, subject: 'opc.tcp://plc:4840' });
    desk.raise(about('hall/a', { rule: 'fourth', subject: 'opc.tcp://plc:4840', at: T0 + 3 }));
    await desk.settled();
    const incidents = groupIncidents(await plant.store.list({ limit: 100 }));
    expect(incidents.map(({ alerts }) => alerts.map(({ rule }) => rule))).toEqual([
      ['first', 'second', 'third', 'fourth'],
    ]);
  });

  it('is not made by an address of this machine alone', async () => {
    await using plant = await openDesk({ now: T0 });
    for (const principal of ['eve', 'bob']) {
      const seen = {
        id: principal,
        kind: 'topic-denied',
        at: T0,
        service: 'broker',
        source: 'broker-1',
        principal,
        address: '127.0.0.1:5000',
        message: 'no',
      } as const;
      plant.desk.raise({ ...signalOf(rules['topic-denied'], { at: T0, principal, message: 'no' }), seen });
    }
    await plant.desk.settled();
    expect(groupIncidents(await plant.store.list({ limit: 100 }))).toHaveLength(2);
  });
});

describe('evidence', () => {
  it('holds values, message, fingerprints, clocks, configuration and rule as they were', async () => {
    await using plant = await openDesk({ now: T0 + 250 });
    const { desk, store } = plant;
    const print = 'ab'.repeat(32);
    desk.raise(
      about('hall/press-1', {
        severity: 'high',
        rule: 'topic-denied',
        seen: {
          id: 'event-1',
          kind: 'topic-denied',
          at: T0,
          service: 'broker',
          source: 'broker-1',
          principal: 'eve',
          address: '10.0.0.9:5000',
          subject: 'opcua/json/data/edge-1/plc/press-1',
          message: 'publish refused',
          detail: {
            payloadBytes: 9000,
            payloadSha256: 'cd'.repeat(32),
            payloadHead: 'eyJ2IjoxfQ==',
            certificateSha256: print,
          },
        },
      }),
    );
    await desk.settled();
    const [alert] = await store.list({ limit: 1 });
    if (alert === undefined) throw new Error('there is no alert');
    expect(await desk.evidence(alert)).toMatchObject({
      rule: { id: 'topic-denied', version: '1' },
      attackVersion: '18.1',
      configHash: 'c'.repeat(64),
      moments: [
        {
          at: T0,
          event: { id: 'event-1', principal: 'eve' },
          message: {
            topic: 'opcua/json/data/edge-1/plc/press-1',
            bytes: 9000,
            sha256: 'cd'.repeat(32),
            head: 'eyJ2IjoxfQ==',
          },
          certificates: [print],
          values: [{ tag: 'hall/press-1/power', value: 12.5 }],
          clock: { receivedAt: T0 + 250, offsetMs: 250, servers: [{ server: 'plc', skewMs: -40 }] },
        },
      ],
    });
  });

  it('keeps the first moment and the newest of what came back', async () => {
    await using plant = await openDesk({ now: T0 });
    const { desk, store } = plant;
    for (let step = 0; step < 12; step += 1) {
      desk.raise(about('hall/press-1', { at: T0 + step, condition: step % 2 === 0 ? 'active' : 'cleared' }));
      await desk.settled();
    }
    const [alert] = await store.list({ limit: 1 });
    if (alert === undefined) throw new Error('there is no alert');
    const { moments = [] } = (await desk.evidence(alert)) ?? {};
    expect(moments.map(({ at }) => at - T0)).toEqual([0, 6, 8, 10]);
  });
});
