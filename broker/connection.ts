import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import type { ConnectionFault, ConnectionGate } from './access/connections.ts';
import { guardFrames, type FrameFault, type FrameGuard } from './access/frame-guard.ts';
import { clean, type GateEvent } from './access/security-events.ts';
import type { Member, Peer } from './access/sign-in.ts';
import type { BrokerLimits } from './config.ts';
import { certificateName, certificateProblem, type ListenerOptions } from './listeners.ts';

const connectionFaults: Readonly<Record<ConnectionFault, string>> = {
  'address-unknown': 'the address is not one of allowedAddresses',
  connections: 'too many in all',
  'connections-per-address': 'too many from one address',
  'connection-rate': 'too many a second from one address',
};
const limitFaults: readonly FrameFault[] = ['packet-too-large', 'packet-too-large-before-sign-in', 'connect-timeout'];

/** What stands between a socket and Aedes: who may connect, what a frame may be, how much may wait unsent. */
export function createAdmission(options: {
  readonly limits: BrokerLimits;
  readonly gate: ConnectionGate;
  /** Those that are open; filled here. */
  readonly sockets: Set<Socket>;
  readonly members: WeakMap<Client, Member>;
  readonly now: () => number;
  readonly report: (event: GateEvent) => void;
  readonly handle: (stream: Duplex) => Client;
  readonly onJoin: (client: Client, peer: Peer, guard: FrameGuard) => void;
  readonly onLeave: (client: Client) => void;
}): Pick<ListenerOptions, 'admit' | 'accept' | 'onTlsError'> {
  const { limits, gate, sockets, members, report } = options;
  const hostOf = (socket: Socket): string => socket.remoteAddress ?? 'unknown';
  const addressOf = (socket: Socket): string => `${hostOf(socket)}:${socket.remotePort ?? 0}`;
  const refuseCertificate = (problem: string, socket: Socket): void =>
    report({
      kind: 'client-certificate-refused',
      severity: 'high',
      message: `client certificate refused: ${clean(problem)}`,
      address: addressOf(socket),
      subject: clean(problem),
    });

  return {
    admit: (socket) => {
      const host = hostOf(socket);
      const fault = gate.enter(host, options.now());
      if (fault !== null) {
        report({
          kind: fault === 'address-unknown' ? 'address-unknown' : 'limit-hit',
          severity: 'high',
          message: `connection refused: ${connectionFaults[fault]}`,
          address: addressOf(socket),
          subject: fault,
        });
        return false;
      }
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        gate.leave(host);
      });
      return true;
    },

    accept: ({ stream, socket }) => {
      const address = addressOf(socket);
      stream.on('error', () => undefined);
      const problem = certificateProblem(socket);
      if (problem !== null) {
        refuseCertificate(problem, socket);
        stream.destroy();
        return;
      }
      const tell = (event: Pick<GateEvent, 'kind' | 'severity' | 'message' | 'subject'>): void => {
        const principal = members.get(client)?.user.username;
        report({ ...event, address, ...(principal === undefined ? {} : { principal }) });
      };
      const guard = guardFrames(stream, {
        maxPacketBytes: limits.maxPacketBytes,
        connectTimeoutMs: limits.connectTimeoutMs,
        onFault: (fault) =>
          tell({
            kind: limitFaults.includes(fault) ? 'limit-hit' : 'malformed-packet',
            severity: 'medium',
            message: `connection cut: ${fault}`,
            subject: fault,
          }),
      });
      boundWrites(stream, limits.maxBufferedBytes, () =>
        tell({
          kind: 'limit-hit',
          severity: 'high',
          message: `slow reader dropped: more than ${limits.maxBufferedBytes} bytes unsent`,
          subject: 'slow-reader',
        }),
      );
      const client = options.handle(stream);
      options.onJoin(client, { host: hostOf(socket), address, certificateName: certificateName(socket) }, guard);
      stream.once('close', () => options.onLeave(client));
    },

    onTlsError: (error, socket) => {
      const refused = 'authorizationError' in socket && socket.authorizationError !== null;
      const text = refused ? String(socket.authorizationError) : error.message;
      if (refused || /CERT|ISSUER|certificate|REVOKED|EXPIRED/.test(text)) return refuseCertificate(text, socket);
      report({
        kind: 'malformed-packet',
        severity: 'low',
        message: `TLS handshake failed: ${clean(text)}`,
        address: addressOf(socket),
        subject: 'tls-handshake',
      });
    },
  };
}

/**
 * Lets the broker write without ever waiting for one reader: it would hold up all others. What a reader does not take is
 * buffered up to a bound; then it is dropped.
 */
function boundWrites(stream: Duplex, maxBufferedBytes: number, onSlow: () => void): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let dropped = false;
  stream.write = (...args: unknown[]): boolean => {
    if (dropped) return true;
    write(...args);
    if (stream.writableLength > maxBufferedBytes) {
      dropped = true;
      onSlow();
      stream.destroy();
    }
    return true;
  };
}

/** Errors of Aedes and its parser that a limit has brought about, not a malformed packet. */
const LIMIT_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/^Client queue limit reached/, 'packets-before-sign-in'],
  [/^maxInflightInbound exceeded/, 'inflight'],
  [/^topic has too many levels/, 'topic-too-deep'],
];
/** Errors that have their own event, or tell of nothing but a connection that ended. */
const ORDINARY_ERRORS =
  /^(keep alive timeout|connection closed|drain timeout|not authorised|topic is not allowed|filter is malformed|not signed in|too many |unacceptable protocol version|the journal|Premature close|connect did not arrive|write after end|packet received not valid)/;

/** What an error that ended a connection means: a limit, a malformed packet, or nothing to tell. */
export function faultOf(
  error: Error & { readonly code?: unknown },
): { readonly kind: 'limit-hit' | 'malformed-packet'; readonly subject: string } | null {
  if (error.code !== undefined || ORDINARY_ERRORS.test(error.message)) return null;
  const limit = LIMIT_ERRORS.find(([pattern]) => pattern.test(error.message))?.[1];
  return limit === undefined
    ? { kind: 'malformed-packet', subject: error.message }
    : { kind: 'limit-hit', subject: limit };
}
