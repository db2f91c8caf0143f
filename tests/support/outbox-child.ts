/**
 * An outbox in a process of its own, steered by JSON lines (tests/support/line-process.ts). Arguments: folder, outbox limits
 * as JSON. Messages of one writer carry their number as text.
 */
import { rmSync, writeSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OutboxLimits } from '../../gateway/outbox/outbox-database.ts';
import { SqliteOutbox } from '../../gateway/outbox/sqlite-outbox.ts';

type Command = {
  readonly do: string;
  readonly id: number;
  readonly count?: number;
  readonly bytes?: number;
  readonly to?: number;
};

const [folder = '.', limits = '{}'] = process.argv.slice(2);
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const outbox = await SqliteOutbox.open(join(folder, 'outbox.db'), JSON.parse(limits) as OutboxLimits);
const writer = await outbox.writerId('hall/line/machine');
let sequence = (await outbox.state()).sequences.get(writer) ?? 0;
const foreign = join(folder, 'foreign.bin');
say({ kind: 'ready' });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  try {
    say({ kind: 'reply', id: command.id, result: await obey(command) });
  } catch (error) {
    say({
      kind: 'reply',
      id: command.id,
      error: error instanceof Error ? `${'code' in error ? String(error.code) : ''} ${error.message}` : '',
    });
  }
  if (command.do === 'stop') break;
}
await outbox[Symbol.asyncDispose]();
process.exit(0);

async function obey({ do: what, count = 1, bytes = 100, to = 0 }: Command): Promise<unknown> {
  switch (what) {
    case 'append': {
      const from = sequence + 1;
      const batch = Array.from({ length: count }, (_, index) => ({
        writerId: writer,
        firstSequence: from + index,
        lastSequence: from + index,
        topic: 't/machine',
        payload: Buffer.from(String(from + index).padEnd(bytes, ' ')),
      }));
      const { dropped } = await outbox.append(batch);
      sequence += count;
      return dropped;
    }
    case 'read':
      return (await outbox.readWriter(writer, 0, 1_000_000)).map(({ payload }) =>
        Number(Buffer.from(payload).toString().trim()),
      );
    case 'commit':
      await outbox.commit('scoring', { [String(writer)]: to });
      return true;
    case 'state': {
      const { depth, bytes: held, damaged } = await outbox.state();
      return { depth, bytes: held, damaged, sequence };
    }
    case 'fill-disk':
      return fillDisk();
    case 'free-disk':
      rmSync(foreign, { force: true });
      return true;
    default:
      return null;
  }
}

/** Another program writes until the disk has not a byte left. */
function fillDisk(): number {
  const descriptor = openSync(foreign, 'a');
  let written = 0;
  for (const size of [65_536, 4096, 512, 1]) {
    try {
      for (;;) written += writeSync(descriptor, Buffer.alloc(size));
    } catch {
      // Full for pieces of this size.
    }
  }
  closeSync(descriptor);
  return written;
}
