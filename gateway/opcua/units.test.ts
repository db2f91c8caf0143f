import { makeEUInformation, type EUInformation } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openPlainSession,
  openValueServer,
  VALUES_NAMESPACE,
  type ValueServer,
} from '../../tests/support/value-server.ts';
import type { WorkerMessage, WorkerTag } from './protocol.ts';
import type { ResolvedTag } from './subscribe.ts';
import { codeOfUnitId, isSameUnit, ucumOfCode, ucumOfText } from './unece-units.ts';
import { checkUnits } from './units.ts';

let opened: AsyncDisposableStack;
let plant: ValueServer;
let session: Awaited<ReturnType<typeof openPlainSession>>['session'];

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  plant = opened.use(await openValueServer({ maxNodesPerRead: 3, maxNodesPerTranslateBrowsePathsToNodeIds: 4 }));
  ({ session } = opened.use(await openPlainSession(plant.endpoint)));
});
afterAll(() => opened.disposeAsync());

let handles = 0;
/** A tag of the plant file for a new analog item of the server. */
function analog(units: EUInformation, range: { low: number; high: number }, unit: string | undefined): ResolvedTag {
  const { addressSpace } = plant.server.engine;
  if (addressSpace === null) throw new Error('no address space');
  handles += 1;
  const name = `analog-${handles}`;
  const variable = addressSpace.registerNamespace(VALUES_NAMESPACE).addAnalogDataItem({
    browseName: name,
    nodeId: `s=${name}`,
    organizedBy: addressSpace.rootFolder.objects,
    dataType: 'Double',
    engineeringUnits: units,
    engineeringUnitsRange: range,
    value: { dataType: 'Double', value: 1 },
  });
  return { nodeId: variable.nodeId.toString(), tag: tagOf(name, unit) };
}
const tagOf = (name: string, unit: string | undefined): WorkerTag =>
  ({ handle: handles, name, equipment: 'line/press', nodeId: `nsu=x;s=${name}`, unit }) as WorkerTag;

async function check(tags: readonly ResolvedTag[]): Promise<{
  facts: Awaited<ReturnType<typeof checkUnits>>;
  said: WorkerMessage[];
}> {
  const said: WorkerMessage[] = [];
  const facts = await checkUnits(session, tags, (message) => said.push(message));
  return { facts, said };
}

describe('engineering units of the server', () => {
  it('fill in unit and range, through calls of a few nodes only', async () => {
    const tags = [
      analog(makeEUInformation('KWH', 'kW·h', 'kilowatt hour'), { low: 0, high: 1e6 }, undefined),
      analog(makeEUInformation('MQH', 'm³/h', 'cubic metre per hour'), { low: -5, high: 40 }, undefined),
      analog(makeEUInformation('CEL', '°C', 'degree Celsius'), { low: 0, high: 0 }, undefined),
    ];
    const { facts, said } = await check(tags);
    expect(facts.get(tags[0]?.tag.handle ?? 0)).toEqual({
      unit: 'kW.h',
      range: [0, 1e6],
      engineeringUnits: {
        NamespaceUri: 'http://www.opcfoundation.org/UA/units/un/cefact',
        UnitId: 4_937_544,
        DisplayName: { Text: 'kW·h' },
        Description: { Text: 'kilowatt hour' },
      },
    });
    expect(facts.get(tags[1]?.tag.handle ?? 0)).toMatchObject({ unit: 'm3/h', range: [-5, 40] });
    expect(facts.get(tags[2]?.tag.handle ?? 0)?.range).toBeUndefined();
    expect(said).toEqual([]);
  });

  it('that contradict the plant file are reported as problem and event', async () => {
    const { said } = await check([analog(makeEUInformation('WHR', 'W·h', 'watt hour'), { low: 0, high: 1 }, 'kW.h')]);
    expect(said).toMatchObject([
      { kind: 'problem', problem: { code: 'UNIT_CONTRADICTION', message: expect.stringContaining('WHR (W.h)') } },
      { kind: 'event', event: { kind: 'unit-contradiction' } },
    ]);
  });

  it('that agree with the plant file in another spelling clear the problem', async () => {
    const tags = [
      analog(makeEUInformation('KWH', '', ''), { low: 0, high: 1 }, 'kWh'),
      analog(makeEUInformation('C62', '', ''), { low: 0, high: 1 }, '{pcs}'),
      analog(makeEUInformation('GV', '', ''), { low: 0, high: 1 }, 'GJ'),
    ];
    expect((await check(tags)).said.map(({ kind }) => kind)).toEqual(['clear', 'clear', 'clear']);
  });

  it('of a plain variable without properties are nothing', async () => {
    handles += 1;
    const nodeId = plant.add('plain', 'Double', { dataType: 'Double', value: 1 });
    const { facts, said } = await check([{ nodeId, tag: tagOf('plain', 'kW') }]);
    expect(facts.get(handles)).toEqual({});
    expect(said).toEqual([]);
  });

  it('that cannot be read are said in the log and fail nothing', async () => {
    const said: WorkerMessage[] = [];
    const failing = { read: session.read.bind(session), translateBrowsePath: () => Promise.reject(new Error('gone')) };
    const tag: ResolvedTag = { nodeId: 'i=2256', tag: tagOf('x', 'kW') };
    expect((await checkUnits(failing as never, [tag], (message) => said.push(message))).size).toBe(0);
    expect(said).toMatchObject([{ kind: 'log' }]);
  });
});

describe('unit codes', () => {
  // unitId: OPC 10000-8 5.6.4.3, figures of the OPC Foundation's table.
  it.each([
    [4_937_544, 'KWH', 'kW.h'],
    [5_068_616, 'MWH', 'MW.h'],
    [5_720_146, 'WHR', 'W.h'],
    [4_937_556, 'KWT', 'kW'],
    [5_723_220, 'WTT', 'W'],
    [5_062_999, 'MAW', 'MW'],
    [18_262, 'GV', 'GJ'],
    [13_122, '3B', 'MJ'],
    [4_934_223, 'KJO', 'kJ'],
    [4_869_973, 'JOU', 'J'],
    [5_067_857, 'MTQ', 'm3'],
    [4_933_453, 'KGM', 'kg'],
    [5_525_061, 'TNE', 't'],
    [4_732_983, 'H87', '{pcs}'],
    [4_740_434, 'HUR', 'h'],
    [5_321_776, 'Q40', 'm3{normal}/h'],
  ])('unitId %i is %s, in UCUM %s', (unitId, code, ucum) => {
    expect(codeOfUnitId(unitId)).toBe(code);
    expect(ucumOfCode(code)).toBe(ucum);
  });

  it('GJ as a code is gram per millilitre, as a text gigajoule', () => {
    expect(ucumOfCode('GJ')).toBe('g/mL');
    expect(ucumOfText('GJ')).toBe('GJ');
  });

  it('normal and standard cubic metres are different units, as are kW and kW.h', () => {
    expect(isSameUnit('m3{normal}', 'm3{standard}')).toBe(false);
    expect(isSameUnit('m3{normal}', 'm3')).toBe(false);
    expect(isSameUnit('kW', 'kW.h')).toBe(false);
  });

  it.each([-1, 0, 1.5, Number.NaN, 2_000_000_000_000])('unitId %d is no code', (unitId) => {
    expect(codeOfUnitId(unitId)).toBeNull();
  });
});
