import type { ScoringSection } from '../../scoring/config.ts';
import { closest } from './closest.ts';
import type { ConfigPath } from './problem.ts';
import { show } from './schema-problems.ts';

type Report = (path: ConfigPath, message: string) => void;

/** What a schema cannot say of notifications and quotas: that every recipient can be reached, by a safe way, and limits rise. */
export function checkReports(
  scoring: ScoringSection | undefined,
  isLoopback: (host: string) => boolean,
  error: Report,
): void {
  checkNotifications(scoring?.notifications, isLoopback, error);
  const seen = new Set<string>();
  for (const [index, { path, advanced, access, limit }] of (scoring?.reports?.quotas ?? []).entries()) {
    const at: ConfigPath = ['scoring', 'reports', 'quotas', index];
    if (!(advanced <= access && access <= limit))
      error(
        at,
        `advanced ${advanced}, access ${access}, limit ${limit}: the first grade is the strictest, so they must rise`,
      );
    if (seen.has(path)) error([...at, 'path'], `${show(path)} already has a quota; keep one`);
    seen.add(path);
  }
}

function checkNotifications(
  section: ScoringSection['notifications'],
  isLoopback: (host: string) => boolean,
  error: Report,
): void {
  if (section === undefined) return;
  const root: ConfigPath = ['scoring', 'notifications'];
  const { mail, hooks = [], recipients } = section;
  if (mail?.security === 'none' && !isLoopback(mail.host))
    error([...root, 'mail', 'security'], `none would send to ${show(mail.host)} unprotected; use starttls or tls`);
  const ids = new Set<string>();
  for (const [index, { id, url }] of hooks.entries()) {
    const at: ConfigPath = [...root, 'hooks', index];
    if (ids.has(id)) error([...at, 'id'], `hook id ${show(id)} is already used; give each its own`);
    ids.add(id);
    const address = URL.parse(url);
    // The address itself is not shown: robots have their key in it.
    if (address === null) error([...at, 'url'], 'is no address; write https://host/path');
    else if (address.protocol === 'http:' && !isLoopback(address.hostname))
      error([...at, 'url'], 'must be https; http is for this machine only');
  }
  const names = new Set<string>();
  for (const [index, { name, mail: addresses, hooks: wanted = [] }] of recipients.entries()) {
    const at: ConfigPath = [...root, 'recipients', index];
    if (names.has(name)) error([...at, 'name'], `recipient ${show(name)} is already there; give each its own name`);
    names.add(name);
    if (addresses === undefined && wanted.length === 0) error(at, `${show(name)} cannot be reached; add mail or hooks`);
    if (addresses !== undefined && mail === undefined)
      error([...at, 'mail'], 'there is no scoring.notifications.mail; add the SMTP server');
    for (const [position, id] of wanted.entries()) {
      if (ids.has(id)) continue;
      const meant = closest(id, [...ids]);
      error(
        [...at, 'hooks', position],
        `there is no hook ${show(id)}; ${meant === null ? 'add it under hooks' : `did you mean ${meant}?`}`,
      );
    }
  }
}
