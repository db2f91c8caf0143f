import { JoulegateError } from '../../../broker/contract/error.ts';
import type { ServerConfig } from '../../config/schema.ts';
import type { WorkerEvent } from '../protocol.ts';
import { leastKeyBits, type ChosenSecurity } from '../security.ts';
import {
  certificateFaults,
  daysLeft,
  hostOfEndpoint,
  readCertificate,
  type CertificateFacts,
} from './certificate-facts.ts';
import { readIfThere } from './private-file.ts';
import { writeServerState, type ServerState } from './server-state.ts';
import { hasTrustedIssuer } from './issuer-trust.ts';
import { certCommand, isRefused, isTrusted, putAside, trustCertificate } from './trust-store.ts';
import { join } from 'node:path';

type TrustQuestion = {
  readonly pkiDir: string;
  readonly server: Pick<ServerConfig, 'name' | 'endpoint' | 'trustServerCertificate' | 'tolerate'>;
  readonly security: ChosenSecurity;
  readonly state: ServerState;
  /** Epoch ms. */
  readonly now: number;
  readonly onEvent: (event: WorkerEvent) => void;
};

/**
 * Decides whether a server may be talked to by the certificate it shows and returns what to remember of it.
 * Trusted is what lies in `trusted/` or is issued by an authority that does, without faults that nobody accepted; with
 * `first-use` also the first certificate of a server unless a person refused it. Anything else is put aside in `rejected/`.
 * @throws JoulegateError CERTIFICATE_UNTRUSTED with every reason and the command that trusts it.
 */
export async function verifyServerCertificate(question: TrustQuestion): Promise<ServerState> {
  const { pkiDir, server, security, now, onEvent } = question;
  const state = await withLegacyPin(question);
  if (security.certificate === null) {
    throw new JoulegateError(
      'CERTIFICATE_UNTRUSTED',
      `endpoint ${server.endpoint} wants a secured session and shows no certificate; install one at the server`,
    );
  }
  const { der, ...facts } = readCertificate(security.certificate);
  const faults = certificateFaults(facts, {
    host: hostOfEndpoint(server.endpoint),
    applicationUri: security.applicationUri,
    now,
    leastKeyBits: leastKeyBits(security.securityPolicy),
  }).filter(({ kind }) => server.tolerate?.includes(kind) !== true);
  const refused = await isRefused(pkiDir, facts.fingerprint);
  const firstUse = server.trustServerCertificate === 'first-use' && state.certificate === undefined && !refused;
  const listed = await isTrusted(pkiDir, facts.fingerprint);
  const changed = state.certificate !== undefined && state.certificate !== facts.fingerprint;
  const trusted = listed || firstUse || (!refused && (await hasTrustedIssuer(pkiDir, security.certificate)));

  if (!trusted || faults.length > 0) {
    if (!trusted) await putAside(pkiDir, der);
    if (state.refusedCertificate !== facts.fingerprint) {
      await writeServerState(pkiDir, server.name, { ...state, refusedCertificate: facts.fingerprint });
      onEvent(
        changed
          ? event(
              server,
              'server-certificate-changed',
              'high',
              `server shows another certificate: SHA-256 ${facts.fingerprint} instead of ${state.certificate ?? ''}`,
            )
          : event(
              server,
              'server-certificate-new',
              'medium',
              `server certificate is not accepted: SHA-256 ${facts.fingerprint}, ${facts.subject}`,
            ),
      );
    }
    throw untrusted(question, facts, {
      changed,
      trusted,
      faults: faults.map(({ kind, text }) => `${text} (tolerate: [${kind}] accepts that)`),
    });
  }
  if (!listed && firstUse) {
    await trustCertificate(pkiDir, der);
    onEvent(
      event(
        server,
        'server-certificate-new',
        'low',
        `server certificate pinned at first use, SHA-256 ${facts.fingerprint}`,
      ),
    );
  } else if (changed) {
    onEvent(
      event(
        server,
        'server-certificate-changed',
        'medium',
        `server shows another certificate, which is trusted: SHA-256 ${facts.fingerprint} instead of ${state.certificate ?? ''}`,
      ),
    );
  }
  const { refusedCertificate: _settled, expiring: _announced, ...kept } = state;
  const expiring = announceEnd(question, facts, state.expiring);
  return { ...kept, certificate: facts.fingerprint, ...(expiring === undefined ? {} : { expiring }) };
}

/** Says once a month before the end of a server's certificate that it ends, and once more a week before. */
function announceEnd(
  { server, now, onEvent }: TrustQuestion,
  facts: CertificateFacts,
  announced: ServerState['expiring'],
): ServerState['expiring'] {
  const days = daysLeft(facts, now);
  const withinDays = days < 7 ? 7 : 30;
  if (days < 0 || days >= 30) return undefined;
  if (announced?.certificate === facts.fingerprint && announced.withinDays <= withinDays) return announced;
  onEvent(
    event(
      server,
      'server-certificate-expiring',
      withinDays === 7 ? 'medium' : 'low',
      `server certificate ends in ${days} days, on ${new Date(facts.notAfter).toISOString().slice(0, 10)}; renew it at the server and trust the new one here, SHA-256 ${facts.fingerprint}`,
    ),
  );
  return { certificate: facts.fingerprint, withinDays };
}

function untrusted(
  { server, pkiDir }: TrustQuestion,
  facts: CertificateFacts,
  why: { readonly changed: boolean; readonly trusted: boolean; readonly faults: readonly string[] },
): JoulegateError {
  const reasons = [
    ...(why.trusted ? [] : [why.changed ? 'it is not the one this server had before' : 'it is not trusted']),
    ...why.faults,
  ];
  const remedy = why.trusted
    ? 'let the server have a proper certificate, or accept the fault as said'
    : `compare SHA-256 ${facts.fingerprint} with the one shown at the server, then run "${certCommand(pkiDir, `trust ${facts.fingerprint}`)}"`;
  return new JoulegateError(
    'CERTIFICATE_UNTRUSTED',
    `certificate of ${server.endpoint} (${facts.subject}) is refused: ${reasons.join('; ')}. To go on, ${remedy}`,
  );
}

/** Versions before the trust folders kept one file per server with the fingerprint that a person or first use pinned. */
async function withLegacyPin({ pkiDir, server, security, state }: TrustQuestion): Promise<ServerState> {
  if (state.certificate !== undefined || security.certificate === null) return state;
  const pin = (await readIfThere(join(pkiDir, 'pins', `${server.name}.sha256`)))?.toString('utf8').trim();
  if (pin === undefined || !/^[0-9a-f]{64}$/.test(pin)) return state;
  const { der, fingerprint } = readCertificate(security.certificate);
  if (pin === fingerprint) await trustCertificate(pkiDir, der);
  return { ...state, certificate: pin };
}

const event = (
  server: TrustQuestion['server'],
  kind: WorkerEvent['kind'],
  severity: WorkerEvent['severity'],
  message: string,
): WorkerEvent => ({ kind, severity, message: message.slice(0, 1000), subject: server.endpoint });
