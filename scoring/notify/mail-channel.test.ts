import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertOf } from '../../tests/support/api-plant.ts';
import { createAuthority } from '../../tests/support/certificates.ts';
import type { MailSection } from './config.ts';
import { createMailChannel } from './mail-channel.ts';
import { messageOf, type Message } from './message.ts';

const never = new AbortController().signal;
const messageFor = (zh: string): Message =>
  messageOf([{ kind: 'raised', alert: alertOf('a', { title: { zh, en: zh } }) }], {
    language: 'zh',
    zone: 'Asia/Shanghai',
    site: '浦东工厂',
    consoleUrl: 'https://plant.example/',
  });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-mail-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A certificate for this machine by an authority of its own. */
async function certificate(name: string) {
  const authority = createAuthority(folder, name);
  const { certFile, keyFile } = authority.issue('server');
  return { key: await readFile(keyFile), cert: await readFile(certFile), caFile: authority.caFile };
}

/** A real SMTP server on a free port that keeps what it is given. */
async function startSmtp(options: SMTPServerOptions = {}) {
  const mails: {
    readonly from: string;
    readonly to: string[];
    readonly raw: string;
    readonly user: string | undefined;
    readonly isSecure: boolean;
  }[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    authOptional: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username ?? '' }) : done(new Error('5.7.8 wrong password right-here')),
    onData: (stream, session, done) => {
      let raw = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => (raw += chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw,
          user: typeof session.user === 'string' ? session.user : undefined,
          isSecure: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    section: {
      host: '127.0.0.1',
      port,
      security: 'none',
      from: 'Joulegate <joulegate@example.com>',
    } satisfies MailSection,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  };
}

const headerOf = (raw: string, name: string): string =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'mi').exec(raw)?.[1] ?? '';
const decoded = (raw: string): string => {
  const [, body = ''] = raw.split('\r\n\r\n', 2);
  const encoding = headerOf(raw, 'Content-Transfer-Encoding');
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return encoding === 'quoted-printable' ? Buffer.from(bytes, 'latin1').toString('utf8') : body;
};

describe('e-mail', () => {
  it('reaches every address, with Chinese subject and text, marked as sent by a machine', async () => {
    await using smtp = await startSmtp();
    await createMailChannel(smtp.section, ['a@example.com', 'b@example.com']).send(messageFor('失去监视'), never);
    const [mail] = smtp.mails;
    expect([mail?.from, mail?.to]).toEqual(['joulegate@example.com', ['a@example.com', 'b@example.com']]);
    const raw = mail?.raw ?? '';
    const subject = headerOf(raw, 'Subject')
      .split(/\r\n[ \t]/)
      .map((part) => /^=\?UTF-8\?B\?(.*)\?=$/i.exec(part)?.[1] ?? '')
      .map((part) => Buffer.from(part, 'base64').toString('utf8'))
      .join('');
    expect(subject).toBe('浦东工厂: 【高】失去监视');
    expect(headerOf(raw, 'Auto-Submitted')).toBe('auto-generated');
    expect(decoded(raw)).toContain('设备: stamping/press-line/press-1\r\n首次出现: 2026-11-23 12:34:51 +08:00');
  });

  it('signs in, and says of a wrong password only that it is refused', async () => {
    await using smtp = await startSmtp({ authOptional: false });
    const signedIn = { ...smtp.section, username: 'joulegate', password: 'right' };
    await createMailChannel(signedIn, ['a@example.com']).send(messageFor('x'), never);
    expect(smtp.mails[0]?.user).toBe('joulegate');
    const error = await createMailChannel({ ...signedIn, password: 'wrong-s3cret' }, ['a@example.com'])
      .send(messageFor('x'), never)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOTIFICATION_REFUSED', message: expect.stringContaining('535') });
    expect(String(error)).not.toMatch(/s3cret|right-here/);
  });

  it('lets no name of an alert add a header or an address', async () => {
    await using smtp = await startSmtp();
    const evil = 'x\r\nBcc: evil@example.com\r\n\r\nbody\u2028Bcc: y';
    await createMailChannel(smtp.section, ['a@example.com']).send(messageFor(evil), never);
    expect(smtp.mails[0]?.to).toEqual(['a@example.com']);
    expect(smtp.mails[0]?.raw).not.toMatch(/^Bcc:/im);
  });

  it('that is greylisted is worth another try, one to an unknown address is not', async () => {
    const answers = [new Error('later'), new Error('unknown user')].map((error, index) =>
      Object.assign(error, { responseCode: index === 0 ? 450 : 550 }),
    );
    await using smtp = await startSmtp({ onRcptTo: (_address, _session, done) => done(answers.shift() ?? null) });
    const channel = createMailChannel(smtp.section, ['a@example.com']);
    await expect(channel.send(messageFor('x'), never)).rejects.toMatchObject({ code: 'NOTIFICATION_FAILED' });
    await expect(channel.send(messageFor('x'), never)).rejects.toMatchObject({ code: 'NOTIFICATION_REFUSED' });
    await channel.send(messageFor('x'), never);
    expect(smtp.mails).toHaveLength(1);
  });

  it('goes over no plain line: a server without STARTTLS, or whose certificate nobody knows, gets nothing', async () => {
    await using plain = await startSmtp();
    const starttls = { ...plain.section, security: 'starttls' as const, username: 'u', password: 'right' };
    await expect(createMailChannel(starttls, ['a@example.com']).send(messageFor('x'), never)).rejects.toMatchObject({
      code: expect.stringMatching(/^NOTIFICATION/),
    });
    await using unknown = await startSmtp({ disabledCommands: [], ...(await certificate('unknown')) });
    const same = { ...unknown.section, security: 'starttls' as const, username: 'u', password: 'right' };
    await expect(createMailChannel(same, ['a@example.com']).send(messageFor('x'), never)).rejects.toMatchObject({
      code: expect.stringMatching(/^NOTIFICATION/),
    });
    expect([plain.mails, unknown.mails]).toEqual([[], []]);
    expect(() => createMailChannel({ ...plain.section, host: 'mail.example.com' }, ['a@example.com'])).toThrow(
      /needs security starttls or tls/,
    );
  });

  it.each(['starttls', 'tls'] as const)('goes over %s to a server whose authority is named', async (security) => {
    const { key, cert, caFile } = await certificate(security);
    await using smtp = await startSmtp({ disabledCommands: [], key, cert, secure: security === 'tls' });
    const section = { ...smtp.section, security, caFile, username: 'u', password: 'right' };
    await createMailChannel(section, ['a@example.com']).send(messageFor('x'), never);
    expect(smtp.mails.map(({ user, isSecure }) => [user, isSecure])).toEqual([['u', true]]);
    await expect(
      createMailChannel({ ...section, caFile: '/no/such.pem' }, ['a@example.com']).send(messageFor('x'), never),
    ).rejects.toMatchObject({ message: expect.stringContaining('caFile cannot be read') });
  });
});
