import { readdir, rm, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { readCertificate, type CertificateFacts } from './certificate-facts.ts';
import { knownServers, readServerState } from './server-state.ts';
import { readIfThere, unusable, writePrivate } from './private-file.ts';

/** `own` is the gateway's certificate; `unreadable` files lie in one of the folders, but are no certificate. */
export type TrustList = 'own' | 'trusted' | 'rejected';

export type KnownCertificate = CertificateFacts & {
  readonly list: TrustList;
  readonly file: string;
  /** Servers that show it or showed it last. */
  readonly servers: readonly string[];
};

const folders = { trusted: join('trusted', 'certs'), rejected: 'rejected', own: join('own', 'certs') } as const;
const endings = new Set(['.pem', '.der', '.crt', '.cer']);
/** A server that shows a new certificate with each try must not fill the disk. */
const MAX_REJECTED = 100;
const MAX_CERTIFICATE_BYTES = 64 * 1024;

/** Everything in the trust folders, own first; what is no certificate is left out. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function listCertificates(pkiDir: string): Promise<readonly KnownCertificate[]> {
  const shownBy = await serversByCertificate(pkiDir);
  const lists = await Promise.all(
    (['own', 'trusted', 'rejected'] as const).map(async (list) => {
      const found = await readFolder(pkiDir, list);
      return found.map(({ der: _der, ...facts }) => ({
        ...facts,
        list,
        servers: shownBy.get(facts.fingerprint) ?? [],
      }));
    }),
  );
  return lists.flat();
}

/**
 * The one certificate that a fingerprint (SHA-256, with or without colons) or the first eight or more digits of it name.
 * @throws JoulegateError NOT_FOUND when it is none or more than one, USAGE when it is no fingerprint.
 */
export async function findCertificate(pkiDir: string, fingerprint: string): Promise<KnownCertificate> {
  const wanted = fingerprint.replaceAll(/[:\s]/g, '').toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(wanted)) {
    throw new JoulegateError(
      'USAGE',
      `"${fingerprint.slice(0, 100)}" is no fingerprint; give the SHA-256 that "joulegate cert list" shows, or its first 8 or more digits`,
    );
  }
  const all = await listCertificates(pkiDir);
  const found = all.filter((certificate) => certificate.fingerprint.startsWith(wanted));
  const [only] = found;
  if (only !== undefined && new Set(found.map((certificate) => certificate.fingerprint)).size === 1) return only;
  throw new JoulegateError(
    'NOT_FOUND',
    found.length === 0
      ? `no certificate with fingerprint ${wanted} in ${pkiDir}; "joulegate cert list" shows the known ones`
      : `${found.length} certificates begin with ${wanted}; give more digits`,
  );
}

/** Whether exactly this certificate is trusted. */
export async function isTrusted(pkiDir: string, fingerprint: string): Promise<boolean> {
  return (await readFolder(pkiDir, 'trusted')).some((certificate) => certificate.fingerprint === fingerprint);
}

/** Everything in `trusted/`, servers and authorities. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function trustedCertificates(pkiDir: string): Promise<readonly { readonly der: Buffer }[]> {
  return readFolder(pkiDir, 'trusted');
}

/** Whether a person refused exactly this certificate; one that was only put aside is not refused. */
export async function isRefused(pkiDir: string, fingerprint: string): Promise<boolean> {
  return (await readIfThere(refusalFile(pkiDir, fingerprint))) !== null;
}

/** Trusts a certificate and takes it out of the rejected ones. @throws JoulegateError CERTIFICATE_UNTRUSTED, DATA_DIR_UNUSABLE */
export async function trustCertificate(pkiDir: string, bytes: Buffer): Promise<CertificateFacts> {
  const facts = await move(pkiDir, bytes, 'trusted', 'rejected');
  await rm(refusalFile(pkiDir, facts.fingerprint), { force: true });
  return facts;
}

