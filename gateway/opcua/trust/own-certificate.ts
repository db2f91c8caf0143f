import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { OPCUACertificateManager } from 'node-opcua';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { WorkerEvent } from '../protocol.ts';
import { daysLeft, readCertificate, type CertificateFacts } from './certificate-facts.ts';
import { readIfThere, withLock, writePrivate } from './private-file.ts';
import { toPem } from './trust-store.ts';

/** The gateway's application instance certificate and its key. */
export type OwnCertificate = {
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
  readonly facts: CertificateFacts;
  /** The one before the last renewal while it is still valid: servers that do not yet trust the new one know it. */
  readonly previous: Buffer | null;
};

export type OwnCertificateOptions = {
  /** Own certificate and key live in `own/` below. */
  readonly pkiDir: string;
  readonly applicationUri: string;
  /** Epoch ms. */
  readonly now: number;
  /** Days before the end of validity at which it is renewed. */
  readonly renewBeforeDays: number;
  /** Makes a new one although the old one is still good: a person asked for it. */
  readonly renewNow?: boolean;
};

type OnEvent = (event: WorkerEvent) => void;

/** The length that every policy allows, also Basic256 with its upper limit of 2048 (OPC 10000-7). */
const KEY_BITS = 2048;
const VALID_DAYS = 3 * 365;
/** Days before the end of validity at which the own certificate is renewed unless configured otherwise. */
export const RENEW_BEFORE_DAYS = 30;
const DAY_MS = 86_400_000;

/** Files of the own certificate below the trust folder. */
export function ownFiles(pkiDir: string) {
  return {
    certificate: join(pkiDir, 'own', 'certs', 'client_certificate.pem'),
    previous: join(pkiDir, 'own', 'certs', 'client_certificate.previous.pem'),
    privateKey: join(pkiDir, 'own', 'private', 'private_key.pem'),
  } as const;
}

/**
 * The own certificate: made at first start (RSA 2048, SHA-256, three years, application URI, host names and addresses of
 * this machine), renewed with the same key before it expires, and never made anew for any other reason. One that an
 * authority issued and a person put there is not touched; its end is announced.
 * @throws JoulegateError CONFIG_INVALID when certificate and key are damaged or do not belong together, DATA_DIR_UNUSABLE.
 */
export async function ensureOwnCertificate(options: OwnCertificateOptions, onEvent: OnEvent): Promise<OwnCertificate> {
  const files = ownFiles(options.pkiDir);
  const known = await readOwn(options.pkiDir, options.now);
  if (known !== null && !isDue(known, options)) {
    await announceEnd(known, options, onEvent);
    return known;
  }
  return withLock(join(options.pkiDir, 'own', 'lock'), async () => {
    const current = await readOwn(options.pkiDir, options.now);
    if (current !== null && !isDue(current, options)) return current;
    await make(options);
    const made = await readOwn(options.pkiDir, options.now);
    if (made === null) throw new JoulegateError('INTERNAL', `${files.certificate} was written and cannot be found`);
    onEvent({
      kind: current === null ? 'own-certificate-new' : 'own-certificate-renewed',
      severity: current === null ? 'info' : 'medium',
      message:
        current === null
          ? `own certificate made, SHA-256 ${made.facts.fingerprint}, valid until ${day(made.facts.notAfter)}; servers have to trust it`
          : `own certificate renewed, SHA-256 ${made.facts.fingerprint}, valid until ${day(made.facts.notAfter)}; let the servers trust it before ${day(current.facts.notAfter)}, when the old one ends`,
      subject: made.facts.applicationUri ?? options.applicationUri,
    });
    return made;
  });
}

/**
 * What is there now, without making anything; null before the first start.
 * @throws JoulegateError CONFIG_INVALID, DATA_DIR_UNUSABLE
 */
export async function readOwn(pkiDir: string, now: number): Promise<OwnCertificate | null> {
  const files = ownFiles(pkiDir);
  const certificateText = await readIfThere(files.certificate);
  if (certificateText === null) return null;
  const keyText = await readIfThere(files.privateKey);
  const remedy =
    'restore both from a backup, or move both away and let every server trust the new one that is then made';
  if (keyText === null) throw damaged(files.privateKey, `belongs to ${files.certificate} and is missing`, remedy);
  let privateKey: KeyObject;
  let read: ReturnType<typeof readCertificate>;
  try {
    privateKey = createPrivateKey(keyText);
    read = readCertificate(certificateText);
  } catch (error) {
    throw damaged(files.certificate, `or its key cannot be read (${describeError(error)})`, remedy);
  }
  const { der: certificate, ...facts } = read;
  if (!new X509Certificate(certificate).checkPrivateKey(privateKey)) {
    throw damaged(files.certificate, `does not belong to the key ${files.privateKey}`, remedy);
  }
  await chmod(files.privateKey, 0o600).catch(() => undefined);
  return { certificate, privateKey, facts, previous: await readPrevious(files.previous, privateKey, now) };
}

