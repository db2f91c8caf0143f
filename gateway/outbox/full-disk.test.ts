import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startLineProcess, type LineProcess } from '../../tests/support/line-process.ts';
import { temporaryFolder } from '../../tests/support/stack.ts';

const script = fileURLToPath(new URL('../../tests/support/outbox-child.ts', import.meta.url));
const limits = JSON.stringify({ maxBytes: 1024 * 1_048_576, requiredConsumers: ['scoring'] });
type State = { readonly depth: number; readonly damaged: number; readonly sequence: number };

/** The outbox on a file system of its own in memory, of this size. Needs user namespaces, which any Linux of today has. */
function onSmallDisk(folder: string, megabytes: number): Promise<LineProcess> {
  const command = `mount -t tmpfs -o size=${megabytes}m none "$0" && exec "$1" "$2" "$0" "$3"`;
  return startLineProcess('unshare', [
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    command,
    folder,
    process.execPath,
    script,
    limits,
  ]);
}

/** No file may grow beyond this; the signal that goes with it is ignored, as services do. */
function withFileLimit(folder: string, kilobytes: number): Promise<LineProcess> {
  const command = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$0" "$1" "$2" "$3"`;
  return startLineProcess('bash', ['-c', command, process.execPath, script, folder, limits]);
}

/** Appends until the outbox refuses. */
async function appendUntilFull(outbox: LineProcess): Promise<string> {
  for (let round = 0; round < 2000; round += 1) {
    try {
      await outbox.ask({ do: 'append', count: 10, bytes: 2000 });
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  }
  return 'never full';
}

const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, index) => from + index);

describe('a full disk', () => {
  it('is said as OUTBOX_FULL, keeps what was accepted, and is over when there is room again', async () => {
    await using folder = await temporaryFolder();
    await using outbox = await onSmallDisk(folder.path, 24);
    await outbox.ask({ do: 'append', count: 50 });
    expect(await outbox.ask({ do: 'fill-disk' })).toBeGreaterThan(0);
    expect(await appendUntilFull(outbox)).toMatch(/^OUTBOX_FULL/);
    const { sequence } = await outbox.ask<State>({ do: 'state' });
    expect(await outbox.ask({ do: 'read' })).toEqual(upTo(sequence));
    await outbox.ask({ do: 'free-disk' });
    await outbox.ask({ do: 'append', count: 10 });
    expect(await outbox.ask({ do: 'read' })).toEqual(upTo(sequence + 10));
  });

  it('does not stop commits from making room', async () => {
    await using folder = await temporaryFolder();
    await using outbox = await onSmallDisk(folder.path, 24);
    await outbox.ask({ do: 'append', count: 200, bytes: 2000 });
    await outbox.ask({ do: 'fill-disk' });
    await appendUntilFull(outbox);
    const { sequence } = await outbox.ask<State>({ do: 'state' });
    await outbox.ask({ do: 'read' });
    await outbox.ask({ do: 'commit', to: sequence });
    expect((await outbox.ask<State>({ do: 'state' })).depth).toBe(0);
    await outbox.ask({ do: 'append', count: 20, bytes: 2000 });
    expect(await outbox.ask({ do: 'read' })).toEqual(upTo(sequence + 20, sequence + 1));
  });

  it('of a quota is the same', async () => {
    await using folder = await temporaryFolder();
    await using outbox = await withFileLimit(folder.path, 5000);
    expect(await appendUntilFull(outbox)).toMatch(/^OUTBOX_FULL/);
    const { sequence, damaged } = await outbox.ask<State>({ do: 'state' });
    expect(sequence).toBeGreaterThan(100);
    expect(damaged).toBe(0);
    expect(await outbox.ask({ do: 'read' })).toEqual(upTo(sequence));
  });
});
