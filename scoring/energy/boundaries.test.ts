import { describe, expect, it } from 'vitest';
import type { TagDescription } from '../../broker/contract/tag.ts';
import { boundariesOf, energyChain, NO_BOUNDARIES } from './boundaries.ts';
import { EquipmentLedger } from './equipment-ledger.ts';
import { createLocalDays } from './local-day.ts';
import { WindowBook } from './window-book.ts';

const above = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
};
const chain = (path: string, boundaries = NO_BOUNDARIES) => energyChain(path, above(path), boundaries);

describe('what a machine is part of', () => {
  it('is line, area and site without boundaries', () => {
    expect(chain('body/press/p1')).toEqual(['body/press', 'body', '']);
  });

  it('ends below an object with a main meter, which itself counts upward from there', () => {
    const boundaries = boundariesOf({ mainMeters: { 'body/press': 'body/press/feeder', '': 'hv/room/main' } });
    expect(chain('body/press/p1', boundaries)).toEqual([]);
    expect(chain('body/press/feeder', boundaries)).toEqual(['body/press', 'body']);
    expect(chain('body/weld/w1', boundaries)).toEqual(['body/weld', 'body']);
    expect(chain('hv/room/main', boundaries)).toEqual(['']);
  });

  it('ends at an independent object', () => {
    const boundaries = boundariesOf({ independent: ['canteen', 'body/press/p9'] });
    expect(chain('canteen/kitchen/oven', boundaries)).toEqual(['canteen/kitchen', 'canteen']);
    expect(chain('body/press/p9', boundaries)).toEqual([]);
  });
});

describe('a line with a main meter', () => {
  it('has the energy of its meter, the pieces of its machines, and a residual', () => {
    const tags: readonly TagDescription[] = [{ name: 'Energy', role: 'energy-counter', unit: 'kW.h' }];
    const pieces: TagDescription = { name: 'Good', role: 'output-counter', unit: '{pcs}', boundaryOutput: true };
    const boundaries = boundariesOf({ mainMeters: { 'body/press': 'body/press/feeder' } });
    const book = new WindowBook(createLocalDays('Asia/Shanghai'));
    const start = Date.UTC(2026, 0, 5);
    const open = (path: string, own: readonly TagDescription[]) => {
      const objects = above(path).map((object) => ({
        path: object,
        level: object === '' ? ('site' as const) : ('line' as const),
      }));
      const counted = new Set(chain(path, boundaries));
      return new EquipmentLedger(
        own,
        {
          equipment: book.cursor([{ path, level: 'equipment' }]),
          chain: book.cursor(objects.filter((object) => counted.has(object.path))),
          pieces: book.cursor(objects),
        },
        book,
        { maxGapMs: 300_000, onIssue: () => undefined },
      );
    };
    const feeder = open('body/press/feeder', tags);
    const press = open('body/press/p1', [...tags, pieces]);
    for (let minute = 0; minute <= 60; minute += 1) {
      const at = start + minute * 60_000;
      feeder.sample('Energy', minute * 2, at);
      press.sample('Energy', minute * 1.5, at);
      press.sample('Good', minute, at);
    }
    const hour = (path: string) => book.peek(path, '1h', start);
    expect(hour('body/press')).toMatchObject({ energyKwh: 120, output: 60 });
    expect(hour('body/press/p1')).toMatchObject({ energyKwh: 90 });
    expect(hour('')).toMatchObject({ energyKwh: 120, output: 60 });
  });
});
