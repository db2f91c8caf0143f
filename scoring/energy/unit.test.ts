import { describe, expect, it } from 'vitest';
import { energyFactorKwh, powerFactorKw } from './unit.ts';

describe('units of energy and power', () => {
  it('keeps milli and mega apart', () => {
    expect(powerFactorKw('MW')).toBe(1000);
    expect(powerFactorKw('mW')).toBe(1e-6);
    expect(energyFactorKwh('MJ')).toBe(1 / 3.6);
    expect(energyFactorKwh('mJ')).toBe(1 / 3.6e9);
    expect(energyFactorKwh('MWh')).toBe(1000);
    expect(energyFactorKwh('mW.h')).toBe(1e-6);
  });

  it('refuses a spelling that may mean milli or mega', () => {
    for (const unit of ['mwh', 'mw.h', 'mj', 'Mj']) expect(energyFactorKwh(unit)).toBeNull();
    expect(powerFactorKw('mw')).toBeNull();
  });

  it('takes UCUM, common text and UNECE codes in any case that is clear', () => {
    for (const unit of ['kW.h', 'kWh', 'KWH', 'kwh', ' kW·h ']) expect(energyFactorKwh(unit)).toBe(1);
    expect(energyFactorKwh('GV')).toBe(energyFactorKwh('GJ'));
    expect(energyFactorKwh('3B')).toBe(energyFactorKwh('MJ'));
    expect(powerFactorKw('MAW')).toBe(1000);
  });

  it('refuses what is no scale of the quantity, and what is missing', () => {
    for (const unit of ['kW', 'm3', 'constructor', '', undefined]) expect(energyFactorKwh(unit)).toBeNull();
    for (const unit of ['kW.h', 'kVA', '__proto__', undefined]) expect(powerFactorKw(unit)).toBeNull();
  });
});
