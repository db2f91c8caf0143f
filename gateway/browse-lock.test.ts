import { readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../tests/support/stack.ts';
import { BrowseLockFile } from './browse-lock.ts';

const lock = { plc: { 'hall/press|Plant/*': [{ name: 'M1', nodeId: 'nsu=urn:plc;s=M1' }] } };

describe('the lock file of globs', () => {
  it('is empty before it is first written, and gives back what was written', async () => {
    await using folder = await temporaryFolder();
    const file = new BrowseLockFile(folder.path);
    expect(await file.read()).toEqual({});
    await file.write(lock);
    expect(await new BrowseLockFile(folder.path).read()).toEqual(lock);
    expect((await stat(file.file)).mode & 0o777).toBe(0o600);
  });

  it('is refused with the remedy when it is something else', async () => {
    await using folder = await temporaryFolder();
    const file = new BrowseLockFile(folder.path);
    for (const text of ['{', '[]', '{"plc":{"key":[{"name":1}]}}']) {
      await writeFile(file.file, text);
      await expect(file.read()).rejects.toMatchObject({
        code: 'CONFIG_UNREADABLE',
        message: expect.stringContaining('mend it, or remove it') as unknown,
      });
    }
  });

  it('notices that somebody has put the proposal in its place, and not its own writing', async () => {
    await using folder = await temporaryFolder();
    const file = new BrowseLockFile(folder.path);
    await file.write({});
    expect(await file.isChanged()).toBe(false);
    await file.propose(lock);
    await utimes(file.proposedFile, new Date(), new Date(Date.now() + 5000));
    await rename(file.proposedFile, file.file);
    expect(await file.isChanged()).toBe(true);
    expect(await file.read()).toEqual(lock);
    expect(await file.isChanged()).toBe(false);
  });

  it('withdraws a proposal that has become void', async () => {
    await using folder = await temporaryFolder();
    const file = new BrowseLockFile(folder.path);
    await file.propose(lock);
    expect(await readFile(file.proposedFile, 'utf8')).toContain('M1');
    await file.propose(null);
    await file.propose(null);
    await expect(stat(file.proposedFile)).rejects.toThrow('ENOENT');
  });
});
