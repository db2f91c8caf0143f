import type { Command } from 'commander';
import type { CertOptions } from '../cert.ts';
import type { CommandContext } from './context.ts';

const example = '\nExample:\n  joulegate cert';

/** `joulegate cert list|show|trust|reject|accept-security|renew`: whom the gateway believes, decided by a person. */
export function addCertCommand(program: Command, context: CommandContext): void {
  const cert = program
    .command('cert')
    .description('certificates of OPC UA servers and of the gateway: see, trust, reject')
    .addHelpText(
      'after',
      `${example} list                      what is trusted, what was put aside
  joulegate cert trust 3fa21b90           trust a server after comparing the fingerprint
  joulegate cert accept-security press-3  accept that a server now offers weaker security

An unknown server certificate is refused and put aside. A running gateway notices a decision within a minute.
Exit codes: 0 done, 1 not found or refused, 2 wrong usage or data folder.`,
    );

  sub(cert, 'list')
    .description('own, trusted and rejected certificates with fingerprint and end of validity')
    .addHelpText('after', `${example} list --data /var/lib/joulegate`)
    .action(async (options: CertOptions) => (await import('../cert.ts')).listCommand(options, context));

  sub(cert, 'show')
    .description("everything about one certificate; the word own stands for the gateway's")
    .argument('<fingerprint|own>', 'SHA-256 or its first 8 or more digits')
    .addHelpText('after', `${example} show own`)
    .action(async (which: string, options: CertOptions) =>
      (await import('../cert.ts')).showCommand(which, options, context),
    );

  sub(cert, 'trust')
    .description('trust the certificate of a server, or of an authority that issues them')
    .argument('<fingerprint|file>', 'SHA-256 or its first 8 or more digits, or a PEM or DER file')
    .addHelpText('after', `${example} trust 3fa21b90\n  joulegate cert trust press-3.der`)
    .action(async (which: string, options: CertOptions) =>
      (await import('../cert.ts')).trustCommand(which, options, context),
    );

  sub(cert, 'reject')
    .description('trust a certificate no longer')
    .argument('<fingerprint>', 'SHA-256 or its first 8 or more digits')
    .addHelpText('after', `${example} reject 3fa21b90`)
    .action(async (which: string, options: CertOptions) =>
      (await import('../cert.ts')).rejectCommand(which, options, context),
    );

  sub(cert, 'accept-security')
    .description('accept the weaker security mode or policy that a server offered and the gateway refused')
    .argument('<server>', 'name of the server in plant.yaml')
    .addHelpText('after', `${example} accept-security press-3`)
    .action(async (server: string, options: CertOptions) =>
      (await import('../cert.ts')).acceptSecurityCommand(server, options, context),
    );

  sub(cert, 'renew')
    .description("renew the gateway's own certificate now instead of 30 days before it expires")
    .addHelpText('after', `${example} renew`)
    .action(async (options: CertOptions) => (await import('../cert.ts')).renewCommand(options, context));
}

function sub(cert: Command, name: string): Command {
  return cert
    .command(name)
    .option('--data <folder>', 'data folder', './joulegate-data')
    .option('--json', 'print for machines')
    .option('--debug', 'print a stack when something fails');
}
