import { join } from 'node:path';
import {
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  MessageSecurityMode,
  UserTokenType,
  type ClientSession,
  type UserIdentityInfo,
} from 'node-opcua';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { ServerConfig } from '../config/schema.ts';
import type { WorkerEvent } from './protocol.ts';
import { checkPin, chooseSecurity, type ChosenSecurity } from './security.ts';

/** What is needed to open a session at a server. */
export type SessionTarget = {
  readonly server: Omit<ServerConfig, 'equipment'>;
  /** Own certificate and trust lists live below. */
  readonly pkiDir: string;
  readonly applicationUri: string;
};

export interface OpenedSession extends AsyncDisposable {
  readonly client: OPCUAClient;
  readonly session: ClientSession;
  readonly security: ChosenSecurity;
}

type OnEvent = (event: WorkerEvent) => void;

const CONNECT_TIMEOUT_MS = 10_000;

const quietStrategy = { maxRetry: 0, initialDelay: 500, maxDelay: 1000 } as const;

/**
 * Endpoints, certificate, secure channel, session: in this order, and nothing is sent to a server that is not trusted.
 * Disposing closes the session at the server.
 * @throws JoulegateError ENDPOINT_UNREACHABLE, ENDPOINT_REFUSED or CERTIFICATE_UNTRUSTED when it does not come about.
 */
export async function openSession(target: SessionTarget, onEvent: OnEvent): Promise<OpenedSession> {
  const { server, pkiDir } = target;
  const manager = new OPCUACertificateManager({ rootFolder: pkiDir, automaticallyAcceptUnknownCertificate: false });
  await manager.initialize();
  await using opening = new AsyncDisposableStack();
  opening.defer(() => manager.dispose());
  const security = chooseSecurity(server, await findEndpoints(target, manager));
  if (security.securityMode !== MessageSecurityMode.None && security.certificate !== null) {
    await verifyCertificate(target, security.certificate, manager, onEvent);
  }
  const client = OPCUAClient.create({
    ...clientOptions(target, manager),
    securityMode: security.securityMode,
    securityPolicy: security.securityPolicy,
    ...(security.certificate === null ? {} : { serverCertificate: security.certificate }),
  });
  opening.defer(async () => {
    await Promise.race([client.disconnect().catch(() => undefined), after(2000)]);
  });
  try {
    await client.connect(server.endpoint);
  } catch (error) {
    throw unreachable(target, error);
  }
  const session = await createSession(client, target);
  opening.defer(async () => {
    await Promise.race([session.close(true).catch(() => undefined), after(1500)]);
  });
  const resources = opening.move();
  return { client, session, security, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function clientOptions({ server, applicationUri }: SessionTarget, manager: OPCUACertificateManager) {
  return {
    applicationName: 'Joulegate gateway',
    applicationUri,
    clientName: `joulegate-${server.name}`,
    clientCertificateManager: manager,
    endpointMustExist: false,
    keepSessionAlive: true,
    requestedSessionTimeout: 60_000,
    transportTimeout: CONNECT_TIMEOUT_MS,
    defaultTransactionTimeout: 15_000,
    connectionStrategy: quietStrategy,
  } as const;
}

async function findEndpoints(target: SessionTarget, manager: OPCUACertificateManager) {
  const client = OPCUAClient.create({
    ...clientOptions(target, manager),
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
  });
  try {
    await client.connect(target.server.endpoint);
    return await client.getEndpoints();
  } catch (error) {
    throw unreachable(target, error);
  } finally {
    await client.disconnect().catch(() => undefined);
  }
}

async function verifyCertificate(
  target: SessionTarget,
  certificate: Buffer,
  manager: OPCUACertificateManager,
  onEvent: OnEvent,
): Promise<void> {
  const { server, pkiDir } = target;
  const verdict = await checkPin({ pkiDir, server, certificate, manager });
  switch (verdict.kind) {
    case 'trusted':
      return;
    case 'pinned-now':
      return onEvent({
        kind: 'server-certificate-new',
        severity: 'low',
        message: `server certificate pinned at first use, SHA-256 ${verdict.fingerprint}`,
        subject: server.endpoint,
      });
    case 'changed':
    case 'unknown': {
      const pin = join(pkiDir, 'pins', `${server.name}.sha256`);
      if (verdict.kind === 'changed') {
        onEvent({
          kind: 'server-certificate-changed',
          severity: 'high',
          message: `server certificate is not the pinned one: SHA-256 ${verdict.fingerprint} instead of ${verdict.known ?? ''}`,
          subject: server.endpoint,
        });
      }
      throw new JoulegateError(
        'CERTIFICATE_UNTRUSTED',
        `endpoint ${server.endpoint} shows a certificate that is ${verdict.kind === 'changed' ? 'not the pinned one' : 'not trusted'} (SHA-256 ${verdict.fingerprint}); compare it with the one shown at the server, then write that fingerprint into ${pin}`,
      );
    }
    default:
      verdict satisfies never;
  }
}

async function createSession(client: OPCUAClient, { server }: SessionTarget): Promise<ClientSession> {
  const identity: UserIdentityInfo =
    server.username === undefined
      ? { type: UserTokenType.Anonymous }
      : { type: UserTokenType.UserName, userName: server.username, password: server.password ?? '' };
  try {
    return await client.createSession(identity);
  } catch (error) {
    const text = describeError(error);
    if (/UserAccessDenied|IdentityToken/.test(text)) {
      throw new JoulegateError(
        'ENDPOINT_REFUSED',
        `endpoint ${server.endpoint} refuses ${server.username === undefined ? 'anonymous sign-in; set username and password' : `user "${server.username}": wrong user name or password; correct them`} in gateway.servers "${server.name}"`,
        { cause: error },
      );
    }
    throw new JoulegateError('ENDPOINT_REFUSED', `endpoint ${server.endpoint} refuses a session: ${text}`, {
      cause: error,
    });
  }
}

function unreachable({ server }: SessionTarget, error: unknown): JoulegateError {
  return new JoulegateError(
    'ENDPOINT_UNREACHABLE',
    `endpoint ${server.endpoint} cannot be reached: ${describeError(error).split('\n')[0] ?? ''}; check that the server runs, host, port and firewall`,
    { cause: error },
  );
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
