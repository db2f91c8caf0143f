import { describe, expect, it } from 'vitest';
import { limitsOf, profileOf } from './vendor-limits.ts';

describe('profileOf', () => {
  it.each([
    [{ manufacturerName: 'Siemens AG', productName: 'CPU 1214C DC/DC/DC' }, 's7-1200'],
    [{ manufacturerName: 'Siemens AG', productUri: 'https://www.siemens.com/s7-1500' }, 's7-1500'],
    [{ productName: 'KEPServerEX' }, 'kepware'],
    [{ manufacturerName: 'Inductive Automation', productName: 'Ignition OPC UA Server' }, 'ignition'],
    [{ productName: 'SimulationServer', manufacturerName: 'Prosys OPC Ltd' }, 'prosys'],
    [{ manufacturerName: 'Joulegate', productName: 'Joulegate demo plant' }, null],
    [{ manufacturerName: null }, null],
  ])('knows a product by its BuildInfo: %o', (buildInfo, name) => {
    expect(profileOf(buildInfo)).toBe(name);
  });

  it('gives the sizes the product bears', () => {
    expect(limitsOf('s7-1200')).toEqual({ maxMonitoredItemsPerCall: 100, maxMonitoredItems: 1000 });
  });
});
