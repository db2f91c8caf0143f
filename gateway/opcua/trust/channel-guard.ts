import { setTimeout as wait } from 'node:timers/promises';
import {
  ActivateSessionRequest,
  CreateSessionRequest,
  CreateSessionResponse,
  GetEndpointsResponse,
  MessageSecurityMode,
  OpenSecureChannelResponse,
  type ClientSecureChannelLayer,
  type OPCUAClient,
} from 'node-opcua';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { WorkerEvent } from '../protocol.ts';
import { refusalOf } from './allowed-requests.ts';
import { NonceMemory } from './nonce-memory.ts';
import {
  compareCertificate,
  differingEndpoints,
  keepChosenToken,
  sessionFault,
  unsafeToken,
  type ExpectedServer,
} from './session-checks.ts';

type Request = Parameters<ClientSecureChannelLayer['performMessageTransaction']>[0];
type Callback = Parameters<ClientSecureChannelLayer['performMessageTransaction']>[1];
type Response = NonNullable<Parameters<Callback>[1]>;

export type GuardOptions = {
  readonly client: OPCUAClient;
  readonly endpoint: string;
  /** What the server must prove to be; null while endpoints are only being found. */
  readonly expected: ExpectedServer | null;
  readonly onEvent: (event: WorkerEvent) => void;
  /** The certificate the server shows now, asked for when the library cannot repair a connection with the known one. */
  readonly currentCertificate?: () => Promise<Buffer | null>;
};

/** The library repairs without a pause of its own when a server accepts connections and drops them. */
const REPAIR_PAUSE_MS = 1000;

/** Watches one client from before its first channel until it is thrown away. */
export interface ChannelGuard {
  /** The first broken promise of the server, after which nothing but the end of the session is sent. */
  readonly violation: JoulegateError | null;
}

/**
 * Stands between a client and every secure channel it makes, also those of its own reconnections. No request leaves that is
 * not on the list of reading services, and what the library leaves unchecked is checked: the server's signature and
 * certificate in CreateSession, endpoint lists against the discovered one, nonces, and how a password would travel.
 */
export function guardClient({ client, endpoint, expected, onEvent, currentCertificate }: GuardOptions): ChannelGuard {
  const nonces = new NonceMemory();
  let violation: JoulegateError | null = null;

  const violate = (reason: string): JoulegateError => {
    violation ??= new JoulegateError(
      'ENDPOINT_REFUSED',
      `endpoint ${endpoint} breaks the rules of a secure session: ${reason}; find out whether somebody stands between gateway and server`,
    );
    onEvent({ kind: 'channel-check-failed', severity: 'high', message: reason, subject: endpoint });
    return violation;
  };

  const blocked = (reason: string): JoulegateError => {
    const error = new JoulegateError(
      'ENDPOINT_REFUSED',
      `the gateway only reads: a request to ${endpoint} was not sent, because ${reason}`,
    );
    onEvent({
      kind: 'write-blocked',
      severity: 'critical',
      message: `${error.message}; this is a defect of the gateway or an attack on it. ${callers(error)}`.slice(0, 1000),
      subject: endpoint,
    });
    return error;
  };

  /** Why this request is not sent now, or null. */
  const objection = (request: unknown): JoulegateError | null => {
    const reason = refusalOf(request, expected === null ? 'discovery' : 'session');
    if (reason !== null) return blocked(reason);
    if (violation !== null && !isEnd(request)) return violation;
    if (request instanceof ActivateSessionRequest) {
      const unsafe = expected === null ? 'no session is wanted' : unsafeToken(request, expected);
      if (unsafe !== null) return violate(unsafe);
    }
    return null;
  };

  /** An error here would leave the library waiting for an answer that has come. */
  const brokenBy = (request: unknown, response: Response): string | null => {
    try {
      return faultOf(request, response);
    } catch (error) {
      return `its answer cannot be judged (${describeError(error)})`;
    }
  };

  const faultOf = (request: unknown, response: Response): string | null => {
    if (expected === null || response.responseHeader.serviceResult.isNotGood()) return null;
    if (response instanceof GetEndpointsResponse) {
      const difference = differingEndpoints(expected, response.endpoints ?? []);
      keepChosenToken(expected, response);
      return difference;
    }
    if (expected.securityMode === MessageSecurityMode.None) return null;
    if (request instanceof CreateSessionRequest && response instanceof CreateSessionResponse) {
      return (
        sessionFault(expected, request, response) ??
        nonces.objection(response.serverNonce, 'CreateSession') ??
        ((response.serverEndpoints ?? []).length === 0
          ? null
          : differingEndpoints(expected, response.serverEndpoints ?? []))
      );
    }
    if (request instanceof ActivateSessionRequest) {
      return nonces.objection(
        (response as { readonly serverNonce?: Buffer | null }).serverNonce ?? null,
        'ActivateSession',
      );
    }
    return null;
  };

  client.on('secure_channel_created', (channel) => {
    const send = channel.performMessageTransaction.bind(channel);
    channel.performMessageTransaction = (request: Request, callback: Callback): void => {
      const refused = objection(request);
      if (refused !== null) {
        setImmediate(callback, refused);
        return;
      }
      send(request, (error, response) => {
        const reason = error === null && response !== undefined ? brokenBy(request, response) : null;
        if (reason === null) callback(error, response);
        else callback(violate(reason));
      });
    };
    // The last gate before the bytes: whatever came past the method above ends here.
    channel.on('send_request', (request: Request) => {
      const refused = objection(request);
      if (refused !== null) throw refused;
    });
    channel.on('receive_response', (response: Response) => {
      if (expected === null || expected.securityMode === MessageSecurityMode.None) return;
      if (!(response instanceof OpenSecureChannelResponse)) return;
      const reason = nonces.objection(response.serverNonce, 'OpenSecureChannel', 16);
      if (reason !== null) violate(reason);
    });
  });

  // The library would take whatever certificate the server shows while it repairs a connection by itself.
  const repair = async (callback: (error: Error | null) => void): Promise<void> => {
    const { same, reason } = await compareCertificate(expected, currentCertificate);
    await wait(REPAIR_PAUSE_MS);
    callback(reason === null ? null : new Error(`endpoint ${endpoint}: ${reason}`));
    if (!same) await client.disconnect().catch(() => undefined);
  };
  Object.assign(client, {
    fetchServerCertificate: (_url: string, callback: (error: Error | null) => void) => void repair(callback),
  });

  return {
    get violation() {
      return violation;
    },
  };
}

/** Where the request came from, without the guard's own lines. */
const callers = ({ stack = '' }: Error): string =>
  stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at ') && !line.includes('channel-guard'))
    .map((line) => line.trim())
    .join(' ');

const endings = new Set(['CloseSessionRequest', 'CloseSecureChannelRequest']);
const isEnd = (request: unknown): boolean =>
  endings.has((request as { readonly schema?: { readonly name?: string } }).schema?.name ?? '');
