import {
  InMemoryCertificateKeyPairProvider,
  InMemoryCertificateStore,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  type ClientSession,
  type EndpointDescription,
} from 'node-opcua';
import type { ServerConfig } from '../config/schema.ts';
import type { WorkerEvent } from './protocol.ts';
import { assertPolicyWorks, chooseSecurity, describeOffer, offersConfigured, type ChosenSecurity } from './security.ts';
import { mayBeOwnCertificate, notConnected, notSignedIn, unreachable } from './session-errors.ts';
import { leafOf } from './trust/certificate-facts.ts';
import { assertNoDowngrade, reportVanishedSecurity } from './trust/downgrade.ts';
import { guardClient } from './trust/channel-guard.ts';
import { ensureOwnCertificate, ownFiles, RENEW_BEFORE_DAYS, type OwnCertificate } from './trust/own-certificate.ts';
import { readServerState, writeServerState, type ServerState } from './trust/server-state.ts';
import { watchSession } from './trust/session-watch.ts';
import { userIdentity } from './trust/user-token.ts';
import { verifyServerCertificate } from './trust/verify-server.ts';

/** What is needed to open a session at a server. */
export type SessionTarget = {
  readonly server: Omit<ServerConfig, 'equipment'>;
  /** Own certificate and trust lists live below. */
  readonly pkiDir: string;
  readonly applicationUri: string;
  /** Days before the end of validity at which the own certificate is renewed; default 30. */
  readonly renewBeforeDays?: number;
};

export interface OpenedSession extends AsyncDisposable {
  readonly client: OPCUAClient;
  readonly session: ClientSession;
  readonly security: ChosenSecurity;
  /** When the own certificate ends, epoch ms. */
  readonly ownValidTo: number;
}

type OnEvent = (event: WorkerEvent) => void;
type Opening = {
  readonly target: SessionTarget;
  readonly security: ChosenSecurity;
  /** SHA-256 of the server's certificate, null without security. */
  readonly fingerprint: string | null;
  readonly renewOwn: () => Promise<OwnCertificate>;
  readonly onEvent: OnEvent;
};

const CONNECT_TIMEOUT_MS = 10_000;

const quietStrategy = { maxRetry: 0, initialDelay: 500, maxDelay: 1000 } as const;

/**
 * Endpoints, certificate, secure channel, session: in this order, and nothing is sent to a server that is not trusted.
 * Of the endpoint list only policy and certificate are taken, never the address: the configured host stays.
 * Disposing closes the session at the server.
 * @throws JoulegateError ENDPOINT_UNREACHABLE, ENDPOINT_REFUSED or CERTIFICATE_UNTRUSTED when it does not come about;
 * CONFIG_INVALID, CONFIG_UNREADABLE or DATA_DIR_UNUSABLE for own certificates and files that cannot be used.
 */
export async function openSession(
  target: SessionTarget,
  onEvent: OnEvent,
  now: () => number = Date.now,
): Promise<OpenedSession> {
  const { server, pkiDir, applicationUri, renewBeforeDays = RENEW_BEFORE_DAYS } = target;
  const renewOwn = () => ensureOwnCertificate({ pkiDir, applicationUri, now: now(), renewBeforeDays }, onEvent);
  const own = await renewOwn();
  const state = await readServerState(pkiDir, server.name);
  const offered = await findEndpoints(target, own, onEvent);
  if (!offersConfigured(server, offered)) {
    await reportVanishedSecurity({ pkiDir, server, state, onEvent, offered: describeOffer(offered) });
  }
  const security = chooseSecurity(server, offered);
  assertPolicyWorks(security.securityPolicy, server.endpoint, own.privateKey);
  const question = { pkiDir, server, security, now: now(), onEvent };
  const agreed = await assertNoDowngrade({ ...question, state });
  const known =
    security.securityMode === MessageSecurityMode.None
      ? agreed
      : await verifyServerCertificate({ ...question, state: agreed });
  const fingerprint = security.securityMode === MessageSecurityMode.None ? null : (known.certificate ?? null);
  const opening: Opening = { target, security, fingerprint, renewOwn, onEvent };
  const { opened, refusedOwn } = await openWithOwn(opening, own, known);
  const { ownRefused: _before, ...kept } = known;
  const offer = describeOffer(offered);
  if (state.offer !== undefined && state.offer !== offer) reportOffer(server, state.offer, offer, onEvent);
  const remembered = { ...kept, offer, ...(refusedOwn === null ? {} : { ownRefused: refusedOwn }) };
  if (JSON.stringify(remembered) !== JSON.stringify(state)) await writeServerState(pkiDir, server.name, remembered);
  return opened;
}

