import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { chooseTags, type Candidate } from './choose-tags.ts';
import { editDistance } from './edit-distance.ts';
import { equipmentPath, splitEquipment } from './equipment-path.ts';
import { renderPlantDraft, type DraftTag } from './plant-draft.ts';
import { commonCode, unitByText } from './unece-units.ts';

const settings = {
  endpoint: 'opc.tcp://plc:4840',
  securityMode: 'best',
  securityPolicy: 'best',
  trustServerCertificate: 'pinned',
} as const;
const render = (tags: DraftTag[], path = 'a') =>
  renderPlantDraft({
    enterprise: 'acme',
    site: 'pudong',
    timezone: 'Asia/Shanghai',
    remarks: ['line\nbreak'],
    servers: [{ name: 'plc', ...settings, equipment: [{ path, tags }] }],
  });

describe('renderPlantDraft', () => {
  it('is valid YAML that gives back every text, whatever names and remarks hold', () => {
    assert(
      property(string({ unit: 'grapheme', minLength: 1 }), string({ unit: 'binary' }), (name, remark) => {
        const document = parseDocument(
          render([{ name, role: 'process', nodeId: `nsu=u;s=${name}`, isLive: true, remark }], name),
        );
        expect(document.errors).toEqual([]);
        const plant = document.toJS() as { gateway: { servers: { equipment: { path: string; tags: object[] }[] }[] } };
        expect(plant.gateway.servers[0]?.equipment).toEqual([
          { path: name, tags: [{ name, role: 'process', nodeId: `nsu=u;s=${name}` }] },
        ]);
      }),
    );
  });

  it('writes equipment without a live tag as a comment', () => {
    const text = render([{ name: 'x', role: 'process', nodeId: 'i=1', isLive: false, remark: '' }]);
    expect(parseDocument(text).toJS()).toMatchObject({ gateway: { servers: [{ equipment: [] }] } });
    expect(text).toContain('# - path: a');
  });
});

describe('chooseTags', () => {
  const candidate = (name: string, more: Partial<Candidate> & { confidence?: number } = {}): Candidate => ({
    name,
    nodeId: `nsu=u;s=${name}`,
    guess: {
      role: 'energy-counter',
      unit: 'W.h',
      carrier: 'electricity',
      confidence: more.confidence ?? 0.9,
      evidence: ['a reason'],
      doubt: null,
    },
    measurementId: null,
    facets: [],
    states: null,
    range: null,
    remark: null,
    ...more,
  });

  it('takes one of several meters of an equipment: the main one with double precision', () => {
    const tags = chooseTags([
      candidate('EnergyTotal'),
      candidate('SubMeter', { measurementId: 1002, facets: ['Electricity', 'Sub1'] }),
      candidate('MainLp', { measurementId: 1001, facets: ['Electricity', 'Main'] }),
      candidate('MainHp', { measurementId: 1002, facets: ['Electricity', 'Main'] }),
    ]);
    expect(tags.filter(({ isLive }) => isLive).map(({ name }) => name)).toEqual(['MainHp']);
    expect(tags[0]?.remark).toContain('two would count twice');
  });

  it('gives tags of the same name names of their own', () => {
    const tags = chooseTags([
      candidate('T', { facets: ['Zone1'] }),
      candidate('T', { facets: ['Zone2'] }),
      candidate('T', { facets: [] }),
    ]);
    expect(new Set(tags.map(({ name }) => name)).size).toBe(3);
    expect(tags[1]?.name).toBe('Zone2.T');
  });
});

describe('splitEquipment and equipmentPath', () => {
  it.each([
    [['body', 'press-1', 'Monitoring', 'Consumption', 'Electricity', 'Main'], 'body/press-1'],
    [['PLC_1', 'DataBlocksGlobal', 'Press 3'], 'PLC_1/Press 3'],
    [['DeviceSet', '冲压机', '监控'], '冲压机'],
    [['a', 'b', 'c', 'd', 'e', 'f'], 'b/c/d/e/f'],
    [['x/y.z'], 'x-y-z'],
    [[], 'plc'],
  ])('%o', (names, path) => {
    expect(equipmentPath(splitEquipment(names).equipment, 'plc')).toBe(path);
  });
});

describe('units', () => {
  it('reads UNECE codes and the texts people write', () => {
    expect(commonCode(4_937_544)).toBe('KWH');
    expect(
      ['kWh', 'kW·h', '千瓦时', '℃', '件', 'KW', 'MW', 'mW'].map((text) => unitByText(text)?.ucum ?? null),
    ).toEqual(['kW.h', 'kW.h', 'kW.h', 'Cel', '{pcs}', 'kW', 'MW', null]);
    expect([-1, 0, 1.5, Number.NaN, 2 ** 40].map(commonCode)).toEqual([null, null, null, null, null]);
  });
});

describe('editDistance', () => {
  it('counts edits up to the limit', () => {
    expect([editDistance('GodCount', 'GoodCount', 5), editDistance('abc', 'xyz', 2), editDistance('', '', 3)]).toEqual([
      1, 2, 0,
    ]);
  });
});
