import { readFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { Channel } from './channel.ts';
import type { MailSection } from './config.ts';
import { isLoopbackHost } from './loopback.ts';
import type { Message } from './message.ts';

const TIMEOUT_MS = 20_000;

/** E-mail over SMTP, as plain text. Without encryption only to this machine. @throws JoulegateError CONFIG_INVALID. */
export function createMailChannel(mail: MailSection, to: readonly string[]): Channel {
  const { host, port, security, username, password, from, caFile } = mail;
  if (security === 'none' && !isLoopbackHost(host)) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `scoring.notifications.mail: "${host}" is another machine and needs security starttls or tls`,
    );
  }
  const name = `mail to ${to.length} address${to.length === 1 ? '' : 'es'}`;
  return {
    name,
    async send(message, signal) {
      signal.throwIfAborted();
      const ca = caFile === undefined ? null : await readAuthority(caFile);
      const transport = createTransport({
        host,
        port,
        secure: security === 'tls',
        requireTLS: security === 'starttls',
        ignoreTLS: security === 'none',
        ...(ca === null ? {} : { tls: { ca } }),
        ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const stop = (): void => transport.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: message.title,
          text: textOf(message),
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        throw mailError(name, error);
      } finally {
        signal.removeEventListener('abort', stop);
        transport.close();
      }
    },
  };
}

const readAuthority = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new JoulegateError(
      'NOTIFICATION_FAILED',
      `scoring.notifications.mail.caFile cannot be read: ${describeError(error)}; name a PEM file this user may read`,
      { cause: error },
    );
  });

const textOf = ({ lines, link }: Message): string =>
  [...lines, ...(link === null ? [] : ['', link])].join('\r\n').concat('\r\n');

/** Only codes: an answer of a server may quote the sign-in. What SMTP answers with 5xx will not change by waiting. */
function mailError(name: string, error: unknown): JoulegateError {
  const { code, responseCode } = Object(error) as { readonly code?: unknown; readonly responseCode?: unknown };
  const reason = [
    typeof code === 'string' ? code : 'no connection',
    ...(typeof responseCode === 'number' ? [responseCode] : []),
  ].join(' ');
  const isFinal = typeof responseCode === 'number' && responseCode >= 500;
  return isFinal
    ? new JoulegateError(
        'NOTIFICATION_REFUSED',
        `${name} is refused by the server: ${reason}; check scoring.notifications.mail`,
      )
    : new JoulegateError('NOTIFICATION_FAILED', `${name} could not be sent: ${reason}; it is tried again`);
}
