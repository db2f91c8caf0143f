import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { JoulegateError } from '../../../broker/contract/error.ts';
import type { serverFaults } from '../../config/schema.ts';

/** What we read out of an application instance certificate; texts from outside are made printable. */
export type CertificateFacts = {
  /** SHA-256 of the DER bytes, lower case hex without colons. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  /** URI of the subject alternative name (OPC 10000-6, 6.2.2); null when there is none. */
  readonly applicationUri: string | null;
  /** DNS names and IP addresses of the subject alternative name. */
  readonly hosts: readonly string[];
  /** Epoch ms. */
  readonly notBefore: number;
  /** Epoch ms. */
  readonly notAfter: number;
  /** Size of an RSA key; null for other keys. */
  readonly keyBits: number | null;
};

/** One reason why a certificate does not fit its server. */
export type CertificateFault = { readonly kind: (typeof serverFaults)[number]; readonly text: string };

const DAY_MS = 86_400_000;
const MAX_BYTES = 64 * 1024;

/** The first certificate of a DER chain; servers send chains where a certificate is asked for. */
export function leafOf(der: Buffer): Buffer {
  if (der.length < 4 || der[0] !== 0x30) return der;
  const first = der[1] ?? 0;
  if (first < 0x80) return der.subarray(0, 2 + first);
  const size = first & 0x7f;
  if (size === 0 || size > 4 || der.length < 2 + size) return der;
  return der.subarray(0, 2 + size + der.readUIntBE(2, size));
}

/**
 * Reads the first certificate of a DER chain or a PEM text.
 * @throws JoulegateError CERTIFICATE_UNTRUSTED when it is none.
 */
export function readCertificate(bytes: Buffer): CertificateFacts & { readonly der: Buffer } {
  try {
    const leaf = leafOf(bytes);
    if (leaf.length > MAX_BYTES) throw new RangeError('larger than 64 KiB');
    return factsOf(new X509Certificate(leaf));
  } catch (error) {
    throw new JoulegateError(
      'CERTIFICATE_UNTRUSTED',
      `${bytes.length} bytes that should be a certificate cannot be read as X.509; replace them by a valid certificate`,
      { cause: error },
    );
  }
}

function factsOf(parsed: X509Certificate): CertificateFacts & { readonly der: Buffer } {
  const names = alternativeNames(parsed.subjectAltName ?? '');
  // Node.js leaves out a subject or issuer that is empty, which its types do not say.
  const { subject = '', issuer = '' } = parsed as { readonly subject?: string; readonly issuer?: string };
  return {
    der: parsed.raw,
    fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: printable(subject),
    issuer: printable(issuer),
    selfSigned: subject === issuer && isSignedBySelf(parsed),
    applicationUri: names.find(({ kind }) => kind === 'URI')?.text ?? null,
    hosts: names.filter(({ kind }) => kind !== 'URI').map(({ text }) => text),
    notBefore: parsed.validFromDate.getTime(),
    notAfter: parsed.validToDate.getTime(),
    keyBits: parsed.publicKey.asymmetricKeyDetails?.modulusLength ?? null,
  };
}

/**
 * What is wrong with a server's certificate beside trust: validity, host name, application URI and key length
 * (OPC 10000-4, 6.1.3). A loopback host is not compared: nobody else can answer there.
 */
export function certificateFaults(
  facts: CertificateFacts,
  expected: {
    /** Host of the configured endpoint. */
    readonly host: string;
    /** What the server calls itself in its endpoint list. */
    readonly applicationUri: string | null;
    /** Epoch ms. */
    readonly now: number;
    /** Least RSA key length in bits: 2048, or 1024 for the SHA-1 policies (OPC 10000-7). */
    readonly leastKeyBits: number;
  },
): readonly CertificateFault[] {
  const faults: CertificateFault[] = [];
  const { host, applicationUri, now, leastKeyBits } = expected;
  if (now > facts.notAfter) {
    faults.push({ kind: 'validity', text: `it expired on ${day(facts.notAfter)}` });
  } else if (now < facts.notBefore) {
    faults.push({
      kind: 'validity',
      text: `it is valid only from ${day(facts.notBefore)} on (this machine says ${day(now)}; compare the clocks)`,
    });
  }
  if (!isLoopbackHost(host) && !namesHost(facts.hosts, host)) {
    faults.push({ kind: 'host-name', text: `it is made out for ${list(facts.hosts)}, not for ${host}` });
  }
  if (applicationUri !== null && facts.applicationUri !== applicationUri) {
    faults.push({
      kind: 'application-uri',
      text: `its application URI is ${facts.applicationUri ?? 'missing'}, but the server calls itself ${printable(applicationUri) || 'nothing'}`,
    });
  }
  if (facts.keyBits === null || facts.keyBits < leastKeyBits) {
    faults.push({
      kind: 'weak-key',
      text: `its key has ${facts.keyBits === null ? 'no RSA length' : `${facts.keyBits} bits`}, less than ${leastKeyBits}`,
    });
  }
  return faults;
}

/** Whole days until the certificate expires; negative when it has. */
export function daysLeft(facts: Pick<CertificateFacts, 'notAfter'>, now: number): number {
  return Math.floor((facts.notAfter - now) / DAY_MS);
}

/** Host of an `opc.tcp://` address without the brackets of IPv6. */
export function hostOfEndpoint(endpoint: string): string {
  return (URL.parse(endpoint)?.hostname ?? '').replace(/^\[|\]$/g, '');
}

/** Whether a host name or address is this machine only. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Text without control characters and direction marks, so that a certificate cannot forge lines of a log or terminal. */
export function printable(text: string): string {
  return text
    .replaceAll('\n', ', ')
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·')
    .slice(0, 512);
}

/** Node.js writes the names as one text, with those in quotes that could be taken for more than one. */
function alternativeNames(text: string): readonly { readonly kind: string; readonly text: string }[] {
  return [...text.matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)/gy)]
    .map(([, kind = '', value = '']) => ({ kind, text: printable(unquote(value)) }))
    .filter(({ kind }) => nameKinds.has(kind));
}

const nameKinds = new Set(['DNS', 'IP Address', 'URI']);

function isSignedBySelf(certificate: X509Certificate): boolean {
  try {
    return certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

function namesHost(names: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  return names.some((name) => {
    const given = name.toLowerCase().replace(/\.$/, '');
    if (given === wanted) return true;
    if (isIP(wanted) === 6 && isIP(given) === 6)
      return URL.parse(`x://[${given}]`)?.host === URL.parse(`x://[${wanted}]`)?.host;
    return given.startsWith('*.') && wanted.includes('.') && wanted.slice(wanted.indexOf('.')) === given.slice(1);
  });
}

const unquote = (text: string): string => {
  if (!text.startsWith('"')) return text.trim();
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
};

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
const list = (names: readonly string[]): string => (names.length === 0 ? 'no host' : names.slice(0, 5).join(', '));
