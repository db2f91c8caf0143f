import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import { daysLeft, readCertificate } from './opcua/trust/certificate-facts.ts';
import { acceptRefusedSecurity, type NamedSecurity } from './opcua/trust/server-state.ts';
import {
  findCertificate,
  listCertificates,
  readCertificateFile,
  rejectCertificate,
  trustCertificate,
  type KnownCertificate,
} from './opcua/trust/trust-store.ts';

/** A certificate of the trust folders as people and programs are shown it. */
export type CertificateEntry = {
  readonly list: KnownCertificate['list'];
  /** SHA-256, lower case hex. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  readonly applicationUri: string | null;
  readonly hosts: readonly string[];
  /** ISO 8601. */
  readonly notBefore: string;
  /** ISO 8601. */
  readonly notAfter: string;
  /** Whole days, negative when it has expired. */
  readonly daysLeft: number;
  readonly keyBits: number | null;
  /** Names of the servers that show it or showed it last. */
  readonly servers: readonly string[];
  readonly file: string;
};

/** Trust folders of a gateway by its data folder. */
export function pkiFolder(gatewayDataDir: string): string {
  return join(gatewayDataDir, 'pki');
}

/** Own, trusted and rejected certificates. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function knownCertificates(pkiDir: string, now: number): Promise<readonly CertificateEntry[]> {
  return (await listCertificates(pkiDir)).map((certificate) => entryOf(certificate, now));
}

/** Days until the gateway's own certificate expires, null before its first start. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function ownDaysLeft(pkiDir: string, now: number): Promise<number | null> {
  return (await ownEntry(pkiDir, now))?.daysLeft ?? null;
}

/**
 * One certificate by SHA-256 fingerprint or its beginning, or the gateway's by the word `own`, with the SHA-1 thumbprint
 * that many PLCs show.
 * @throws JoulegateError NOT_FOUND, USAGE, DATA_DIR_UNUSABLE
 */
export async function showCertificate(
  pkiDir: string,
  which: string,
  now: number,
): Promise<CertificateEntry & { readonly sha1: string }> {
  const entry = which === 'own' ? await ownEntry(pkiDir, now) : entryOf(await findCertificate(pkiDir, which), now);
  if (entry === null) {
    throw new JoulegateError(
      'NOT_FOUND',
      `no own certificate in ${pkiDir} yet; the gateway makes it when it first connects`,
    );
  }
  const { der } = readCertificate(await readCertificateFile(entry.file));
  return { ...entry, sha1: createHash('sha1').update(der).digest('hex') };
}

/**
 * Trusts a certificate that was put aside, by fingerprint, or one that a file holds.
 * @throws JoulegateError NOT_FOUND, USAGE, CERTIFICATE_UNTRUSTED for a file without certificate, DATA_DIR_UNUSABLE
 */
export async function trust(pkiDir: string, fingerprintOrFile: string, now: number): Promise<CertificateEntry> {
  const isFile = await stat(fingerprintOrFile).then(
    (found) => found.isFile(),
    () => false,
  );
  const file = isFile ? fingerprintOrFile : (await foreign(pkiDir, fingerprintOrFile)).file;
  const { fingerprint } = await trustCertificate(pkiDir, await readCertificateFile(file));
  return entryOf(await findCertificate(pkiDir, fingerprint), now);
}

/** Trusts a certificate no longer; a session that is open with it ends. @throws JoulegateError NOT_FOUND, USAGE, DATA_DIR_UNUSABLE */
export async function reject(pkiDir: string, fingerprint: string, now: number): Promise<CertificateEntry> {
  const { file } = await foreign(pkiDir, fingerprint);
  const { fingerprint: full } = await rejectCertificate(pkiDir, await readCertificateFile(file));
  return entryOf(await findCertificate(pkiDir, full), now);
}

/** Accepts the weaker security a server offered and the gateway refused. @throws JoulegateError NOT_FOUND, DATA_DIR_UNUSABLE */
export async function acceptSecurity(pkiDir: string, server: string): Promise<NamedSecurity> {
  return acceptRefusedSecurity(pkiDir, server);
}

/**
 * Renews the gateway's own certificate now, with the same key; the old one is kept aside and used for servers that do not
 * take the new one yet.
 * @throws JoulegateError NOT_FOUND before the first start, CONFIG_INVALID, DATA_DIR_UNUSABLE
 */
export async function renewOwn(pkiDir: string, now: number): Promise<CertificateEntry> {
  const current = await ownEntry(pkiDir, now);
  if (current === null || current.applicationUri === null) {
    throw new JoulegateError(
      'NOT_FOUND',
      `no own certificate in ${pkiDir} yet; the gateway makes it when it first connects`,
    );
  }
  if (!current.selfSigned) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `the own certificate was issued by ${current.issuer}; let that authority issue a new one for the same key and put it at ${current.file}`,
    );
  }
  const { ensureOwnCertificate, RENEW_BEFORE_DAYS } = await import('./opcua/trust/own-certificate.ts');
  const renewal = {
    pkiDir,
    applicationUri: current.applicationUri,
    now,
    renewBeforeDays: RENEW_BEFORE_DAYS,
    renewNow: true,
  };
  await ensureOwnCertificate(renewal, () => undefined);
  return (await ownEntry(pkiDir, now)) ?? current;
}

async function foreign(pkiDir: string, fingerprint: string): Promise<KnownCertificate> {
  const found = await findCertificate(pkiDir, fingerprint);
  if (found.list !== 'own') return found;
  throw new JoulegateError(
    'USAGE',
    `${found.fingerprint} is the gateway's own certificate; it is trusted at the servers, not here`,
  );
}

async function ownEntry(pkiDir: string, now: number): Promise<CertificateEntry | null> {
  const own = (await knownCertificates(pkiDir, now)).filter(({ list }) => list === 'own');
  return own.find(({ file }) => file.endsWith('client_certificate.pem')) ?? null;
}

function entryOf(certificate: KnownCertificate, now: number): CertificateEntry {
  const { notBefore, notAfter, ...rest } = certificate;
  return {
    ...rest,
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    daysLeft: daysLeft(certificate, now),
  };
}
