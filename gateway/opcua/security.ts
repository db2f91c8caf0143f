import { constants, createPublicKey, privateDecrypt, publicEncrypt, type KeyObject } from 'node:crypto';
import { MessageSecurityMode, SecurityPolicy, type EndpointDescription, type UserTokenPolicy } from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';
import { securityModes, securityPolicies, type ServerConfig } from '../config/schema.ts';
import { hostOfEndpoint, isLoopbackHost } from './trust/certificate-facts.ts';
import { isBinary, nameOf } from './trust/endpoint-list.ts';
import type { NamedSecurity } from './trust/server-state.ts';
import { chooseToken, type SignIn } from './trust/user-token.ts';

/** The endpoint that a session will use and what was known of the server when it was chosen. */
export type ChosenSecurity = {
  readonly securityMode: MessageSecurityMode;
  readonly securityPolicy: SecurityPolicy;
  /** DER of the server's certificate as the endpoint list shows it, maybe with its chain; null when there is none. */
  readonly certificate: Buffer | null;
  /** What the server calls itself in the endpoint list. */
  readonly applicationUri: string | null;
  /** How the user will be proved. */
  readonly tokenPolicy: UserTokenPolicy;
  /** The whole list it was chosen from. */
  readonly endpoints: readonly EndpointDescription[];
};

type SecuritySettings = Pick<
  ServerConfig,
  'name' | 'endpoint' | 'securityMode' | 'securityPolicy' | 'allowInsecure' | 'allowPlainPasswordToken'
> &
  SignIn;

/** From weak to strong. The two of SHA-1 are taken only when they are named (OPC 10000-7 calls them obsolete). */
const ranking: readonly SecurityPolicy[] = [
  SecurityPolicy.None,
  SecurityPolicy.Basic128Rsa15,
  SecurityPolicy.Basic256,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];
const modeRanking: readonly string[] = securityModes.filter((mode) => mode !== 'best');
const MAX_NAMES = 12;

/** Whether a policy rests on SHA-1. */
export function isObsolete(policy: SecurityPolicy): boolean {
  return policy === SecurityPolicy.Basic128Rsa15 || policy === SecurityPolicy.Basic256;
}

/** Least RSA key length of a server's certificate for a policy, in bits (OPC 10000-7). */
export function leastKeyBits(policy: SecurityPolicy): number {
  return isObsolete(policy) ? 1024 : 2048;
}

/**
 * The endpoint to use of those a server offers: exactly what is configured, or the strongest for `best`.
 * @throws JoulegateError ENDPOINT_REFUSED when the configured mode or policy is not offered (there is no silent downgrade),
 * when values would go over the network unprotected, or when the server offers no acceptable way to sign in.
 */
export function chooseSecurity(server: SecuritySettings, offered: readonly EndpointDescription[]): ChosenSecurity {
  const chosen = offered
    .filter((endpoint) => fits(server, endpoint))
    .sort((a, b) => compareSecurity(namesOf(b), namesOf(a)))[0];
  if (chosen === undefined) {
    throw new JoulegateError(
      'ENDPOINT_REFUSED',
      `endpoint ${server.endpoint} does not offer securityMode ${server.securityMode} with securityPolicy ${server.securityPolicy}; it offers ${describeOffer(offered)}`,
    );
  }
  const open = chosen.securityMode === MessageSecurityMode.None;
  if (open && server.allowInsecure !== true && !isLoopbackHost(hostOfEndpoint(server.endpoint))) {
    throw new JoulegateError(
      'ENDPOINT_REFUSED',
      `endpoint ${server.endpoint} ${server.securityMode === 'None' ? 'is configured' : 'offers only to be read'} without security, so anybody on the way could read and forge its values; enable Sign & Encrypt at the server, or set allowInsecure: true for server "${server.name}"`,
    );
  }
  const certificate = chosen.serverCertificate;
  return {
    securityMode: chosen.securityMode,
    securityPolicy: chosen.securityPolicyUri as SecurityPolicy,
    certificate: certificate === null || certificate === undefined || certificate.length === 0 ? null : certificate,
    applicationUri: chosen.server.applicationUri,
    tokenPolicy: chooseToken(server, chosen),
    endpoints: offered,
  };
}

/** Whether a list has an endpoint of the configured mode and policy at all. */
export function offersConfigured(server: SecuritySettings, offered: readonly EndpointDescription[]): boolean {
  return offered.some((endpoint) => fits(server, endpoint));
}

function fits(server: SecuritySettings, endpoint: EndpointDescription): boolean {
  const { securityMode, securityPolicyUri } = endpoint;
  const policy = securityPolicyUri as SecurityPolicy;
  if (!isBinary(endpoint) || !ranking.includes(policy)) return false;
  if ((securityMode === MessageSecurityMode.None) !== (policy === SecurityPolicy.None)) return false;
  if (server.securityMode !== 'best' && securityMode !== MessageSecurityMode[server.securityMode]) return false;
  if (server.securityPolicy === 'best') return !isObsolete(policy);
  return policy === SecurityPolicy[server.securityPolicy];
}

/** Mode and policies a server offers, without repetitions, for a message. */
export function describeOffer(offered: readonly EndpointDescription[]): string {
  const names = [...new Set(offered.map(nameOf))].sort();
  if (names.length === 0) return 'nothing';
  return `${names.slice(0, MAX_NAMES).join(', ')}${names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''}`;
}

/** Names of mode and policy as configuration and memory have them. */
export function namesOf(of: {
  readonly securityMode: MessageSecurityMode;
  readonly securityPolicyUri?: string | null;
  readonly securityPolicy?: SecurityPolicy;
}): NamedSecurity {
  const uri = of.securityPolicy ?? of.securityPolicyUri ?? '';
  return { mode: MessageSecurityMode[of.securityMode] ?? '?', policy: uri.split('#')[1] ?? '?' };
}

/** Negative when `a` is weaker than `b`: the mode decides, then the policy. */
export function compareSecurity(a: NamedSecurity, b: NamedSecurity): number {
  const byMode = modeRanking.indexOf(a.mode) - modeRanking.indexOf(b.mode);
  return byMode === 0 ? policyRank(a.policy) - policyRank(b.policy) : byMode;
}

const policyRank = (name: string): number => ranking.findIndex((policy) => policy.endsWith(`#${name}`));

/**
 * Refuses Basic128Rsa15 where this Node's OpenSSL decrypts no RSA PKCS#1 v1.5 any more.
 * @throws JoulegateError ENDPOINT_REFUSED
 */
export function assertPolicyWorks(policy: SecurityPolicy, endpoint: string, key: KeyObject): void {
  if (policy !== SecurityPolicy.Basic128Rsa15) return;
  const padding = constants.RSA_PKCS1_PADDING;
  const probe = Buffer.from('probe');
  try {
    const back = privateDecrypt({ key, padding }, publicEncrypt({ key: createPublicKey(key), padding }, probe));
    if (back.equals(probe)) return;
  } catch {
    // Falls through to the same refusal: the reason is always the switched-off padding.
  }
  throw new JoulegateError(
    'ENDPOINT_REFUSED',
    `endpoint ${endpoint}: policy Basic128Rsa15 cannot be used, because this Node.js (OpenSSL ${process.versions['openssl'] ?? '?'}) no longer decrypts RSA PKCS#1 v1.5; choose one of ${securityPolicies.filter((name) => name !== 'None' && name !== 'Basic128Rsa15').join(', ')}`,
  );
}
