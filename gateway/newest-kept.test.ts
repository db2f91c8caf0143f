import { describe, expect, it } from 'vitest';
import { NewestKept } from './newest-kept.ts';
import { mapTags } from './tags/tag-map.ts';
import type { ValueBatch } from './tags/value-batch.ts';

const T0 = Date.UTC(2026, 0, 5);

const mapOf = (names: readonly string[]) =>
  mapTags(
    { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' },
    {
      servers: [
        {
          name: 'plc',
          endpoint: 'opc.tcp://plc:4840',
          securityMode: 'best',
          securityPolicy: 'best',
          trustServerCertificate: 'pinned',
          equipment: [
            {
              path: 'a/b/press',
              tags: names.map((name) => ({ name, role: 'process' as const, nodeId: `nsu=u;s=${name}` })),
            },
          ],
        },
      ],
    },
    () => Promise.resolve(7),
  );

function batchOf(rows: readonly (readonly [handle: number, at: number])[], origin?: ValueBatch['origin']): ValueBatch {
  return {
    handles: Int32Array.from(rows, ([handle]) => handle),
    kinds: new Uint8Array(rows.length).fill(1),
    numbers: new Float64Array(rows.length),
    times: Float64Array.from(rows, ([, at]) => at),
    statuses: new Uint32Array(rows.length),
    others: new Map(),
    ...(origin === undefined ? {} : { origin }),
  };
}
const all = (batch: ValueBatch) => Int32Array.from(batch.handles, (_, index) => index);

describe('the newest source times that are on disk', () => {
  it('are noted for tags with a history only, and never go back', async () => {
    const map = await mapOf(['Energy', 'Power']);
    const [energy = 0, power = 0] = [...map.tags.keys()];
    const [writer] = map.writers;
    if (writer === undefined) throw new Error('no writer');
    const newest = new NewestKept(map, new Map());
    const batch = batchOf([
      [energy, T0],
      [power, T0],
      [energy, T0 + 5],
      [energy, T0 + 2],
    ]);
    expect(newest.note(writer, batch, all(batch))).toBeNull();
    newest.setHistorized([energy]);
    expect(newest.note(writer, batch, all(batch))).toEqual({ Energy: T0 + 5 });
    expect(newest.note(writer, batch, all(batch))).toBeNull();
    const old = batchOf([[energy, T0 + 9]], 'history');
    expect(newest.note(writer, old, all(old))).toBeNull();
    expect([...newest.timesOf('plc')]).toEqual([[energy, T0 + 5]]);
  });

  it('carry the gaps that are being filled, so that a process that ends meanwhile goes on where it was', async () => {
    const map = await mapOf(['Energy', 'Power']);
    const [energy = 0, power = 0] = [...map.tags.keys()];
    const [writer] = map.writers;
    if (writer === undefined) throw new Error('no writer');
    const newest = new NewestKept(map, new Map());
    newest.setHistorized([energy]);
    const say = (rows: readonly (readonly [number, number])[], origin?: ValueBatch['origin']) => {
      const batch = batchOf(rows, origin);
      return newest.note(writer, batch, all(batch));
    };
    say([[energy, T0]]);
    newest.openGaps([
      { handle: energy, from: T0, to: T0 + 60 },
      { handle: power, from: T0, to: T0 + 60 },
    ]);
    // The value that ends the gap is not there yet: the next life finds the gap by itself.
    expect(newest.gapsOf('plc')).toEqual([]);
    expect(say([[energy, T0 + 60]])).toEqual({ Energy: [T0 + 60, T0, T0 + 60] });
    const half = say(
      [
        [energy, T0 + 20],
        [energy, T0 + 30],
      ],
      'history',
    );
    expect(half).toEqual({ Energy: [T0 + 60, T0 + 30, T0 + 60] });

    const next = new NewestKept(map, new Map([[7, half ?? {}]]));
    expect([...next.timesOf('plc')]).toEqual([[energy, T0 + 60]]);
    expect(next.gapsOf('plc')).toEqual([{ handle: energy, from: T0 + 30, to: T0 + 60 }]);
    next.endGaps(next.gapsOf('plc'));
    const batch = batchOf([[energy, T0 + 70]]);
    expect(next.note(writer, batch, all(batch))).toEqual({ Energy: T0 + 70 });
  });

  it('come back by the name of the field after a restart, whatever number the tag has then', async () => {
    const map = await mapOf(['New', 'Power', 'Energy']);
    const energy = [...map.tags.values()].find(({ tag }) => tag.name === 'Energy')?.handle;
    const newest = new NewestKept(map, new Map([[7, { Energy: T0 + 5, Gone: T0 }]]));
    expect([...newest.timesOf('plc')]).toEqual([[energy, T0 + 5]]);
  });
});
