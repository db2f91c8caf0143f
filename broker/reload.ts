import type { Client } from 'aedes';
import type { GateEvent } from './access/security-events.ts';
import type { UserDirectory } from './access/users.ts';
import type { BrokerSection } from './config.ts';
import type { Logger } from './contract/deps.ts';
import { describeError } from './contract/error.ts';
import type { Listening } from './listeners.ts';
import type { Problems } from './problems.ts';
import { readTls, tlsVersion, type TlsMaterial } from './tls-files.ts';

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/**
 * Returns what is to be called now and then: it reads users and certificates again when their files have changed. Clients of
 * a user who is gone or has other rights or another password are cut; a file that cannot be used changes nothing.
 */
export function createReload(options: {
  readonly section: BrokerSection['tls'];
  readonly tls: TlsMaterial | null;
  readonly directory: UserDirectory;
  readonly listening: Pick<Listening, 'renew'>;
  readonly problems: Problems;
  readonly log: Logger;
  readonly now: () => number;
  readonly onEvent: (event: GateEvent) => void;
  readonly clientsOf: (username: string) => readonly Client[];
}): () => Promise<void> {
  const { section, directory, listening, problems, log, onEvent } = options;
  let { tls } = options;
  let refused = '';
  let warned = '';

  const users = async (): Promise<void> => {
    try {
      for (const username of await directory.refresh()) {
        log.info({ username }, 'user changed; its connections end');
        onEvent({
          kind: 'configuration-changed',
          severity: 'info',
          message: 'user changed or removed',
          principal: username,
        });
        for (const client of options.clientsOf(username)) client.conn.destroy();
      }
      problems.solved('users.json');
    } catch (error) {
      problems.open({
        code: 'CONFIG_INVALID',
        severity: 'error',
        where: 'users.json',
        message: describeError(error),
        remedy: 'restore the file; until then the users of before hold',
      });
    }
  };

  const certificates = async (): Promise<void> => {
    if (section === undefined || tls === null) return;
    const version = await tlsVersion(section);
    if (version !== tls.version && version !== refused) {
      try {
        tls = await readTls(section);
        listening.renew(tls);
        problems.solved('broker.tls');
        onEvent({
          kind: 'own-certificate-renewed',
          severity: 'info',
          message: 'certificate of the broker renewed',
          subject: tls.fingerprint,
        });
      } catch (error) {
        refused = version;
        problems.open({
          code: 'CONFIG_INVALID',
          severity: 'warning',
          where: 'broker.tls',
          message: describeError(error),
          remedy: 'put the right files in place; until then the certificate of before is used',
        });
        onEvent({
          kind: 'own-certificate-refused',
          severity: 'high',
          message: `new certificate of the broker refused: ${describeError(error)}`.slice(0, 1000),
        });
      }
    }
    const days = Math.floor((tls.validTo - options.now()) / DAY_MS);
    if (days >= WARN_DAYS || warned === tls.fingerprint) return;
    warned = tls.fingerprint;
    const message = `the certificate of the broker ends in ${days} days`;
    problems.open({
      code: 'CERTIFICATE_EXPIRING',
      severity: 'warning',
      where: 'broker.tls.certFile',
      message,
      remedy: 'renew it and replace the files; no restart is needed',
    });
    onEvent({
      kind: 'own-certificate-expiring',
      severity: days < 7 ? 'high' : 'medium',
      message,
      subject: tls.fingerprint,
    });
  };

  let running: Promise<void> | null = null;
  return () => {
    running ??= Promise.all([users(), certificates()]).then(() => {
      running = null;
    });
    return running;
  };
}
