import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { readIfThere, writePrivate } from './private-file.ts';

/** Mode and policy by their names, e.g. SignAndEncrypt and Basic256Sha256. */
export type NamedSecurity = { readonly mode: string; readonly policy: string };

/** What we remember of one server between sessions; `servers/<name>.json`, mode 0600. */
export type ServerState = {
  /** SHA-256 of the certificate it last showed and we took. */
  readonly certificate?: string;
  /** What the last session was secured with. */
  readonly agreed?: NamedSecurity;
  /** Weaker security that we refused and a person may accept. */
  readonly refusedSecurity?: NamedSecurity;
  /** The configured security was there once and is not offered now; its event has been sent. */
  readonly vanished?: boolean;
  /** SHA-256 of the certificate that we refused last; its event has been sent. */
  readonly refusedCertificate?: string;
  /** SHA-256 of the certificate that ends soon, and the days that were announced. */
  readonly expiring?: { readonly certificate: string; readonly withinDays: number };
  /** SHA-256 of our own certificate that this server refused although the one before still works. */
  readonly ownRefused?: string;
  /** Modes and policies it offered at the last session. */
  readonly offer?: string;
  /** Maker, product, version and build as it last told them. */
  readonly software?: string;
  /** Its NamespaceArray at the last session. */
  readonly namespaces?: readonly string[];
};

/** @throws JoulegateError DATA_DIR_UNUSABLE when the file holds something else: forgetting it would hide a downgrade. */
export async function readServerState(pkiDir: string, server: string): Promise<ServerState> {
  const path = stateFile(pkiDir, server);
  const content = await readIfThere(path);
  if (content === null) return {};
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one message for every broken file.
  }
  throw new JoulegateError(
    'DATA_DIR_UNUSABLE',
    `${path} is damaged, so what was agreed with server "${server}" is not known; restore it, or remove it after comparing certificate and security at the server`,
  );
}

/** Keeps what is known of a server. @throws JoulegateError DATA_DIR_UNUSABLE */
export async function writeServerState(pkiDir: string, server: string, state: ServerState): Promise<void> {
  await writePrivate(stateFile(pkiDir, server), `${JSON.stringify(state, null, 2)}\n`);
}

/** Names of the servers something is known of. */
export async function knownServers(pkiDir: string): Promise<readonly string[]> {
  const files = await readdir(join(pkiDir, 'servers')).catch(() => []);
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
}

/**
 * Makes the weaker security that was refused last the agreed one; a person has decided it.
 * @throws JoulegateError NOT_FOUND when nothing was refused.
 */
export async function acceptRefusedSecurity(pkiDir: string, server: string): Promise<NamedSecurity> {
  const { refusedSecurity, ...state } = await readServerState(pkiDir, server);
  if (refusedSecurity === undefined) {
    const known = await knownServers(pkiDir);
    throw new JoulegateError(
      'NOT_FOUND',
      known.includes(server)
        ? `server "${server}" has offered no weaker security that waits for a decision; nothing was changed`
        : `no server "${server}" is known in ${pkiDir}; known are ${known.join(', ') || 'none'}`,
    );
  }
  await writeServerState(pkiDir, server, { ...state, agreed: refusedSecurity });
  return refusedSecurity;
}

const stateFile = (pkiDir: string, server: string): string => join(pkiDir, 'servers', `${server}.json`);
