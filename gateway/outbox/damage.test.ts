import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/stack.ts';
import { OutboxDatabase } from './outbox-database.ts';

const limits = { maxBytes: 64 * 1_048_576, requiredConsumers: ['scoring'] };
const COUNT = 60;
const open = (file: string): OutboxDatabase => new OutboxDatabase(file, limits, () => 1000);
const textOf = (sequence: number): string => `value ${sequence} `.repeat(30 + sequence);

/** Appends messages 1 to COUNT of writer `a`, one commit each. */
function fill(database: OutboxDatabase): number {
  const writerId = database.writerId('hall/line/a');
  for (let sequence = 1; sequence <= COUNT; sequence += 1) {
    const payload = Buffer.from(textOf(sequence));
    database.append([{ writerId, firstSequence: sequence, lastSequence: sequence, topic: 't/a', payload }]);
  }
  return writerId;
}

/** What an outbox still hands out; a wrong text would be a value nobody measured. */
function survivors(file: string): { readonly sequences: number[]; readonly wrong: number; readonly damaged: number } {
  const database = open(file);
  try {
    const records = database.read(0, 1000);
    const wrong = records.filter(
      ({ payload, lastSequence }) => Buffer.from(payload).toString() !== textOf(lastSequence),
    ).length;
    return { sequences: records.map(({ lastSequence }) => lastSequence), wrong, damaged: database.state().damaged };
  } finally {
    database.close();
  }
}

describe('a power cut or a bad block', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  /** A log that was closed: everything in one file. */
  let closed = '';
  /** A log as a cut leaves it: the newest commits in the write-ahead log. */
  let cut = '';
  const victim = (): string => join(folder.path, 'victim.db');
  const take = (source: string): void => {
    for (const ending of ['-wal', '-shm', '.damaged', '.damaged-wal', '.repaired'])
      rmSync(victim() + ending, { force: true });
    copyFileSync(source, victim());
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    closed = join(folder.path, 'closed.db');
    const first = open(closed);
    fill(first);
    first.close();
    const running = join(folder.path, 'running.db');
    const second = open(running);
    fill(second);
    cut = join(folder.path, 'cut.db');
    copyFileSync(running, cut);
    copyFileSync(`${running}-wal`, `${cut}-wal`);
    second.close();
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it('that cuts the write-ahead log at any byte of its last record loses at most that record', () => {
    const wal = readFileSync(`${cut}-wal`);
    const whole = survivorsOfCut(wal);
    expect(whole.sequences).toHaveLength(COUNT);
    const lastRecord = wal.lastIndexOf(Buffer.from(textOf(COUNT).slice(0, 20)));
    expect(lastRecord).toBeGreaterThan(0);
    for (let length = lastRecord; length < wal.length; length += 7) {
      const { sequences, wrong } = survivorsOfCut(wal.subarray(0, length));
      expect(wrong).toBe(0);
      expect(sequences.slice(0, COUNT - 1), `cut at ${length} of ${wal.length}`).toEqual(
        whole.sequences.slice(0, COUNT - 1),
      );
    }
    function survivorsOfCut(bytes: Buffer) {
      take(cut);
      writeFileSync(`${victim()}-wal`, bytes);
      return survivors(victim());
    }
  });

  it('that cuts the file inside its last page loses what stood there, says how much, and delivers the rest', () => {
    const size = readFileSync(closed).length;
    for (let missing = 1; missing < 4096; missing += 127) {
      take(closed);
      truncateSync(victim(), size - missing);
      const { sequences, wrong, damaged } = survivors(victim());
      expect(wrong).toBe(0);
      expect(sequences.length + damaged, `${missing} bytes missing`).toBeGreaterThanOrEqual(COUNT);
      expect(sequences.length).toBeGreaterThan(COUNT - 12);
    }
  });

  it('that flips a byte of a payload takes that record and no other, counted', () => {
    const bytes = readFileSync(closed);
    const at = bytes.indexOf(Buffer.from(textOf(31).slice(0, 40)));
    expect(at).toBeGreaterThan(0);
    take(closed);
    bytes.writeUInt8(bytes.readUInt8(at + 20) ^ 1, at + 20);
    writeFileSync(victim(), bytes);
    const { sequences, wrong, damaged } = survivors(victim());
    expect(wrong).toBe(0);
    expect(sequences).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1).filter((number) => number !== 31));
    expect(damaged).toBe(1);
  });

  it('that flips a byte anywhere never brings out a wrong value, and takes a page of records at most', () => {
    const bytes = readFileSync(closed);
    let silent = 0;
    for (let at = 0; at < bytes.length; at += 211) {
      take(closed);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0x40, at);
      writeFileSync(victim(), flipped);
      const { sequences, wrong, damaged } = survivors(victim());
      expect(wrong, `byte ${at}`).toBe(0);
      expect(sequences.length, `byte ${at}`).toBeGreaterThan(COUNT - 12);
      if (sequences.length + damaged < COUNT) silent += 1;
    }
    expect(silent).toBe(0);
  });

  it('leaves the sequence numbers where they were, so that no reader takes a new message for a repeat', () => {
    const bytes = readFileSync(closed);
    const row = bytes.indexOf(Buffer.from('hall/line/a'));
    take(closed);
    bytes.writeUInt8(bytes.readUInt8(row + 'hall/line/a'.length) ^ 0x20, row + 'hall/line/a'.length);
    writeFileSync(victim(), bytes);
    const database = open(victim());
    expect(database.state().sequences.get(1)).toBe(COUNT);
    expect(database.state().damaged).toBeGreaterThan(0);
    database.close();
  });

  it('during a repair loses nothing: the next start takes the repaired file', () => {
    take(closed);
    rmSync(victim());
    copyFileSync(closed, `${victim()}.repaired`);
    expect(survivors(victim()).sequences).toHaveLength(COUNT);
  });
});
