import { describe, expect, it } from 'vitest';
import { guessTag, type TagFacts } from './tag-guess.ts';

const facts = (name: string, more: Partial<TagFacts> = {}): TagFacts => ({
  names: [name],
  dataType: 'Double',
  unit: null,
  measurementId: null,
  ...more,
});

describe('guessTag', () => {
  it.each([
    ['X', { measurementId: 1002, unit: 'WHR' }, { role: 'energy-counter', unit: 'W.h', confidence: 0.99 }],
    ['X', { measurementId: 1412 }, { role: 'power', unit: 'W', confidence: 0.99 }],
    ['X', { measurementId: 1005 }, { doubt: 'energy that is fed out is not consumption' }],
    ['X', { measurementId: 1002, unit: 'KWT' }, { doubt: 'unit KWT contradicts the MeasurementID' }],
    ['总表', { unit: 'KWH' }, { role: 'energy-counter', unit: 'kW.h', carrier: 'electricity' }],
    ['热量', { unit: 'GV' }, { role: 'energy-counter', unit: 'GJ', carrier: 'heat' }],
    ['天然气用量', { unit: '立方米' }, { role: 'energy-counter', unit: 'm3', carrier: 'natural-gas' }],
    ['有功功率_kW', {}, { role: 'power', unit: 'kW', doubt: null }],
    ['ActiveEnergyKWh', {}, { role: 'energy-counter', unit: 'kW.h', doubt: null }],
    ['TotalEnergy', {}, { role: 'energy-counter', doubt: 'its unit is not known; set it' }],
    ['功率因数', {}, { role: 'process' }],
    ['PowerFactor', {}, { role: 'process' }],
    ['产量计数', {}, { role: 'output-counter', unit: '{pcs}' }],
    ['GoodParts', {}, { role: 'output-counter' }],
    ['ScrapCount', { unit: 'H87' }, { role: 'scrap-counter' }],
    ['废品数', {}, { role: 'scrap-counter' }],
    ['NOK_Parts', {}, { role: 'scrap-counter' }],
    ['运行状态', { dataType: 'Int32' }, { role: 'state' }],
    ['MachineState', { dataType: 'Int32' }, { role: 'state' }],
    ['工单号', { dataType: 'String' }, { role: 'order' }],
    ['ProductName', { dataType: 'String' }, { role: 'product' }],
    ['轴承温度', {}, { role: 'process' }],
    ['振动', { unit: 'C16' }, { role: 'process', unit: 'mm/s' }],
  ] as const)('%s %o', (name, more, expected) => {
    expect(guessTag(facts(name, more))).toMatchObject(expected);
  });

  it('doubts a role whose data type does not fit', () => {
    expect(guessTag(facts('Power', { unit: 'KWT', dataType: 'String' }))).toMatchObject({
      confidence: 0.2,
      doubt: 'data type String does not fit role power',
    });
  });

  it('says nothing where nothing speaks for any role', () => {
    expect(guessTag(facts('Foo7'))).toBeNull();
  });
});
