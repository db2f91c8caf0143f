import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MessageSecurityMode,
  SecurityPolicy,
  type EndpointDescription,
  type OPCUACertificateManager,
} from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';
import type { ServerConfig } from '../config/schema.ts';

export type ChosenSecurity = {
  readonly securityMode: MessageSecurityMode;
  readonly securityPolicy: SecurityPolicy;
  readonly certificate: Buffer | null;
};

const policyStrength: readonly SecurityPolicy[] = [
  SecurityPolicy.None,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];

/**
 * The endpoint to use of those a server offers: exactly what is configured, or the strongest for `best`.
 * @throws JoulegateError ENDPOINT_REFUSED when the configured mode or policy is not offered; there is no silent downgrade.
 */
export function chooseSecurity(
  server: Pick<ServerConfig, 'endpoint' | 'securityMode' | 'securityPolicy' | 'username'>,
  offered: readonly EndpointDescription[],
): ChosenSecurity {
  const usable = offered
    .filter((endpoint) => policyStrength.includes(endpoint.securityPolicyUri as SecurityPolicy))
    .filter(
      (endpoint) =>
        server.securityMode === 'best' || endpoint.securityMode === MessageSecurityMode[server.securityMode],
    )
    .filter(
      (endpoint) =>
        server.securityPolicy === 'best' || endpoint.securityPolicyUri === SecurityPolicy[server.securityPolicy],
    )
    .sort((a, b) => strength(b) - strength(a));
  const chosen = usable[0];
  if (chosen === undefined) {
    const names = offered.map(
      (endpoint) =>
        `${MessageSecurityMode[endpoint.securityMode]}/${(endpoint.securityPolicyUri ?? '').split('#')[1] ?? '?'}`,
    );
    throw new JoulegateError(
      'ENDPOINT_REFUSED',
      `endpoint ${server.endpoint} does not offer securityMode ${server.securityMode} with securityPolicy ${server.securityPolicy}; it offers ${[...new Set(names)].join(', ') || 'nothing we know'}`,
    );
  }
  if (server.username !== undefined && chosen.securityMode !== MessageSecurityMode.SignAndEncrypt) {
    throw new JoulegateError(
      'ENDPOINT_REFUSED',
      `endpoint ${server.endpoint} offers no encryption, so the password of user "${server.username}" is not sent; enable SignAndEncrypt on the server, or remove username`,
    );
  }
  const certificate = chosen.serverCertificate;
  return {
    securityMode: chosen.securityMode,
    securityPolicy: chosen.securityPolicyUri as SecurityPolicy,
    certificate: certificate === null || certificate === undefined || certificate.length === 0 ? null : certificate,
  };
}

function strength(endpoint: EndpointDescription): number {
  return endpoint.securityMode * 10 + policyStrength.indexOf(endpoint.securityPolicyUri as SecurityPolicy);
}

export type CertificateVerdict =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'pinned-now'; readonly fingerprint: string }
  | { readonly kind: 'changed' | 'unknown'; readonly fingerprint: string; readonly known: string | null };

/**
 * Compares a server's certificate with the one that was pinned for it. `first-use` pins the first one it sees; a later
 * different one is never taken by itself.
 */
export async function checkPin(options: {
  readonly pkiDir: string;
  readonly server: Pick<ServerConfig, 'name' | 'trustServerCertificate'>;
  readonly certificate: Buffer;
  readonly manager: OPCUACertificateManager;
}): Promise<CertificateVerdict> {
  const { pkiDir, server, certificate, manager } = options;
  const fingerprint = createHash('sha256').update(certificate).digest('hex');
  const pinFile = join(pkiDir, 'pins', `${server.name}.sha256`);
  await mkdir(join(pkiDir, 'pins'), { recursive: true, mode: 0o700 });
  const known = await readFile(pinFile, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
  if (known === fingerprint) {
    await manager.trustCertificate(certificate);
    return { kind: 'trusted' };
  }
  if (known !== null) return { kind: 'changed', fingerprint, known };
  if (server.trustServerCertificate === 'pinned') {
    const listed = (await manager.getTrustStatus(certificate)).name === 'Good';
    if (!listed) return { kind: 'unknown', fingerprint, known };
  }
  await manager.trustCertificate(certificate);
  await writeFile(pinFile, `${fingerprint}\n`, { mode: 0o600 });
  return { kind: 'pinned-now', fingerprint };
}
