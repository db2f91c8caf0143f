import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserDirectory } from '../broker/access/users.ts';
import { temporaryFolder } from '../tests/support/stack.ts';
import type { CommandContext } from './commands/context.ts';
import { addUserToBroker, listUsersCommand, removeUserFromBroker } from './user.ts';

function context(): { readonly said: () => string; readonly context: CommandContext } {
  let text = '';
  const stdout = { write: (more: string) => ((text += more), true) };
  return { said: () => text, context: { stdout } as unknown as CommandContext };
}

describe('joulegate user', () => {
  it('makes a user with topics, whose password is only in a private file, and removes it', async () => {
    await using folder = await temporaryFolder();
    const data = join(folder.path, 'data');
    const { said, context: made } = context();
    await addUserToBroker('press-3', { data, role: 'device', publish: ['cell/%u/#'] }, made);
    const file = join(data, 'credentials', 'press-3.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { password } = JSON.parse(await readFile(file, 'utf8')) as { password: string };
    expect(said()).not.toContain(password);
    const directory = new UserDirectory(join(data, 'broker'));
    expect(await directory.verify('press-3', Buffer.from(password))).toEqual({
      username: 'press-3',
      role: 'device',
      publish: ['cell/%u/#'],
    });
    const listed = context();
    await listUsersCommand({ data, json: true }, listed.context);
    expect(JSON.parse(listed.said())).toMatchObject({ users: [{ username: 'press-3' }] });
    await removeUserFromBroker('press-3', { data }, made);
    expect(await directory.verify('press-3', Buffer.from(password))).toBeNull();
  });

  it('refuses a name or role that cannot be, and says that there is no such user', async () => {
    await using folder = await temporaryFolder();
    const data = join(folder.path, 'data');
    const { context: none } = context();
    await expect(addUserToBroker('a b', { data, role: 'device' }, none)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(addUserToBroker('a', { data, role: 'king' }, none)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(removeUserFromBroker('a', { data }, none)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
