import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttributeIds,
  DataChangeFilter,
  DataChangeTrigger,
  DataType,
  DeadbandType,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  UserTokenType,
  makeBrowsePath,
  type ClientSession,
  type DataValue,
} from 'node-opcua';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../broker/contract/deps.ts';
import { ENERGY_METER, demoEquipment, demoNodeId } from './demo-plant.ts';
import { ECM_NAMESPACE, measurementIds } from './energy-consumption-model.ts';
import { engineeringUnit, unitId } from './engineering-unit.ts';
import { BAD_SENSOR, generateHistory } from './history.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from './main.ts';
import type { Fault } from './model/fault.ts';

const startAt = Date.parse('2026-03-02T00:00:00Z');
/** Monday 12:00 in Shanghai. */
const liveFrom = startAt + 4 * 3_600_000;
const METER = ENERGY_METER.replaceAll('/', '.');
const log: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => log };
function ignore(): void {
  return undefined;
}

let dataDir: string;
let opened: AsyncDisposableStack;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'joulegate-simulator-'));
  opened = new AsyncDisposableStack();
});
afterEach(async () => {
  await opened.disposeAsync();
  await rm(dataDir, { recursive: true, force: true });
});

/** A clock that stands until it is moved; the plant follows it in steps of a second. */
function handClock(): { now: () => number; move: (seconds: number) => void } {
  let at = liveFrom;
  return { now: () => at, move: (seconds) => (at += seconds * 1000) };
}

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    seed: 1,
    startAt,
    liveFrom,
    speed: 1,
    faults: [],
    groundTruthFile: null,
    log,
    now: () => liveFrom,
    dataDir,
    ...options,
  });
  return opened.use(simulator);
}

async function connect(simulator: Simulator): Promise<{ session: ClientSession; nodeId: (text: string) => string }> {
  const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 0 } });
  await client.connect(simulator.endpoint);
  opened.defer(() => client.disconnect());
  const session = await client.createSession();
  opened.defer(() => session.close());
  const namespaces = await session.readNamespaceArray();
  const nodeId = (text: string): string => {
    const [, uri, rest] = /^nsu=([^;]*);(.*)$/.exec(text) ?? [];
    return `ns=${namespaces.indexOf(uri ?? '')};${rest ?? ''}`;
  };
  return { session, nodeId };
}

type Seen = { readonly at: number; readonly value: unknown; readonly statusCode: number };

/** Monitors tags and collects what is delivered, by node id of the plant file. */
async function monitor(
  { session, nodeId }: Awaited<ReturnType<typeof connect>>,
  nodeIds: readonly string[],
  samplingInterval: number,
): Promise<Map<string, Seen[]>> {
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 50, publishingEnabled: true });
  opened.defer(() => subscription.terminate());
  const seen = new Map<string, Seen[]>(nodeIds.map((id) => [id, []]));
  const group = await subscription.monitorItems(
    nodeIds.map((id) => ({ nodeId: nodeId(id), attributeId: AttributeIds.Value })),
    {
      samplingInterval,
      queueSize: 1000,
      discardOldest: true,
      filter: new DataChangeFilter({
        trigger: DataChangeTrigger.StatusValueTimestamp,
        deadbandType: DeadbandType.None,
      }),
    },
    TimestampsToReturn.Both,
  );
  group.on('changed', (_item, dataValue: DataValue, index: number) => {
    seen.get(nodeIds[index] ?? '')?.push({
      at: dataValue.sourceTimestamp?.getTime() ?? Number.NaN,
      value: dataValue.value.value,
      statusCode: dataValue.statusCode.value,
    });
  });
  await vi.waitFor(() => expect([...seen.values()].every((values) => values.length > 0)).toBe(true), 10_000);
  return seen;
}

const allTags = demoEquipment().flatMap(({ equipment, tags }, machine) =>
  tags.map((tag, index) => ({ machine, index, path: equipment.path, tag, nodeId: tag.nodeId ?? '' })),
);

