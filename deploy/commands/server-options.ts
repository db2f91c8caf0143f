import { Option, type Command } from 'commander';
import { securityModes, securityPolicies } from '../../gateway/config/schema.ts';

/** How a command signs in to a server that stands in no plant file yet. */
export type ServerOptions = {
  readonly name?: string;
  readonly securityMode: (typeof securityModes)[number];
  readonly securityPolicy: (typeof securityPolicies)[number];
  readonly username?: string;
  readonly password?: string;
  readonly trust: 'pinned' | 'first-use';
  readonly data: string;
};

/** Adds the options of `ServerOptions`. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--name <name>', 'short name of the server; default: its host and port')
    .addOption(new Option('--security-mode <mode>', 'security mode').choices(securityModes).default('best'))
    .addOption(new Option('--security-policy <policy>', 'security policy').choices(securityPolicies).default('best'))
    .option('--username <name>', 'user name; default: anonymous')
    .option('--password <reference>', 'password as file:PATH or ${ENV}, never the password itself')
    .addOption(
      new Option('--trust <how>', 'first-use pins the certificate an unknown server shows now')
        .choices(['pinned', 'first-use'])
        .default('pinned'),
    )
    .option('--data <folder>', "data folder; the gateway's certificate and pins are used", './joulegate-data');
}
