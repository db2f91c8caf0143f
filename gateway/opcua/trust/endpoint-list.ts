import { MessageSecurityMode, UserTokenType, type EndpointDescription } from 'node-opcua';
import { printable } from './certificate-facts.ts';

const BINARY_TRANSPORT = 'http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary';

/**
 * How two endpoint lists of one server differ, in words, or null. Compared are mode, policy, application URI and token
 * policies of the binary transport; addresses are not, because servers name each of their network cards or a name only
 * they can resolve, and certificates are not, because servers may leave them out of CreateSession (OPC 10000-4, 5.7.2).
 */
export function endpointListDifference(
  discovered: readonly EndpointDescription[],
  given: readonly EndpointDescription[],
): string | null {
  const before = new Map(discovered.filter(isBinary).map((endpoint) => [keyOf(endpoint), nameOf(endpoint)]));
  const after = new Map(given.filter(isBinary).map((endpoint) => [keyOf(endpoint), nameOf(endpoint)]));
  const words: string[] = [];
  for (const [key, name] of before) if (!after.has(key)) words.push(`${name} is missing or other`);
  for (const [key, name] of after) if (!before.has(key)) words.push(`${name} was not discovered so`);
  return words.length === 0 ? null : [...new Set(words)].slice(0, 4).join(', ');
}

/** Mode and policy of an endpoint, e.g. SignAndEncrypt/Basic256Sha256. */
export function nameOf({ securityMode, securityPolicyUri }: EndpointDescription): string {
  return `${MessageSecurityMode[securityMode] ?? '?'}/${printable((securityPolicyUri ?? '').split('#')[1] ?? '?').slice(0, 40)}`;
}

function keyOf(endpoint: EndpointDescription): string {
  const tokens = (endpoint.userIdentityTokens ?? []).map(
    ({ policyId, tokenType, securityPolicyUri }) =>
      `${policyId ?? ''}|${UserTokenType[tokenType] ?? ''}|${securityPolicyUri ?? ''}`,
  );
  return JSON.stringify([
    endpoint.securityMode,
    endpoint.securityPolicyUri,
    endpoint.server.applicationUri,
    [...new Set(tokens)].sort(),
  ]);
}

/** Whether an endpoint speaks opc.tcp; servers that say nothing do. */
export function isBinary({ transportProfileUri }: EndpointDescription): boolean {
  return transportProfileUri === null || transportProfileUri === '' || transportProfileUri === BINARY_TRANSPORT;
}
