import {
  WellKnownRoles,
  type AddressSpace,
  type Namespace,
  type UAExclusiveLimitAlarmEx,
  type UAObject,
} from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig, type PublishedEvent } from '../../../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE } from '../../../tests/support/opcua-test-server.ts';
import { eventually } from '../../../tests/support/stack.ts';
import { EventLimit } from './event-limit.ts';

type Plant = {
  readonly press: UAObject;
  readonly alarm: UAExclusiveLimitAlarmEx;
  readonly setPressure: (bar: number) => void;
};

function buildPlant(namespace: Namespace, addressSpace: AddressSpace): Plant {
  const { server } = addressSpace.rootFolder.objects;
  const press = namespace.addObject({
    organizedBy: addressSpace.rootFolder.objects,
    browseName: 'Press',
    nodeId: 's=Press',
    eventNotifier: 1,
    notifierOf: server,
  });
  namespace.addObject({
    organizedBy: addressSpace.rootFolder.objects,
    browseName: 'Oven',
    nodeId: 's=Oven',
    eventNotifier: 1,
    notifierOf: server,
  });
  const pressure = namespace.addAnalogDataItem({
    componentOf: press,
    browseName: 'Pressure',
    nodeId: 's=Press.Pressure',
    dataType: 'Double',
    engineeringUnitsRange: { low: 0, high: 10 },
    eventSourceOf: press,
    value: { dataType: 'Double', value: 5 },
  });
  const alarm = namespace.instantiateExclusiveLimitAlarm('ExclusiveLimitAlarmType', {
    browseName: 'PressureHigh',
    conditionName: 'PressureHigh',
    componentOf: press,
    conditionSource: pressure,
    inputNode: pressure,
    highLimit: 8,
    lowLimit: 1,
  });
  return { press, alarm, setPressure: (bar) => pressure.setValueFromSource({ dataType: 'Double', value: bar }) };
}

async function openPlant() {
  let plant: Plant | null = null;
  const server = await openTestServer({
    server: { isAuditing: true, auditEventRoles: [WellKnownRoles.Anonymous] },
    build: (namespace, addressSpace) => {
      addressSpace.installAlarmsAndConditionsService();
      plant = buildPlant(namespace, addressSpace);
    },
  });
  if (plant === null) throw new Error('no plant');
  return { server, plant: plant as Plant, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const pressure = processTag('Pressure', `nsu=${TEST_NAMESPACE};s=Press.Pressure`);
const alarmsOf = (events: readonly PublishedEvent[]) => events.filter(({ kind }) => kind === 'server-alarm');

describe('alarms of an OPC UA server', () => {
  it('are published with their state, once for each change', async () => {
    await using opened = await openPlant();
    const { server, plant } = opened;
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [pressure])]);
    await eventually('the first value', () => rig.of('Pressure').length > 0);
    await eventually(
      'the event subscription',
      () => server.addressSpace.rootFolder.objects.server.listenerCount('event') > 0,
    );
    plant.setPressure(9.5);
    const active = await eventually('the alarm', () => alarmsOf(rig.events)[0] ?? false);
    expect(active).toMatchObject({
      subject: expect.stringContaining('Press'),
      detail: {
        server: 'plc',
        eventType: 'ExclusiveLimitAlarmType',
        condition: 'PressureHigh',
        active: true,
        acknowledged: false,
      },
    });
    plant.setPressure(5);
    await eventually(
      'the end of the alarm',
      () => alarmsOf(rig.events).find(({ detail }) => detail?.['active'] === false) ?? false,
    );
    const states = alarmsOf(rig.events).map(({ detail }) =>
      JSON.stringify([detail?.['active'], detail?.['acknowledged'], detail?.['eventId']]),
    );
    expect(new Set(states).size).toBe(states.length);
  });

  it('that were active before the gateway came are found by a refresh, and not told twice by another', async () => {
    await using opened = await openPlant();
    const { server, plant } = opened;
    plant.setPressure(9.5);
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [pressure], { events: { notifiers: [`nsu=${TEST_NAMESPACE};s=Oven`] } }),
    ]);
    await eventually('the alarm', () => alarmsOf(rig.events)[0] ?? false);
    server.addressSpace.rootFolder.objects.server.raiseEvent('RefreshRequiredEventType', {});
    server.addressSpace.rootFolder.objects.server.raiseEvent('SystemEventType', {
      message: { dataType: 'LocalizedText', value: { text: 'after the refresh' } },
      severity: { dataType: 'UInt16', value: 500 },
    });
    await eventually(
      'what comes behind it',
      () => rig.events.find(({ message }) => message.includes('after the refresh')) ?? false,
    );
    expect(alarmsOf(rig.events)).toHaveLength(1);
  });
});

