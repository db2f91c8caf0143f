import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../../tests/support/stack.ts';
import type { OutboxLimits } from './outbox-database.ts';
import type { Outbox, OutboxMessage, OutboxRecord } from './outbox.ts';
import { SqliteOutbox } from './sqlite-outbox.ts';

const limits: OutboxLimits = { maxBytes: 64 * 1_048_576, requiredConsumers: ['scoring'] };

/** A message of one DataSetMessage; its payload names writer and number. */
const message = (writerId: number, sequence: number, size = 0): OutboxMessage => ({
  writerId,
  firstSequence: sequence,
  lastSequence: sequence,
  topic: `opcua/json/data/g/s/${writerId}`,
  payload: Buffer.from(`${writerId}:${sequence}`.padEnd(size, '.')),
});
const named = (records: readonly OutboxRecord[]): string[] =>
  records.map(({ writerId, lastSequence }) => `${writerId}:${lastSequence}`);

async function fill(outbox: Outbox, writerId: number, from: number, to: number): Promise<void> {
  for (let sequence = from; sequence <= to; sequence += 1) await outbox.append([message(writerId, sequence)]);
}

/** A folder, and an outbox in it that can be opened again. */
async function place(more: Partial<OutboxLimits> = {}) {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'outbox.db');
  return {
    file,
    open: () => SqliteOutbox.open(file, { ...limits, ...more }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('the outbox keeps order and positions', () => {
  it('hands out what was appended in order, with ids that rise by one', async () => {
    await using where = await place();
    await using outbox = await where.open();
    const writer = await outbox.writerId('hall/line/press');
    const { lastId } = await outbox.append([message(writer, 1), message(writer, 2), message(writer, 3)]);
    const records = await outbox.read(0, 10);
    expect(records.map(({ id }) => id)).toEqual([lastId - 2, lastId - 1, lastId]);
    expect(records.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['1:1', '1:2', '1:3']);
  });

  it('gives a writer the same number for ever', async () => {
    await using where = await place();
    const first = await where.open();
    const numbers = [await first.writerId('a/b/c'), await first.writerId('a/b/d')];
    await first[Symbol.asyncDispose]();
    await using again = await where.open();
    expect([await again.writerId('a/b/c'), await again.writerId('a/b/d')]).toEqual(numbers);
  });

  it('goes on with sequence numbers, position and notes after a restart, also when everything was committed', async () => {
    await using where = await place();
    const first = await where.open();
    const writer = await first.writerId('a');
    await first.append([message(writer, 1), message(writer, 2)], new Map([[writer, 'note']]));
    await first.markSent((await first.read(0, 10)).at(-1)?.id ?? 0);
    await first.commit('scoring', { [String(writer)]: 2 });
    await first[Symbol.asyncDispose]();
    await using again = await where.open();
    const state = await again.state();
    expect(state.sequences.get(writer)).toBe(2);
    expect(state.notes.get(writer)).toBe('note');
    expect(state.depth).toBe(0);
    const { lastId } = await again.append([message(writer, 3)]);
    expect(lastId).toBeGreaterThan(state.sentId);
  });

  it('keeps the order of each writer when it is read apart', async () => {
    await using where = await place();
    await using outbox = await where.open();
    const [a, b] = [await outbox.writerId('a'), await outbox.writerId('b')];
    for (let sequence = 1; sequence <= 5; sequence += 1)
      await outbox.append([message(a, sequence), message(b, sequence)]);
    expect(named(await outbox.readWriter(b, 2, 2))).toEqual([`${b}:3`, `${b}:4`]);
    expect(await outbox.backlog(4)).toEqual([
      { writerId: a, count: 3, firstSequence: 3, lastId: 9 },
      { writerId: b, count: 3, firstSequence: 3, lastId: 10 },
    ]);
  });

  it('finds the place to resend from by the numbers a consumer has', async () => {
    await using where = await place();
    await using outbox = await where.open();
    const [a, b] = [await outbox.writerId('a'), await outbox.writerId('b')];
    await fill(outbox, a, 1, 4);
    await fill(outbox, b, 1, 4);
    const all = await outbox.read(0, 100);
    await outbox.markSent(all.at(-1)?.id ?? 0);
    const before = await outbox.positionBefore({ [String(a)]: 4, [String(b)]: 2 });
    expect(named(await outbox.read(before, 100))).toEqual([`${b}:3`, `${b}:4`]);
    expect(await outbox.positionBefore({ [String(a)]: 4 })).toBe(4);
  });
});

describe('a record leaves the outbox', () => {
  it('only when every required consumer has committed it', async () => {
    await using where = await place({ requiredConsumers: ['scoring', 'archive'] });
    await using outbox = await where.open();
    const writer = await outbox.writerId('a');
    await fill(outbox, writer, 1, 5);
    await outbox.markSent((await outbox.read(0, 100)).at(-1)?.id ?? 0);
    await outbox.commit('scoring', { [String(writer)]: 5 });
    expect((await outbox.state()).depth).toBe(5);
    await outbox.commit('archive', { [String(writer)]: 3 });
    expect(named(await outbox.readWriter(writer, 0, 10))).toEqual([`${writer}:4`, `${writer}:5`]);
  });

  it('not by the commit of a consumer nobody requires', async () => {
    await using where = await place();
    await using outbox = await where.open();
    const writer = await outbox.writerId('a');
    await fill(outbox, writer, 1, 2);
    await outbox.read(0, 100);
    await outbox.commit('stranger', { [String(writer)]: 2 });
    expect((await outbox.state()).depth).toBe(2);
  });

  it('by acknowledgement of the broker where no consumer is required', async () => {
    await using where = await place({ requiredConsumers: [] });
    await using outbox = await where.open();
    await fill(outbox, await outbox.writerId('a'), 1, 5);
    await outbox.markSent(3);
    expect((await outbox.state()).depth).toBe(2);
  });

  it('not by a commit that runs ahead of what was handed out, and a commit never moves back', async () => {
    await using where = await place();
    await using outbox = await where.open();
    const writer = await outbox.writerId('a');
    await fill(outbox, writer, 1, 10);
    await outbox.read(0, 4);
    await outbox.commit('scoring', { [String(writer)]: 4_000_000_000, '77': 5 });
    expect(named(await outbox.readWriter(writer, 0, 1))).toEqual([`${writer}:5`]);
    await outbox.commit('scoring', { [String(writer)]: 1 });
    await fill(outbox, writer, 11, 11);
    expect((await outbox.state()).depth).toBe(7);
  });

  it('not by a forged commit that waits retained while the gateway starts', async () => {
    await using where = await place();
    const first = await where.open();
    const writer = await first.writerId('a');
    await fill(first, writer, 1, 6);
    await first.read(0, 2);
    await first.markSent(2);
    await first[Symbol.asyncDispose]();
    await using again = await where.open();
    await again.commit('scoring', { [String(writer)]: 6 });
    expect(named(await again.read(0, 10))).toEqual([3, 4, 5, 6].map((sequence) => `${writer}:${sequence}`));
  });
});

describe('the bounds of the outbox', () => {
  it('let the oldest go, counted, and say how full it is', async () => {
    await using where = await place({ maxBytes: 1_048_576 });
    await using outbox = await where.open();
    const writer = await outbox.writerId('a');
    let dropped = 0;
    let fullest = 0;
    for (let sequence = 1; sequence <= 300; sequence += 1) {
      dropped += (await outbox.append([message(writer, sequence, 8192)])).dropped;
      fullest = Math.max(fullest, (await outbox.state()).fill);
    }
    const { depth, fill } = await outbox.state();
    expect(dropped + depth).toBe(300);
    expect(dropped).toBeGreaterThan(100);
    expect(fullest).toBeLessThanOrEqual(1);
    expect(fill).toBeGreaterThan(0.5);
    const left = await outbox.readWriter(writer, 0, 1000);
    expect(left.at(-1)?.lastSequence).toBe(300);
    expect(left[0]?.lastSequence).toBe(dropped + 1);
  });

  it('let go what is older than the longest age', async () => {
    await using where = await place();
    const first = await where.open();
    const writer = await first.writerId('a');
    await fill(first, writer, 1, 3);
    await first[Symbol.asyncDispose]();
    const written = Date.now();
    await eventually('a later instant', () => Date.now() > written + 1);
    await using again = await SqliteOutbox.open(where.file, { ...limits, maxAgeMs: 1 });
    const { dropped } = await again.append([message(writer, 4)]);
    expect(dropped).toBe(3);
  });

  it('give disk space back after a backlog has left', async () => {
    await using where = await place();
    await using outbox = await where.open();
    const writer = await outbox.writerId('a');
    const batch = (from: number) => Array.from({ length: 100 }, (_, index) => message(writer, from + index, 8192));
    for (let from = 1; from < 2000; from += 100) await outbox.append(batch(from));
    await outbox.readWriter(writer, 0, 5000);
    for (let sequence = 500; sequence <= 2000; sequence += 250)
      await outbox.commit('scoring', { [String(writer)]: sequence });
    const { depth, bytes } = await outbox.state();
    expect({ depth, bytes }).toEqual({ depth: 0, bytes: 0 });
  });
});
