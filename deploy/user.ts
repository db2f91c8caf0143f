import { randomBytes } from 'node:crypto';
import { JoulegateError } from '../broker/contract/error.ts';
import { listUsers, removeUser, setPassword, userRoles, type User } from '../broker/main.ts';
import type { CommandContext } from './commands/context.ts';
import { openDataDir, serviceDir, writeCredentials } from './data-dir.ts';

export type UserOptions = {
  readonly data: string;
  readonly json?: boolean;
  readonly role?: string;
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly wildcards?: boolean;
};

/** `joulegate user list` */
export async function listUsersCommand(options: UserOptions, context: CommandContext): Promise<void> {
  const users = await listUsers(await serviceDir(await openDataDir(options.data), 'broker'));
  const line = ({ username, role, publish, subscribe }: User): string =>
    `${username}  ${role}${publish === undefined ? '' : `  publish ${publish.join(' ')}`}${subscribe === undefined ? '' : `  subscribe ${subscribe.join(' ')}`}\n`;
  const text = users.length === 0 ? 'No users yet; "joulegate broker" makes the first.\n' : users.map(line).join('');
  context.stdout.write(options.json === true ? `${JSON.stringify({ users })}\n` : text);
}

/** `joulegate user add <name>` @throws JoulegateError USAGE for a name or role that cannot be. */
export async function addUserToBroker(name: string, options: UserOptions, context: CommandContext): Promise<void> {
  const role = userRoles.find((known) => known === options.role);
  if (role === undefined)
    throw new JoulegateError('USAGE', `"${options.role ?? ''}" is no role; use one of ${userRoles.join(', ')}`);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name))
    throw new JoulegateError('USAGE', `"${name}" is no user name; use up to 64 letters, digits, dots, dashes`);
  const { publish, subscribe, wildcards } = options;
  const dataDir = await openDataDir(options.data);
  const password = randomBytes(24).toString('base64url');
  await setPassword(
    await serviceDir(dataDir, 'broker'),
    {
      username: name,
      role,
      ...(publish === undefined ? {} : { publish }),
      ...(subscribe === undefined ? {} : { subscribe }),
      ...(wildcards === undefined ? {} : { wildcards }),
    },
    password,
  );
  await writeCredentials(dataDir, { username: name, password });
  const file = dataDir.at('credentials', `${name}.json`);
  context.stdout.write(
    options.json === true
      ? `${JSON.stringify({ username: name, role, credentials: file })}\n`
      : `${name} may sign in as ${role}; its password is in ${file}\n`,
  );
}

/** `joulegate user remove <name>` @throws JoulegateError NOT_FOUND. */
export async function removeUserFromBroker(name: string, options: UserOptions, context: CommandContext): Promise<void> {
  const removed = await removeUser(await serviceDir(await openDataDir(options.data), 'broker'), name);
  if (!removed)
    throw new JoulegateError('NOT_FOUND', `there is no user "${name}"; "joulegate user list" shows those there are`);
  context.stdout.write(options.json === true ? `${JSON.stringify({ removed: name })}\n` : `${name} is removed\n`);
}
