import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatChange,
  formatColumn,
  formatIntensity,
  formatInstant,
  formatNumber,
  formatScore,
  formatShare,
  formatShortInstant,
  formatUnit,
  wallClockMs,
  zoneClock,
} from './format.ts';

describe('figures for people', () => {
  it('shows no figure instead of 0 for what is not known', () => {
    for (const format of [formatNumber, formatIntensity, formatShare, formatChange, formatScore]) {
      expect(format(null, 'en')).toBe('–');
      expect(format(Number.NaN, 'zh')).toBe('–');
    }
  });

  it('keeps a real 0', () => {
    expect(formatNumber(0, 'en')).toBe('0');
    expect(formatChange(0, 'en')).toBe('0.00%');
    expect(formatIntensity(0, 'zh')).toBe('0.000');
  });

  it('shows about four digits', () => {
    expect(formatNumber(12_345.678, 'en')).toBe('12,346');
    expect(formatNumber(123.456, 'en')).toBe('123.5');
    expect(formatNumber(0.012_345, 'en')).toBe('0.0123');
    expect(formatIntensity(0.012_345, 'en')).toBe('0.0123');
    expect(formatIntensity(0.045, 'en')).toBe('0.0450');
    expect(formatIntensity(1.2, 'en')).toBe('1.200');
  });

  it('leaves the decimal out of large figures in a column', () => {
    expect([0, 42.55, 999.94, 999.96, 23_456.7].map((value) => formatColumn(value, 'en'))).toEqual([
      '0.0',
      '42.6',
      '999.9',
      '1,000',
      '23,457',
    ]);
  });

  it('shortens what a column has no room for', () => {
    expect(formatColumn(1_234_567, 'en')).toBe('1.235M');
    expect(formatColumn(1_234_567, 'zh')).toBe('123.5万');
    expect(formatColumn(1234, 'en', 0)).toBe('1,234');
    expect(formatColumn(12.6, 'en', 0)).toBe('13');
  });

  it('signs a change and writes a fall with a minus sign', () => {
    expect(formatChange(-0.0164, 'en')).toBe('−1.64%');
    expect(formatChange(0.01, 'zh')).toBe('+1.00%');
  });

  it('never rounds a score up to the threshold or to 1', () => {
    expect(formatScore(0.9899, 'en')).toBe('0.989');
    expect(formatScore(0.99, 'en')).toBe('0.990');
    expect(formatScore(0.9996, 'en')).toBe('0.999');
    expect(formatScore(1, 'en')).toBe('1.000');
  });
});

describe('instants in the time of the plant', () => {
  const instant = '2026-11-23T08:05:09.123+08:00';

  it('reads the wall clock from the text, whatever the zone of the browser', () => {
    expect(wallClockMs(instant)).toBe(Date.UTC(2026, 10, 23, 8, 5, 9));
    expect(formatInstant(instant)).toBe('2026-11-23 08:05');
    expect(formatInstant(null)).toBe('–');
  });

  it('leaves out what the reader knows', () => {
    expect(formatShortInstant(instant, '2026-11-23T23:00:00')).toBe('08:05');
    expect(formatShortInstant(instant, '2026-11-24T01:00:00')).toBe('11-23 08:05');
    expect(formatShortInstant(instant, '2027-01-01T01:00:00')).toBe('2026-11-23 08:05');
  });

  it('gives the clock of the plant for an instant', () => {
    expect(zoneClock(Date.UTC(2026, 10, 23, 16, 30), 'Asia/Shanghai')).toBe('2026-11-24T00:30:00');
  });

  it('names an age in the largest fitting unit', () => {
    expect([-5000, 8000, 300_000, 3 * 3_600_000, 3 * 86_400_000].map(formatAge)).toEqual([
      '0 s',
      '8 s',
      '5 min',
      '3 h',
      '3 d',
    ]);
  });
});

it('writes UCUM units as people write them', () => {
  expect(['kW.h', 'Cel', '{pcs}', 'bar', null, 'kW.h/{eq}'].map(formatUnit)).toEqual([
    'kWh',
    '°C',
    'pcs',
    'bar',
    '',
    'kWh/eq',
  ]);
});