/** Another endpoint list may be an update, or somebody opening a door. */
function reportOffer(server: SessionTarget['server'], before: string, now: string, onEvent: OnEvent): void {
  onEvent({
    kind: 'server-endpoints-changed',
    severity: 'medium',
    message: `server "${server.name}" offers other endpoints than at the last session: ${now}; before: ${before}`.slice(
      0,
      1024,
    ),
    subject: server.endpoint,
    detail: { server: server.name, before: before.slice(0, 512), after: now.slice(0, 512) },
  });
}

/** A server that does not yet trust the renewed certificate may still know the one before. */
async function openWithOwn(
  opening: Opening,
  own: OwnCertificate,
  state: ServerState,
): Promise<{ readonly opened: OpenedSession; readonly refusedOwn: string | null }> {
  try {
    return { opened: await open(opening, own, own.certificate), refusedOwn: null };
  } catch (error) {
    const { target, security, onEvent } = opening;
    if (own.previous === null || security.securityMode === MessageSecurityMode.None || !mayBeOwnCertificate(error)) {
      throw error;
    }
    const opened = await open(opening, own, own.previous).catch(() => {
      throw error;
    });
    if (state.ownRefused !== own.facts.fingerprint) {
      onEvent({
        kind: 'own-certificate-refused',
        severity: 'medium',
        message: `server does not take the renewed own certificate SHA-256 ${own.facts.fingerprint}, so the one before is used as long as it is valid; trust ${ownFiles(target.pkiDir).certificate} at the server`,
        subject: target.server.endpoint,
      });
    }
    return { opened, refusedOwn: own.facts.fingerprint };
  }
}

async function open(opening: Opening, own: OwnCertificate, certificate: Buffer): Promise<OpenedSession> {
  const { target, security, onEvent } = opening;
  const { server } = target;
  const identity = await userIdentity(server);
  await using resources = new AsyncDisposableStack();
  const client = OPCUAClient.create({
    ...clientOptions(target, own, certificate),
    securityMode: security.securityMode,
    securityPolicy: security.securityPolicy,
    ...(security.certificate === null ? {} : { serverCertificate: leafOf(security.certificate) }),
  });
  const guard = guardClient({
    client,
    endpoint: server.endpoint,
    expected: {
      ...security,
      tolerateEndpointList: server.tolerate?.includes('endpoint-list') === true,
      allowPlainToken: server.allowPlainPasswordToken === true,
    },
    onEvent,
    currentCertificate: async () =>
      sameEndpoint(await findEndpoints(target, own, onEvent), security)?.serverCertificate ?? null,
  });
  resources.defer(async () => {
    await Promise.race([client.disconnect().catch(() => undefined), after(2000)]);
  });
  try {
    await client.connect(server.endpoint);
  } catch (error) {
    throw guard.violation ?? notConnected(target, error, security.securityMode !== MessageSecurityMode.None);
  }
  const session = await client.createSession(identity).catch((error: unknown) => {
    throw guard.violation ?? notSignedIn(target, error);
  });
  resources.defer(async () => {
    await Promise.race([session.close(true).catch(() => undefined), after(1500)]);
  });
  resources.use(
    watchSession({
      client,
      guard,
      pkiDir: target.pkiDir,
      fingerprint: opening.fingerprint,
      renewOwn: opening.renewOwn,
    }),
  );
  const kept = resources.move();
  return {
    client,
    session,
    security,
    ownValidTo: own.facts.notAfter,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function sameEndpoint(
  offered: readonly EndpointDescription[],
  { securityMode, securityPolicy }: ChosenSecurity,
): EndpointDescription | undefined {
  const uri: string = securityPolicy;
  return offered.find((endpoint) => endpoint.securityMode === securityMode && endpoint.securityPolicyUri === uri);
}

function clientOptions({ server, applicationUri }: SessionTarget, own: OwnCertificate, certificate: Buffer) {
  return {
    applicationName: 'Joulegate gateway',
    applicationUri,
    clientName: `joulegate-${server.name}`,
    certificateKeyPairProvider: new InMemoryCertificateKeyPairProvider([certificate], { hidden: own.privateKey }),
    clientCertificateManager: new InMemoryCertificateStore({ autoAcceptUnknown: false }),
    endpointMustExist: false,
    keepSessionAlive: true,
    requestedSessionTimeout: 60_000,
    transportTimeout: CONNECT_TIMEOUT_MS,
    defaultTransactionTimeout: 15_000,
    connectionStrategy: quietStrategy,
  } as const;
}

async function findEndpoints(
  target: SessionTarget,
  own: OwnCertificate,
  onEvent: OnEvent,
): Promise<readonly EndpointDescription[]> {
  const client = OPCUAClient.create({
    ...clientOptions(target, own, own.certificate),
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
  });
  const { endpoint } = target.server;
  guardClient({ client, endpoint, expected: null, onEvent });
  try {
    await client.connect(endpoint);
    return await client.getEndpoints();
  } catch (error) {
    throw unreachable(target, error);
  } finally {
    await client.disconnect().catch(() => undefined);
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
