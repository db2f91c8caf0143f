import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { SessionTarget } from './open-session.ts';
import { ownFiles } from './trust/own-certificate.ts';
import { certCommand } from './trust/trust-store.ts';

/** The server listed its endpoints a moment ago, so a secured channel that fails is most likely a refusal. */
export function notConnected(target: SessionTarget, error: unknown, secured: boolean): JoulegateError {
  if (!secured) return unreachable(target, error);
  const { server, pkiDir } = target;
  const text = describeError(error);
  const isRefusal = /SecurityChecksFailed|BadCertificate|SecurityPolicyRejected|SecurityModeRejected/.test(text);
  const clocks = text.includes('TimeInvalid') ? 'compare the clocks of both sides, and ' : '';
  const own = `${ownFiles(pkiDir).certificate} at the server; "${certCommand(pkiDir, 'show own')}" prints what it will show there`;
  return isRefusal
    ? new JoulegateError(
        'ENDPOINT_REFUSED',
        `endpoint ${server.endpoint} does not take the gateway's certificate (${firstLine(text)}); ${clocks}trust ${own}`,
        { cause: error },
      )
    : new JoulegateError(
        'ENDPOINT_UNREACHABLE',
        `endpoint ${server.endpoint} lists its endpoints, but no secured channel comes about (${firstLine(text)}); if that repeats, trust ${own}`,
        { cause: error },
      );
}

/** Why a server did not let the gateway sign in, by what it answered. */
export function notSignedIn({ server }: SessionTarget, error: unknown): JoulegateError {
  const text = describeError(error);
  if (/UserAccessDenied|IdentityToken|UserSignatureInvalid/.test(text)) {
    const who =
      server.userCertificate !== undefined
        ? `the user certificate ${server.userCertificate}: let the server trust it`
        : server.username === undefined
          ? 'anonymous sign-in; set username and password'
          : `user "${server.username}": wrong user name or password; correct them`;
    return new JoulegateError(
      'ENDPOINT_REFUSED',
      `endpoint ${server.endpoint} refuses ${who} in gateway.servers "${server.name}"`,
      { cause: error },
    );
  }
  return new JoulegateError('ENDPOINT_REFUSED', `endpoint ${server.endpoint} refuses a session: ${firstLine(text)}`, {
    cause: error,
  });
}

/**
 * Whether a failed try may be the server's refusal of our certificate, so that another one is worth a second try; never
 * after a refused user, because servers lock users out. The library says status codes only in its text.
 */
export function mayBeOwnCertificate(error: unknown): boolean {
  if (!(error instanceof JoulegateError) || error.cause === undefined) return false;
  return (
    error.code === 'ENDPOINT_UNREACHABLE' || /BadCertificate|SecurityChecksFailed/.test(describeError(error.cause))
  );
}

/** Nothing answered, or what did is no OPC UA server. */
export function unreachable({ server }: SessionTarget, error: unknown): JoulegateError {
  return new JoulegateError(
    'ENDPOINT_UNREACHABLE',
    `endpoint ${server.endpoint} cannot be reached: ${firstLine(describeError(error))}; check that the server runs, host, port and firewall`,
    { cause: error },
  );
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