async function readPrevious(path: string, privateKey: KeyObject, now: number): Promise<Buffer | null> {
  const text = await readIfThere(path);
  if (text === null) return null;
  try {
    const { der, notAfter } = readCertificate(text);
    return notAfter > now && new X509Certificate(der).checkPrivateKey(privateKey) ? der : null;
  } catch {
    return null;
  }
}

/** Never before half its life, whatever is configured: it would be renewed with every connection. */
function isNearEnd({ facts }: OwnCertificate, { now, renewBeforeDays }: OwnCertificateOptions): boolean {
  const halfLife = (facts.notAfter - facts.notBefore) / DAY_MS / 2;
  return daysLeft(facts, now) < Math.min(renewBeforeDays, halfLife);
}

/** One that an authority issued is that authority's to renew. */
function isDue(own: OwnCertificate, options: OwnCertificateOptions): boolean {
  return own.facts.selfSigned && (options.renewNow === true || isNearEnd(own, options));
}

async function announceEnd(own: OwnCertificate, options: OwnCertificateOptions, onEvent: OnEvent): Promise<void> {
  if (own.facts.selfSigned || !isNearEnd(own, options)) return;
  const marker = join(options.pkiDir, 'own', `announced-${own.facts.fingerprint}`);
  if ((await readIfThere(marker)) !== null) return;
  await writePrivate(marker, '');
  onEvent({
    kind: 'own-certificate-expiring',
    severity: 'medium',
    message: `own certificate ends on ${day(own.facts.notAfter)}; let ${own.facts.issuer} issue a new one and put it at ${ownFiles(options.pkiDir).certificate}`,
    subject: own.facts.applicationUri ?? options.applicationUri,
  });
}

async function make({ pkiDir, applicationUri, now }: OwnCertificateOptions): Promise<void> {
  const files = ownFiles(pkiDir);
  const manager = new OPCUACertificateManager({ rootFolder: pkiDir, keySize: KEY_BITS, disableFileWatchers: true });
  const draft = `${files.certificate}.draft`;
  try {
    if ((await readIfThere(files.privateKey)) === null) await writePrivate(files.privateKey, newKey());
    await manager.initialize();
    await chmod(files.privateKey, 0o600);
    await rm(draft, { force: true });
    await manager.createSelfSignedCertificate({
      applicationUri,
      subject: `/CN=Joulegate gateway ${subjectName(applicationUri)}/O=Joulegate`,
      ...hostNames(),
      // A server whose clock is slow must not take it for not yet valid.
      startDate: new Date(now - DAY_MS),
      validity: VALID_DAYS + 1,
      outputFile: draft,
    });
    const { der } = readCertificate((await readIfThere(draft)) ?? Buffer.alloc(0));
    const before = await readIfThere(files.certificate);
    if (before !== null) await writePrivate(files.previous, before);
    await writePrivate(files.certificate, toPem(der));
  } finally {
    await rm(draft, { force: true });
    await manager.dispose();
  }
}

/** Made at once, not in the thread pool: a worker that is stopped while its key is being made ends the process (Node 24). */
function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: KEY_BITS });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Host name and addresses under which this machine is reached; SAN entries must not repeat. */
function hostNames(): { readonly dns: string[]; readonly ip: string[] } {
  const addresses = Object.values(networkInterfaces())
    .flat()
    .filter((entry) => entry !== undefined && !entry.internal && entry.family === 'IPv4')
    .map((entry) => entry?.address ?? '');
  return { dns: [hostname()], ip: [...new Set(addresses)].slice(0, 8) };
}

const subjectName = (applicationUri: string): string =>
  (applicationUri.split(':').at(-1) ?? '').replaceAll(/[^A-Za-z0-9_.-]/g, '').slice(0, 40);

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

const damaged = (file: string, what: string, remedy: string): JoulegateError =>
  new JoulegateError('CONFIG_INVALID', `own certificate ${file} ${what}; ${remedy}`);
