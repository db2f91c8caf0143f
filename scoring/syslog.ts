import { readFile } from 'node:fs/promises';
import type { Logger } from '../broker/contract/deps.ts';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import type { SyslogSection } from './notify/config.ts';
import { SyslogExport } from './notify/syslog-export.ts';
import { syslogRecord, type RecordOrigin } from './notify/syslog-record.ts';
import type { ProblemBook } from './problem-book.ts';
import { alertSeverities, type Alert } from './security/alert.ts';

/**
 * The export of alerts to a syslog receiver; what hinders it is a problem on the health page.
 * @throws JoulegateError CONFIG_UNREADABLE when the CA file cannot be read.
 */
export async function openSyslog(options: {
  readonly section: SyslogSection;
  readonly file: string;
  readonly origin: RecordOrigin;
  readonly problems: ProblemBook;
  readonly log: Logger;
}): Promise<AsyncDisposable & { readonly note: (alert: Alert) => void }> {
  const { section, file, origin, problems, log } = options;
  const { host, port, transport, caFile, minimumSeverity, queue } = section;
  const where = `syslog ${transport}://${host}:${port}`;
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  const target = { host, port, transport, ...(ca === undefined ? {} : { ca }) };
  const onTry = (failure: string | null, dropped: number): void => {
    if (failure === null) return problems.clear('NOTIFICATION_FAILED', where);
    const message = `alerts do not reach ${where}: ${failure}; ${dropped} records were dropped for want of room`;
    const remedy = 'check the receiver, the network and the certificate; alerts wait and are sent again';
    problems.raise({ code: 'NOTIFICATION_FAILED', severity: 'warning', where, message, remedy });
  };
  const sender = await SyslogExport.open({ target, file, most: queue, onTry });
  const least = alertSeverities.indexOf(minimumSeverity);
  return {
    note(alert) {
      if (alertSeverities.indexOf(alert.severity) < least) return;
      sender
        .add(syslogRecord(alert, origin))
        .catch((error: unknown) => log.error({ err: describeError(error) }, 'syslog queue could not be written'));
    },
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  };
}

async function readCa(caFile: string): Promise<string> {
  return readFile(caFile, 'utf8').catch((error: unknown) => {
    throw new JoulegateError('CONFIG_UNREADABLE', `scoring.syslog.caFile: ${describeError(error)}`, { cause: error });
  });
}
