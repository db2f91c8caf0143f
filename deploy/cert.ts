import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import {
  acceptSecurity,
  knownCertificates,
  pkiFolder,
  reject,
  renewOwn,
  showCertificate,
  trust,
  type CertificateEntry,
} from '../gateway/certificates.ts';
import type { CommandContext } from './commands/context.ts';

export type CertOptions = { readonly data: string; readonly json?: boolean };

/** `joulegate cert list` */
export async function listCommand(options: CertOptions, context: CommandContext): Promise<void> {
  const certificates = await knownCertificates(await trustFolder(options, context), context.now());
  const text =
    certificates.length === 0
      ? 'No certificates yet. The gateway makes its own and meets those of the servers when it connects.\n'
      : certificates.map(lineOf).join('');
  print(options, context, { certificates }, text);
}

/** `joulegate cert show <fingerprint|own>` */
export async function showCommand(which: string, options: CertOptions, context: CommandContext): Promise<void> {
  const entry = await showCertificate(await trustFolder(options, context), which, context.now());
  const rows: readonly (readonly [string, string])[] = [
    ['list', entry.list],
    ['subject', entry.subject],
    ['issuer', entry.selfSigned ? 'itself (self-signed)' : entry.issuer],
    ['application URI', entry.applicationUri ?? '-'],
    ['hosts', entry.hosts.join(', ') || '-'],
    ['valid', `${entry.notBefore} to ${entry.notAfter} (${validity(entry)})`],
    ['key', entry.keyBits === null ? '-' : `RSA ${entry.keyBits} bits`],
    ['shown by', entry.servers.join(', ') || '-'],
    ['SHA-256', pairs(entry.fingerprint)],
    ['SHA-1', pairs(entry.sha1)],
    ['file', entry.file],
  ];
  print(options, context, entry, rows.map(([key, value]) => `${key.padEnd(16)} ${value}\n`).join(''));
}

/** `joulegate cert trust <fingerprint|file>` */
export async function trustCommand(which: string, options: CertOptions, context: CommandContext): Promise<void> {
  const folder = await trustFolder(options, context);
  const file = resolve(context.cwd, which);
  const isFile = (await stat(file).catch(() => null))?.isFile() === true;
  const entry = await trust(folder, isFile ? file : which, context.now());
  print(
    options,
    context,
    entry,
    `trusted ${entry.fingerprint} (${entry.subject}); a running gateway connects within a minute\n`,
  );
}

/** `joulegate cert reject <fingerprint>` */
export async function rejectCommand(which: string, options: CertOptions, context: CommandContext): Promise<void> {
  const entry = await reject(await trustFolder(options, context), which, context.now());
  print(
    options,
    context,
    entry,
    `rejected ${entry.fingerprint} (${entry.subject}); a running gateway leaves that server within a minute\n`,
  );
}

/** `joulegate cert accept-security <server>` */
export async function acceptSecurityCommand(
  server: string,
  options: CertOptions,
  context: CommandContext,
): Promise<void> {
  const accepted = await acceptSecurity(await trustFolder(options, context), server);
  print(
    options,
    context,
    { server, ...accepted },
    `server "${server}" may from now on be read with ${accepted.mode}/${accepted.policy}\n`,
  );
}

/** `joulegate cert renew` */
export async function renewCommand(options: CertOptions, context: CommandContext): Promise<void> {
  const entry = await renewOwn(await trustFolder(options, context), context.now());
  print(
    options,
    context,
    entry,
    `renewed: SHA-256 ${entry.fingerprint}, valid until ${entry.notAfter.slice(0, 10)}; let the servers trust ${entry.file}, until then the old one is used\n`,
  );
}

async function trustFolder({ data }: CertOptions, { cwd }: CommandContext): Promise<string> {
  const folder = resolve(cwd, data);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new JoulegateError('DATA_DIR_UNUSABLE', `there is no data folder ${folder}; name the gateway's with --data`);
  }
  return pkiFolder(join(folder, 'gateway'));
}

function print({ json }: CertOptions, { stdout }: CommandContext, value: object, text: string): void {
  stdout.write(json === true ? `${JSON.stringify(value)}\n` : text);
}

function lineOf(entry: CertificateEntry): string {
  const shown = entry.servers.length === 0 ? '' : `  shown by ${entry.servers.join(', ')}`;
  return `${entry.list.padEnd(8)}  ${entry.fingerprint}  ${entry.notAfter.slice(0, 10)} (${validity(entry)})  ${entry.subject}${shown}\n`;
}

const validity = ({ daysLeft }: CertificateEntry): string => (daysLeft < 0 ? 'expired' : `${daysLeft} days left`);

const pairs = (hex: string): string => (hex.toUpperCase().match(/../g) ?? []).join(':');