describe('the demo plant over OPC UA', () => {
  it('delivers every value that is set, and the same as the history has at these instants', async () => {
    const clock = handClock();
    const fault = { path: 'machining/cnc-line/cnc-1', from: liveFrom + 30_000, to: liveFrom + 60_000, severity: 1 };
    const faults: Fault[] = [
      { ...fault, id: 'F1', kind: 'bad-quality', tag: 'CoolantPressure' },
      { ...fault, id: 'F2', kind: 'clock-jump', path: 'machining/cnc-line/cnc-2' },
      { ...fault, id: 'F3', kind: 'counter-reset', path: 'body/press-line/press-2' },
    ];
    const simulator = await start({ now: clock.now, faults });
    const seen = await monitor(
      await connect(simulator),
      allTags.map(({ nodeId }) => nodeId),
      0,
    );
    clock.move(120);
    await vi.waitFor(() => expect([...seen.values()].every((values) => values.length === 121)).toBe(true), 20_000);

    const expected = new Map<string, Seen[]>(allTags.map(({ nodeId }) => [nodeId, []]));
    const last = new Map<string, unknown>();
    const byIndex = new Map(allTags.map((entry) => [`${entry.machine}/${entry.index}`, entry]));
    const options = { seed: 1, startAt, from: liveFrom, to: liveFrom + 121_000, stepMs: 1000, faults };
    for (const _ of generateHistory(options, (machine, tag, at, value, statusCode) => {
      const { nodeId = '' } = byIndex.get(`${machine}/${tag}`) ?? {};
      expected.get(nodeId)?.push({ at, value, statusCode });
    })) {
      // Nothing to do between hours.
    }
    for (const { nodeId, tag } of allTags) {
      const history = expected.get(nodeId) ?? [];
      const served = (seen.get(nodeId) ?? []).map((entry) => ({
        ...entry,
        value: entry.statusCode === BAD_SENSOR ? null : entry.value,
      }));
      const onChange = ['state', 'product', 'order'].includes(tag.role);
      const wanted = served.filter(({ value }, index) => !onChange || value !== served[index - 1]?.value);
      expect(wanted).toEqual(history);
      last.set(nodeId, served.at(-1)?.value);
    }
    expect(last.size).toBe(allTags.length);
    const statuses = (name: string): Set<number> =>
      new Set(
        (seen.get(allTags.find(({ path, tag }) => path === fault.path && tag.name === name)?.nodeId ?? '') ?? []).map(
          ({ statusCode }) => statusCode,
        ),
      );
    expect(statuses('CoolantPressure')).toEqual(new Set([0, BAD_SENSOR]));
    expect(statuses('CoolantTemperature')).toEqual(new Set([0]));
  });

  it('serves a client that samples once a second', async () => {
    const began = Date.now();
    const simulator = await start({ now: () => liveFrom + (Date.now() - began) });
    const nodeId = allTags[0]?.nodeId ?? '';
    const seen = await monitor(await connect(simulator), [nodeId], 1000);
    await vi.waitFor(() => expect(seen.get(nodeId)?.length).toBeGreaterThanOrEqual(4), 10_000);
    const times = (seen.get(nodeId) ?? []).map(({ at }) => at);
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
  });

  it('runs fast with steps of at most 20 s of plant time, and catches up when it starts in the past', async () => {
    const simulator = await start({ speed: 1000, now: Date.now });
    const nodeId = allTags[0]?.nodeId ?? '';
    const seen = await monitor(await connect(simulator), [nodeId], 0);
    await vi.waitFor(() => expect(seen.get(nodeId)?.length).toBeGreaterThan(50), 10_000);
    const times = (seen.get(nodeId) ?? []).map(({ at }) => at);
    expect(new Set(times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toEqual(new Set([20_000]));
    const late = await start({ dataDir: join(dataDir, 'late'), now: () => liveFrom + 90_500 });
    await vi.waitFor(() => expect(late.plantTime).toBe(liveFrom + 90_000), 10_000);
    const slept = await start({ dataDir: join(dataDir, 'slept'), now: () => liveFrom + 7_200_500 });
    await vi.waitFor(() => expect(slept.plantTime).toBe(liveFrom + 7_200_000), 20_000);
  });

  it('says the engineering unit and range of every analog item with its UNECE code', async () => {
    const { session, nodeId } = await connect(await start());
    const analog = allTags.filter(({ tag }) => tag.unit !== undefined);
    expect(analog.length).toBeGreaterThan(100);
    const properties = await session.translateBrowsePath(
      analog.flatMap((entry) => [
        makeBrowsePath(nodeId(entry.nodeId), '.EngineeringUnits'),
        makeBrowsePath(nodeId(entry.nodeId), '.EURange'),
      ]),
    );
    const values = await session.read(
      properties.map(({ targets }) => ({
        nodeId: targets?.[0]?.targetId ?? 'i=0',
        attributeId: AttributeIds.Value,
      })),
    );
    analog.forEach(({ tag, nodeId: id }, index) => {
      const units = values[2 * index]?.value.value as ReturnType<typeof engineeringUnit>;
      expect([id, units.unitId]).toEqual([id, engineeringUnit(tag.unit ?? '').unitId]);
      expect(units.unitId).toBeGreaterThan(0);
      expect(units.namespaceUri).toBe('http://www.opcfoundation.org/UA/units/un/cefact');
      expect(units.displayName.text).not.toBe('');
      const range = values[2 * index + 1]?.value.value as { low: number; high: number };
      expect(range.high).toBeGreaterThan(range.low);
      expect([range.low, range.high]).toEqual(tag.range ?? [range.low, range.high]);
    });
  });

  it('offers energy meters by the conventions of OPC 34100 on two machines or more', async () => {
    const { session, nodeId } = await connect(await start());
    const ecmTypes = [1006, 2002].map((id) => nodeId(`nsu=${ECM_NAMESPACE};i=${id}`));
    const places = demoEquipment().map(({ equipment }) => nodeId(demoNodeId(equipment.path, 'x')).replace(/x$/, METER));
    const described = await session.browse(
      places.map((place) => ({ nodeId: place, referenceTypeId: 'HasTypeDefinition' })),
    );
    const meters = places.filter((_, index) => described[index]?.references?.[0]?.nodeId.toString() === ecmTypes[0]);
    expect(meters.length).toBeGreaterThanOrEqual(2);
    for (const meter of meters) {
      const children = await session.browse({ nodeId: meter, referenceTypeId: 'HasComponent', resultMask: 63 });
      const found = new Map<number, { dataType: string; value: number; unit: number }>();
      for (const child of children.references ?? []) {
        expect(child.typeDefinition.toString()).toBe(ecmTypes[1]);
        const read = async (path: string): Promise<unknown> => {
          const { targets } = await session.translateBrowsePath(makeBrowsePath(child.nodeId, path));
          return (await session.read({ nodeId: targets?.[0]?.targetId ?? '', attributeId: AttributeIds.Value })).value
            .value;
        };
        const ecm = /^ns=(\d+)/.exec(ecmTypes[0] ?? '')?.[1] ?? '';
        const { value } = await session.read({ nodeId: child.nodeId, attributeId: AttributeIds.Value });
        found.set(Number(await read(`.${ecm}:MeasurementID`)), {
          dataType: DataType[value.dataType],
          value: Number(value.value),
          unit: ((await read('.EngineeringUnits')) as { unitId: number }).unitId,
        });
        expect(await read(`/${ecm}:Resource`)).toBe(1);
        expect(await read(`.${ecm}:AccuracyRange`)).toBeGreaterThan(0);
        expect(await read(`/${ecm}:AccuracyClass`)).toBe(1);
      }
      const total = found.get(measurementIds.energyTotalImportHp);
      expect(total).toMatchObject({ dataType: 'Double', unit: unitId('WHR') });
      expect(total?.value).toBeGreaterThan(1e6);
      expect(found.get(measurementIds.energyTotalImportLp)).toEqual({
        dataType: 'Float',
        unit: unitId('WHR'),
        value: Math.fround(total?.value ?? 0),
      });
      expect(found.get(measurementIds.activePowerTotal)).toMatchObject({ dataType: 'Float', unit: unitId('WTT') });
    }
  });

  it('writes each fault into the ground truth once when it begins and once when it ends, also after a restart', async () => {
    const groundTruthFile = join(dataDir, 'truth.jsonl');
    const fault = { path: 'machining/cnc-line/cnc-1', severity: 1 };
    const faults: Fault[] = [
      { ...fault, id: 'F1', kind: 'stuck-sensor', tag: 'SpindleLoad', from: liveFrom - 60_000, to: liveFrom + 20_500 },
      { ...fault, id: 'F2', kind: 'clock-jump', from: liveFrom + 10_000, to: liveFrom + 90_000 },
    ];
    const clock = handClock();
    const simulator = await start({ now: clock.now, faults, groundTruthFile });
    clock.move(30);
    await vi.waitFor(() => expect(simulator.plantTime).toBe(liveFrom + 30_000), 10_000);
    await simulator[Symbol.asyncDispose]();
    const again = await start({ now: clock.now, liveFrom: clock.now(), faults, groundTruthFile });
    await again[Symbol.asyncDispose]();
    const lines = (await readFile(groundTruthFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event, id, at }) => [event, id, at])).toEqual([
      ['begin', 'F1', new Date(liveFrom - 60_000).toISOString()],
      ['begin', 'F2', new Date(liveFrom + 10_000).toISOString()],
      ['end', 'F1', new Date(liveFrom + 20_500).toISOString()],
    ]);
    expect(lines[0]).toMatchObject({ class: 'process', kind: 'stuck-sensor', tags: ['SpindleLoad'], severity: 1 });
    expect(lines[1]).toMatchObject({ class: 'data', path: fault.path });
    expect(lines[1]?.['tags']).toContain('EnergyTotal');
    expect(String(lines[0]?.['description'])).not.toBe('');
  });

  it('lets the operator in over an encrypted channel and refuses a wrong password', async () => {
    const simulator = await start({ operatorPassword: 'let-me-in' });
    const client = OPCUAClient.create({
      endpointMustExist: false,
      securityMode: MessageSecurityMode.SignAndEncrypt,
      securityPolicy: SecurityPolicy.Basic256Sha256,
      connectionStrategy: { maxRetry: 0 },
    });
    await client.connect(simulator.endpoint);
    opened.defer(() => client.disconnect());
    const operator = { type: UserTokenType.UserName, userName: 'operator', password: 'let-me-in' } as const;
    const session = await client.createSession(operator);
    await session.close();
    await expect(client.createSession({ ...operator, password: 'wrong' })).rejects.toThrow(
      /BadUserAccessDenied|BadIdentityTokenRejected/,
    );
    expect(await readdir(join(dataDir, 'pki', 'own'))).toContain('certs');
  });

  it('stops at once with clients connected, twice without harm, and says when its port is taken', async () => {
    const simulator = await start();
    await connect(simulator);
    await expect(start({ port: simulator.port, dataDir: join(dataDir, 'other') })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
    await Promise.race([
      simulator[Symbol.asyncDispose](),
      new Promise((_, reject) => setTimeout(() => reject(new Error('still open after 2 s')), 2000)),
    ]);
    await simulator[Symbol.asyncDispose]();
  });
});

describe('engineering units', () => {
  it('have the unitId of their UNECE common code', () => {
    const codes = { KWH: 4_937_544, WHR: 5_720_146, KWT: 4_937_556, WTT: 5_723_220, H87: 4_732_983 };
    for (const [code, id] of Object.entries(codes)) expect(unitId(code)).toBe(id);
    expect(engineeringUnit('kW.h').unitId).toBe(codes.KWH);
    expect(engineeringUnit('furlong').unitId).toBe(-1);
  });
});
