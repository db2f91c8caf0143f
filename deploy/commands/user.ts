import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { UserOptions } from '../user.ts';

const example = '\nExample:\n  joulegate user';

/** `joulegate user list|add|remove`: who may sign in to the broker, and with which topics. */
export function addUserCommand(program: Command, context: CommandContext): void {
  const user = program
    .command('user')
    .description('users of the MQTT broker: see, add, remove')
    .addHelpText(
      'after',
      `${example} list
  joulegate user add press-3 --publish 'cell/%u/#' --subscribe 'cell/%u/set'
  joulegate user remove press-3

A running broker notices within a second; connections of a changed or removed user end.
Exit codes: 0 done, 1 not found, 2 wrong usage or data folder.`,
    );
  const sub = (name: string): Command =>
    user
      .command(name)
      .option('--data <folder>', 'data folder', './joulegate-data')
      .option('--json', 'print for machines')
      .option('--debug', 'print a stack when something fails');

  sub('list')
    .description('names, roles and topics; never anything secret')
    .addHelpText('after', `${example} list`)
    .action(async (options: UserOptions) => (await import('../user.ts')).listUsersCommand(options, context));

  sub('add')
    .description(
      'make a user, or give one a new password and new topics; the password is written to credentials/<name>.json',
    )
    .argument('<name>', 'user name; that of a gateway is its publisher id')
    .option('--role <role>', 'gateway, scoring, viewer, device or bridge', 'device')
    .option('--publish <filters...>', 'topics it may publish to; %u is its name, %c its client id')
    .option('--subscribe <filters...>', 'topics it may read')
    .option('--wildcards', 'may subscribe with + and #')
    .addHelpText('after', `${example} add press-3 --publish 'cell/%u/#'`)
    .action(async (name: string, options: UserOptions) =>
      (await import('../user.ts')).addUserToBroker(name, options, context),
    );

  sub('remove')
    .description('remove a user and end its connections')
    .argument('<name>', 'user name')
    .addHelpText('after', `${example} remove press-3`)
    .action(async (name: string, options: UserOptions) =>
      (await import('../user.ts')).removeUserFromBroker(name, options, context),
    );
}
