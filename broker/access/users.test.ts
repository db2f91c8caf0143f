import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/stack.ts';
import { ensureUsers, listUsers, removeUser, setPassword, UserDirectory } from './users.ts';

const viewer = { username: 'viewer', role: 'viewer' } as const;

describe('the users of the broker', () => {
  it('are made with generated passwords once, and kept readable for their owner only', async () => {
    await using folder = await temporaryFolder();
    const [made] = await ensureUsers(folder.path, [viewer]);
    expect(made?.password.length).toBeGreaterThanOrEqual(24);
    expect(await ensureUsers(folder.path, [viewer])).toEqual([]);
    const file = join(folder.path, 'users.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain(made?.password);
  });

  it('are verified, and a change of the file counts without a restart', async () => {
    await using folder = await temporaryFolder();
    const [made] = await ensureUsers(folder.path, [viewer]);
    const directory = new UserDirectory(folder.path);
    expect(await directory.verify('viewer', Buffer.from(made?.password ?? ''))).toEqual(viewer);
    expect(await directory.verify('viewer', Buffer.from('wrong'))).toBeNull();
    expect(await directory.verify('nobody', Buffer.from('wrong'))).toBeNull();
    await setPassword(folder.path, viewer, 'a new and longer password');
    expect(await directory.verify('viewer', Buffer.from(made?.password ?? ''))).toBeNull();
    expect(await directory.verify('viewer', Buffer.from('a new and longer password'))).toEqual(viewer);
    expect(await removeUser(folder.path, 'viewer')).toBe(true);
    expect(await removeUser(folder.path, 'viewer')).toBe(false);
    expect(await listUsers(folder.path)).toEqual([]);
  });

  it('in a damaged file are an error that says what to do, and nobody gets in', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'users.json'), '{"users": [{"username": "x"}]}');
    await expect(ensureUsers(folder.path, [viewer])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('users.json'),
    });
  });
});
