import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type TestCertificate = { readonly certFile: string; readonly keyFile: string };

/** An authority made with openssl in a folder, and certificates it issues. */
export function createAuthority(
  folder: string,
  name = 'authority',
): {
  readonly caFile: string;
  /** A certificate for 127.0.0.1 or for the client of that common name; with negative `days` it has ended already. */
  readonly issue: (commonName: string, options?: { readonly days?: number }) => TestCertificate;
  /** Writes the revocation list: these certificates no longer hold. */
  readonly revoke: (...certificates: readonly TestCertificate[]) => string;
} {
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const at = (file: string): string => join(folder, file);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    at(`${name}.key`),
    '-out',
    at(`${name}.pem`),
    '-days',
    '30',
    '-subj',
    `/CN=${name}`,
  );
  return {
    caFile: at(`${name}.pem`),
    issue: (commonName, { days = 365 } = {}) => {
      const base = `${name}-${commonName}-${days}`;
      openssl('req', ...curve, '-keyout', at(`${base}.key`), '-out', at(`${base}.csr`), '-subj', `/CN=${commonName}`);
      writeFileSync(
        at(`${base}.ext`),
        'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n',
      );
      openssl(
        'x509',
        '-req',
        '-in',
        at(`${base}.csr`),
        '-CA',
        at(`${name}.pem`),
        '-CAkey',
        at(`${name}.key`),
        '-CAcreateserial',
        '-days',
        String(days),
        '-extfile',
        at(`${base}.ext`),
        '-out',
        at(`${base}.pem`),
      );
      return { certFile: at(`${base}.pem`), keyFile: at(`${base}.key`) };
    },
    revoke: (...certificates) => {
      const config = at(`${name}.cnf`);
      const lines = ['[ca]', 'default_ca=own', '[own]', `database=${at(`${name}.index`)}`, 'default_md=sha256', ''];
      writeFileSync(config, lines.join('\n'));
      writeFileSync(at(`${name}.index`), '', { flag: 'a' });
      const signed = ['-config', config, '-cert', at(`${name}.pem`), '-keyfile', at(`${name}.key`)];
      for (const { certFile } of certificates) openssl('ca', ...signed, '-revoke', certFile);
      openssl('ca', ...signed, '-gencrl', '-crldays', '30', '-out', at(`${name}.crl`));
      return at(`${name}.crl`);
    },
  };
}
