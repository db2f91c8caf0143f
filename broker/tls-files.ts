import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { BrokerSection } from './config.ts';
import { describeError, JoulegateError } from './contract/error.ts';

type TlsSection = NonNullable<BrokerSection['tls']>;

/** What was read, and what it says about itself. */
export type TlsMaterial = {
  readonly options: SecureContextOptions;
  /** Changes when a file does. */
  readonly version: string;
  /** Epoch ms at which the certificate ends. */
  readonly validTo: number;
  readonly fingerprint: string;
};

const files = ({ certFile, keyFile, caFile, crlFile }: TlsSection): readonly string[] =>
  [certFile, keyFile, caFile, crlFile].filter((file) => file !== undefined);

/** Tells, without reading them, whether files are the same as before. */
export async function tlsVersion(section: TlsSection): Promise<string> {
  const states = await Promise.all(files(section).map((file) => stat(file).catch(() => null)));
  return states.map((state) => `${state?.mtimeMs ?? 0}/${state?.size ?? 0}/${state?.ino ?? 0}`).join(' ');
}

/** Reads certificate, key and authorities and tries them. @throws JoulegateError CONFIG_INVALID when they cannot be used. */
export async function readTls(section: TlsSection): Promise<TlsMaterial> {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  try {
    const version = await tlsVersion(section);
    const [cert, key, ca, crl] = await Promise.all([
      readFile(section.certFile),
      readFile(section.keyFile),
      read(section.caFile),
      read(section.crlFile),
    ]);
    const options: SecureContextOptions = {
      cert,
      key,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(crl === undefined ? {} : { crl }),
    };
    createSecureContext(options);
    const own = new X509Certificate(cert);
    return { options, version, validTo: Date.parse(own.validTo), fingerprint: own.fingerprint256 };
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `broker.tls: ${describeError(error)}; give readable PEM files whose key fits the certificate`,
      { cause: error },
    );
  }
}
