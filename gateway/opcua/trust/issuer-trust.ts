import { X509Certificate } from 'node:crypto';
import { OPCUACertificateManager } from 'node-opcua';
import { leafOf } from './certificate-facts.ts';
import { trustedCertificates } from './trust-store.ts';

/**
 * Whether a certificate is issued by an authority in `trusted/` and not revoked by a list in `trusted/crl` or
 * `issuers/crl`. A certificate that may not sign others is no authority, although it is trusted for itself. Where there is
 * no revocation list, nothing is revoked. Its own time of validity is not judged here.
 */
export async function hasTrustedIssuer(pkiDir: string, chain: Buffer): Promise<boolean> {
  const leaf = new X509Certificate(leafOf(chain));
  const authorities = (await trustedCertificates(pkiDir)).map(({ der }) => new X509Certificate(der));
  if (!authorities.some((authority) => signed(authority, leaf))) return false;
  const manager = new OPCUACertificateManager({ rootFolder: pkiDir, disableFileWatchers: true });
  try {
    await manager.initialize();
    const verdict: string = await manager.verifyCertificate(chain, {
      acceptCertificateWithValidIssuerChain: true,
      ignoreMissingRevocationList: true,
      acceptOutdatedCertificate: true,
      acceptPendingCertificate: true,
    });
    return verdict === 'Good';
  } finally {
    await manager.dispose();
  }
}

function signed(authority: X509Certificate, leaf: X509Certificate): boolean {
  try {
    return authority.ca && leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
  } catch {
    return false;
  }
}