describe('other events of a server', () => {
  it('carry type, source and severity, and no control characters', async () => {
    await using opened = await openPlant();
    const { server, plant } = opened;
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [pressure])]);
    await eventually(
      'the event subscription',
      () => server.addressSpace.rootFolder.objects.server.listenerCount('event') > 0,
    );
    plant.press.raiseEvent('SystemEventType', {
      message: { dataType: 'LocalizedText', value: { text: 'door \u0007opened\nnow', locale: 'en' } },
      severity: { dataType: 'UInt16', value: 700 },
      sourceName: { dataType: 'String', value: 'Press' },
    });
    const event = await eventually('the event', () => rig.events.find(({ kind }) => kind === 'server-event') ?? false);
    expect(event).toMatchObject({
      message: 'Press: door  opened now',
      severity: 'high',
      detail: { eventType: 'SystemEventType', opcuaSeverity: 700 },
    });
  });

  it('of an audit say who did what', async () => {
    await using opened = await openPlant();
    const { server } = opened;
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [pressure])]);
    const serverObject = server.addressSpace.rootFolder.objects.server;
    await eventually('the event subscription', () => serverObject.listenerCount('event') > 0);
    serverObject.raiseEvent('AuditWriteUpdateEventType', {
      actionTimeStamp: { dataType: 'DateTime', value: new Date() },
      status: { dataType: 'Boolean', value: true },
      clientUserId: { dataType: 'String', value: 'maintenance' },
      message: { dataType: 'LocalizedText', value: { text: 'set point written' } },
      severity: { dataType: 'UInt16', value: 300 },
    });
    const event = await eventually(
      'the audit event',
      () => rig.events.find(({ kind, message }) => kind === 'server-audit' && message.includes('set point')) ?? false,
    );
    expect(event).toMatchObject({
      principal: 'maintenance',
      detail: { succeeded: true, eventType: 'AuditWriteUpdateEventType' },
    });
  });

  it('are not asked for when the configuration says off, and below its floor not passed on', async () => {
    await using opened = await openPlant();
    const { server } = opened;
    await using rig = await startGatewayRig([
      serverOf('quiet', server.endpoint, [pressure], { events: { mode: 'off' } }),
      serverOf('floor', server.endpoint, [processTag('Again', pressure.nodeId)], { events: { minimumSeverity: 500 } }),
    ]);
    await eventually('values of both', () => rig.of('Pressure').length > 0 && rig.of('Again').length > 0);
    const serverObject = server.addressSpace.rootFolder.objects.server;
    await eventually('the event subscription', () => serverObject.listenerCount('event') > 0);
    for (const value of [100, 501]) {
      serverObject.raiseEvent('SystemEventType', {
        message: { dataType: 'LocalizedText', value: { text: `severity ${value}` } },
        severity: { dataType: 'UInt16', value },
      });
    }
    await eventually(
      'the graver one',
      () => rig.events.find(({ message }) => message.includes('severity 501')) ?? false,
    );
    expect(rig.events.filter(({ kind }) => kind === 'server-event').map(({ message }) => message)).toEqual([
      expect.stringContaining('severity 501'),
    ]);
  });

  it('name a notifier that gives none', async () => {
    await using opened = await openPlant();
    const { server } = opened;
    const notifier = `nsu=${TEST_NAMESPACE};s=Nobody`;
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [pressure], { events: { notifiers: [notifier] } }),
    ]);
    const problem = await eventually('the problem', () => rig.problem('NOTIFIER_UNKNOWN') ?? false);
    expect(problem.message).toContain(notifier);
  });
});

describe('a storm of events', () => {
  it('is cut to ten seconds of what is allowed, and counted', () => {
    const limit = new EventLimit(20, 0);
    const passed = Array.from({ length: 1000 }, () => limit.admits(0)).filter(Boolean);
    expect(passed).toHaveLength(200);
    expect(limit.takeSuppressed()).toBe(800);
    expect(limit.admits(1000)).toBe(true);
    expect(limit.takeSuppressed()).toBe(0);
  });
});
