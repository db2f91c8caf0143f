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
import type { WorkerMessage, WorkerStart } from './protocol.ts';
import { checkPin, chooseSecurity } from './security.ts';
import { TagSession } from './tag-session.ts';

type Say = (message: WorkerMessage) => void;

const CONNECT_TIMEOUT_MS = 10_000;

const quietStrategy = { maxRetry: 0, initialDelay: 500, maxDelay: 1000 } as const;

/**
 * One life of a connection: endpoints, certificate, session, namespaces, subscriptions; then values until something ends
 * it. Resolves when the connection is lost or `signal` aborts; whoever calls decides about the next try.
 * @throws JoulegateError ENDPOINT_UNREACHABLE, ENDPOINT_REFUSED or CERTIFICATE_UNTRUSTED when it does not come about.
 */
export async function runSession(start: WorkerStart, say: Say, signal: AbortSignal): Promise<void> {
  const { server, pkiDir } = start;
  const manager = new OPCUACertificateManager({ rootFolder: pkiDir, automaticallyAcceptUnknownCertificate: false });
  await manager.initialize();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => manager.dispose());
  const security = chooseSecurity(server, await findEndpoints(start, manager));
  if (security.securityMode !== MessageSecurityMode.None && security.certificate !== null) {
    await verifyCertificate(start, security.certificate, manager, say);
  }
  const client = OPCUAClient.create({
    ...clientOptions(start, manager),
    securityMode: security.securityMode,
    securityPolicy: security.securityPolicy,
    ...(security.certificate === null ? {} : { serverCertificate: security.certificate }),
  });
  const ended = new Promise<string>((resolve) => {
    client.on('connection_lost', () => resolve('connection lost'));
    client.on('close', () => resolve('connection closed'));
    signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    if (signal.aborted) resolve('stopped');
  });
  cleanup.defer(async () => {
    await Promise.race([client.disconnect().catch(() => undefined), after(2000)]);
  });
  try {
    await client.connect(server.endpoint);
  } catch (error) {
    throw unreachable(start, error);
  }
  const session = await openSession(client, start);
  cleanup.defer(async () => {
    await Promise.race([session.close(true).catch(() => undefined), after(1500)]);
  });
  const run = new TagSession(start, session, say);
  cleanup.defer(() => run.stop());
  await run.begin();
  say({ kind: 'clear', code: 'ENDPOINT_UNREACHABLE', where: server.endpoint });
  say({ kind: 'clear', code: 'ENDPOINT_REFUSED', where: server.endpoint });
  say({ kind: 'clear', code: 'CERTIFICATE_UNTRUSTED', where: server.endpoint });
  say({
    kind: 'event',
    event: {
      kind: 'endpoint-connected',
      severity: 'info',
      message: `session open, ${MessageSecurityMode[security.securityMode]} ${security.securityPolicy.split('#')[1] ?? ''}`,
      subject: server.endpoint,
    },
  });
  const reason = await Promise.race([ended, run.silent]);
  say({ kind: 'disconnected' });
  if (!signal.aborted) {
    say({
      kind: 'event',
      event: { kind: 'endpoint-lost', severity: 'medium', message: reason, subject: server.endpoint },
    });
    throw new JoulegateError('ENDPOINT_UNREACHABLE', `endpoint ${server.endpoint}: ${reason}`);
  }
}

function clientOptions({ server, applicationUri }: WorkerStart, manager: OPCUACertificateManager) {
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

async function findEndpoints(start: WorkerStart, manager: OPCUACertificateManager) {
  const client = OPCUAClient.create({
    ...clientOptions(start, manager),
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
  });
  try {
    await client.connect(start.server.endpoint);
    return await client.getEndpoints();
  } catch (error) {
    throw unreachable(start, error);
  } finally {
    await client.disconnect().catch(() => undefined);
  }
}

async function verifyCertificate(
  start: WorkerStart,
  certificate: Buffer,
  manager: OPCUACertificateManager,
  say: Say,
): Promise<void> {
  const { server, pkiDir } = start;
  const verdict = await checkPin({ pkiDir, server, certificate, manager });
  switch (verdict.kind) {
    case 'trusted':
      return;
    case 'pinned-now':
      return say({
        kind: 'event',
        event: {
          kind: 'server-certificate-new',
          severity: 'low',
          message: `server certificate pinned at first use, SHA-256 ${verdict.fingerprint}`,
          subject: server.endpoint,
        },
      });
    case 'changed':
    case 'unknown': {
      const pin = join(pkiDir, 'pins', `${server.name}.sha256`);
      if (verdict.kind === 'changed') {
        say({
          kind: 'event',
          event: {
            kind: 'server-certificate-changed',
            severity: 'high',
            message: `server certificate is not the pinned one: SHA-256 ${verdict.fingerprint} instead of ${verdict.known ?? ''}`,
            subject: server.endpoint,
          },
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

async function openSession(client: OPCUAClient, { server }: WorkerStart): Promise<ClientSession> {
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

function unreachable({ server }: WorkerStart, error: unknown): JoulegateError {
  return new JoulegateError(
    'ENDPOINT_UNREACHABLE',
    `endpoint ${server.endpoint} cannot be reached: ${describeError(error).split('\n')[0] ?? ''}; check that the server runs, host, port and firewall`,
    { cause: error },
  );
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