/** Keeps an unknown certificate in `rejected/` for a person to look at; at most a hundred. @throws JoulegateError as `trustCertificate` */
export async function putAside(pkiDir: string, bytes: Buffer): Promise<CertificateFacts> {
  const facts = await move(pkiDir, bytes, 'rejected', null);
  await dropOldest(join(pkiDir, folders.rejected), `${facts.fingerprint}.pem`);
  return facts;
}

/**
 * A person's refusal: the certificate is trusted no longer, neither at first use nor through its issuer.
 * @throws JoulegateError as `trustCertificate`
 */
export async function rejectCertificate(pkiDir: string, bytes: Buffer): Promise<CertificateFacts> {
  const facts = await move(pkiDir, bytes, 'rejected', 'trusted');
  await writePrivate(refusalFile(pkiDir, facts.fingerprint), '');
  const legacy = join(pkiDir, 'pins');
  for (const pin of await readdir(legacy).catch(() => [])) {
    const content = await readIfThere(join(legacy, pin));
    if (content?.toString('utf8').trim() === facts.fingerprint) await rm(join(legacy, pin), { force: true });
  }
  return facts;
}

const refusalFile = (pkiDir: string, fingerprint: string): string => join(pkiDir, 'refused', fingerprint);

/** The bytes of a certificate file, PEM or DER. @throws JoulegateError CONFIG_UNREADABLE, DATA_DIR_UNUSABLE */
export async function readCertificateFile(path: string): Promise<Buffer> {
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
  if (size === null || size > MAX_CERTIFICATE_BYTES) {
    throw new JoulegateError(
      'CONFIG_UNREADABLE',
      `${path} is no certificate file; give a PEM or DER file of one certificate`,
    );
  }
  return (await readIfThere(path)) ?? Buffer.alloc(0);
}

/** The command line a person types to decide about this trust folder, which lies in `<data>/gateway/pki`. */
export function certCommand(pkiDir: string, words: string): string {
  const data = resolve(pkiDir, '..', '..');
  return `joulegate cert ${words} --data ${/^[\w./-]+$/.test(data) ? data : JSON.stringify(data)}`;
}

/** A certificate as PEM text. */
export function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

async function move(
  pkiDir: string,
  bytes: Buffer,
  to: 'trusted' | 'rejected',
  from: 'trusted' | 'rejected' | null,
): Promise<CertificateFacts> {
  const { der, ...facts } = readCertificate(bytes);
  const target = join(pkiDir, folders[to], `${facts.fingerprint}.pem`);
  if ((await readIfThere(target)) === null) await writePrivate(target, toPem(der));
  for (const other of from === null ? [] : await readFolder(pkiDir, from)) {
    if (other.fingerprint === facts.fingerprint) await rm(other.file, { force: true });
  }
  return facts;
}

async function readFolder(pkiDir: string, list: TrustList) {
  const folder = join(pkiDir, folders[list]);
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unusable(folder, error);
  });
  const found: (CertificateFacts & { readonly der: Buffer; readonly file: string })[] = [];
  for (const name of files.filter((file) => endings.has(extname(file).toLowerCase()))) {
    const file = join(folder, name);
    try {
      found.push({ ...readCertificate(await readCertificateFile(file)), file });
    } catch (error) {
      if (!(error instanceof JoulegateError) || error.code === 'DATA_DIR_UNUSABLE') throw error;
    }
  }
  return found;
}

async function serversByCertificate(pkiDir: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const shownBy = new Map<string, string[]>();
  for (const server of await knownServers(pkiDir)) {
    const { certificate, refusedCertificate } = await readServerState(pkiDir, server);
    for (const fingerprint of new Set([certificate, refusedCertificate])) {
      if (fingerprint !== undefined) shownBy.set(fingerprint, [...(shownBy.get(fingerprint) ?? []), server]);
    }
  }
  return shownBy;
}

async function dropOldest(folder: string, keep: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== keep && endings.has(extname(name).toLowerCase()));
  if (names.length < MAX_REJECTED) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  );
  aged.sort((a, b) => a.at - b.at);
  for (const { name } of aged.slice(0, names.length - MAX_REJECTED + 1)) await rm(join(folder, name), { force: true });
}
