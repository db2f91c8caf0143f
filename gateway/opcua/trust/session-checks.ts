import {
  AnonymousIdentityToken,
  MessageSecurityMode,
  UserNameIdentityToken,
  verifySignature,
  X509IdentityToken,
  type ActivateSessionRequest,
  type CreateSessionRequest,
  type CreateSessionResponse,
  type GetEndpointsResponse,
} from 'node-opcua';
import { describeError } from '../../../broker/contract/error.ts';
import type { ChosenSecurity } from '../security.ts';
import { leafOf } from './certificate-facts.ts';
import { endpointListDifference } from './endpoint-list.ts';
import { isProtectedPassword } from './user-token.ts';

/** What a session's server must prove to be. */
export type ExpectedServer = ChosenSecurity & {
  /** Whether a difference between the endpoint lists is accepted. */
  readonly tolerateEndpointList: boolean;
  /** Whether a password may stand plain inside an encrypted channel. */
  readonly allowPlainToken: boolean;
};

/** What is wrong with the answer to CreateSession (OPC 10000-4, 5.7.2), or null: the server's certificate and signature. */
export function sessionFault(
  expected: ExpectedServer,
  request: CreateSessionRequest,
  response: CreateSessionResponse,
): string | null {
  const shown = leafOf(response.serverCertificate ?? Buffer.alloc(0));
  if (expected.certificate === null || !shown.equals(leafOf(expected.certificate))) {
    return 'the certificate in its CreateSession answer is not the one of its endpoint';
  }
  const signed = verifySignature(
    request.clientCertificate,
    request.clientNonce,
    response.serverSignature,
    leafOf(expected.certificate),
    expected.securityPolicy,
  );
  return signed ? null : 'its signature in the CreateSession answer is wrong, so it has not proved to hold its key';
}

/** How the endpoint list of a secured channel differs from the discovered one, in words, or null. */
export function differingEndpoints(
  expected: ExpectedServer,
  given: readonly ChosenSecurity['endpoints'][number][],
): string | null {
  if (expected.tolerateEndpointList) return null;
  const difference = endpointListDifference(expected.endpoints, given);
  return difference === null
    ? null
    : `its endpoint list inside the session is not the discovered one (${difference}); if the server is known to do so, set tolerate: [endpoint-list]`;
}

/** The library would pick the token policy by rules of its own; it finds only the one that was chosen. */
export function keepChosenToken(
  { securityMode, securityPolicy, tokenPolicy }: ExpectedServer,
  response: GetEndpointsResponse,
) {
  for (const endpoint of response.endpoints ?? []) {
    if (endpoint.securityMode !== securityMode || endpoint.securityPolicyUri !== securityPolicy) continue;
    endpoint.userIdentityTokens = (endpoint.userIdentityTokens ?? []).filter(
      ({ policyId, tokenType }) => policyId === tokenPolicy.policyId && tokenType === tokenPolicy.tokenType,
    );
  }
}

/** Why a sign-in must not be sent, or null (OPC 10000-4, 7.40). */
export function unsafeToken(request: ActivateSessionRequest, expected: ExpectedServer): string | null {
  const token: unknown = request.userIdentityToken;
  if (token instanceof AnonymousIdentityToken) return null;
  if (token instanceof X509IdentityToken) {
    return expected.securityMode === MessageSecurityMode.None
      ? 'a user certificate would go over an open channel'
      : null;
  }
  if (!(token instanceof UserNameIdentityToken)) return 'it asks for a kind of sign-in that is not known';
  return isProtectedPassword(expected, token) ? null : 'the password would travel unprotected';
}

/** With another certificate the session has to be judged anew from its start; a server that is away may come back. */
export async function compareCertificate(
  expected: ExpectedServer | null,
  currentCertificate: (() => Promise<Buffer | null>) | undefined,
): Promise<{ readonly same: boolean; readonly reason: string | null }> {
  if (expected === null || expected.certificate === null || currentCertificate === undefined) {
    return { same: false, reason: 'its certificate cannot be asked for here' };
  }
  try {
    const shown = await currentCertificate();
    const same = shown !== null && leafOf(shown).equals(leafOf(expected.certificate));
    return { same, reason: same ? null : 'it shows another certificate than at the start of this session' };
  } catch (error) {
    return { same: true, reason: describeError(error) };
  }
}
