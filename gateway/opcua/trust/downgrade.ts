import { JoulegateError } from '../../../broker/contract/error.ts';
import type { ServerConfig } from '../../config/schema.ts';
import type { WorkerEvent } from '../protocol.ts';
import { compareSecurity, namesOf, type ChosenSecurity } from '../security.ts';
import { certCommand } from './trust-store.ts';
import { writeServerState, type NamedSecurity, type ServerState } from './server-state.ts';

type DowngradeQuestion = {
  readonly pkiDir: string;
  readonly server: Pick<ServerConfig, 'name' | 'endpoint' | 'securityMode' | 'securityPolicy'>;
  readonly state: ServerState;
  readonly onEvent: (event: WorkerEvent) => void;
};

/**
 * Refuses security that is weaker than what the last session with this server had, until a person accepts it or asks for
 * it by name in the configuration. Returns what to remember when the session comes about.
 * @throws JoulegateError ENDPOINT_REFUSED naming the command that accepts it.
 */
export async function assertNoDowngrade(
  question: DowngradeQuestion & { readonly security: ChosenSecurity },
): Promise<ServerState> {
  const { pkiDir, server, security, state, onEvent } = question;
  const now = namesOf(security);
  const { agreed, refusedSecurity, vanished: _over, ...rest } = state;
  if (agreed === undefined || compareSecurity(now, agreed) >= 0 || isAskedFor(server, now, agreed)) {
    return { ...rest, agreed: now };
  }
  const text = `endpoint ${server.endpoint} now offers at most ${now.mode}/${now.policy}, and the last session had ${agreed.mode}/${agreed.policy}`;
  if (refusedSecurity === undefined || compareSecurity(refusedSecurity, now) !== 0) {
    await writeServerState(pkiDir, server.name, { ...state, refusedSecurity: now });
    onEvent({ kind: 'security-downgrade', severity: 'critical', message: text, subject: server.endpoint });
  }
  throw new JoulegateError(
    'ENDPOINT_REFUSED',
    `${text}; if that is intended, accept it with "${certCommand(pkiDir, `accept-security ${server.name}`)}", else find out who changed the server or stands in between`,
  );
}

/** Says once that a server no longer offers what is configured, although the last session had it. */
export async function reportVanishedSecurity(
  question: DowngradeQuestion & { readonly offered: string },
): Promise<void> {
  const { pkiDir, server, state, onEvent, offered } = question;
  if (state.agreed === undefined || state.vanished === true) return;
  await writeServerState(pkiDir, server.name, { ...state, vanished: true });
  onEvent({
    kind: 'security-downgrade',
    severity: 'high',
    message: `server no longer offers what is configured; the last session had ${state.agreed.mode}/${state.agreed.policy}, now it offers ${offered}`,
    subject: server.endpoint,
  });
}

function isAskedFor(server: DowngradeQuestion['server'], now: NamedSecurity, agreed: NamedSecurity): boolean {
  if (server.securityPolicy === 'None') return true;
  if (server.securityMode === 'best') return false;
  return server.securityPolicy !== 'best' || now.mode !== agreed.mode;
}
