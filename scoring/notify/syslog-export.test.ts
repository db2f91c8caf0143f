import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { createAuthority } from '../../tests/support/certificates.ts';
import { temporaryFolder } from '../../tests/support/stack.ts';
import type { Alert } from '../security/alert.ts';
import { SyslogExport } from './syslog-export.ts';
import { syslogRecord } from './syslog-record.ts';
import type { SyslogTarget } from './syslog-sender.ts';

const origin = { host: 'edge box', site: 'pu"dong]', version: '0.1.0' };
const WAIT = { timeout: 10_000, interval: 20 };
const alertOf = (number: number, text: string): Alert => ({
  id: `alert-${number}`,
  key: 'k',
  rule: 'topic-denied',
  severity: 'high',
  condition: 'active',
  review: 'new',
  title: { en: `Denied ${text}`, zh: '拒绝' },
  message: text,
  equipment: `a/${text}`,
  subject: text,
  technique: { id: 'T0856', name: 'Spoof Reporting Message' },
  first: 1_700_000_000_000,
  last: 1_700_000_060_000,
  count: number,
});
const hostile = [
  'plain',
  '\n<134>1 2020-01-01T00:00:00Z x y - - - forged',
  '\r\nCEF:0|Evil|Evil|1|1|1|10|',
  'a|b|c',
  'cs1=evil cs2=evil',
  'msg=x\\',
  '"]["',
  '] forged',
  '\\|\\=',
  '\u0000\u2028\u202e泄漏🔥\ud800',
  'x'.repeat(5000),
];

/** RFC 5424: header, one structured data element, message. Throws on anything else. */
function parseSyslog(record: string) {
  const match =
    /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) ([!-~]{1,48}) (-|[!-~]{1,128}) ([!-~]{1,32}) \[([^ =\]"]{1,32})((?: [^ =\]"]{1,32}="(?:\\["\\\]]|[^"\\\]])*")*)\] (.*)$/su.exec(
      record,
    );
  if (match === null) throw new Error(`no syslog: ${JSON.stringify(record)}`);
  const [, priority, time, host, app, , id, , data = '', message = ''] = match;
  if (Number(priority) > 191 || /[\n\r]/.test(record)) throw new Error('priority or line break');
  const members = [...data.matchAll(/ ([^ =\]"]+)="((?:\\.|[^"\\])*)"/gu)].map(
    ([, key = '', value = '']) => [key, value.replaceAll(/\\(["\\\]])/g, '$1')] as const,
  );
  return { priority: Number(priority), time, host, app, id, data: Object.fromEntries(members), message };
}

/** CEF:0, seven header fields and an extension whose values escape `\` and `=`. */
function parseCef(text: string) {
  const match = /^CEF:0((?:\|(?:\\[\\|]|[^\\|])*){6})\|(.*)$/su.exec(text);
  if (match === null) throw new Error(`no CEF: ${text}`);
  const header = (match[1] ?? '').slice(1).split(/(?<=(?:^|[^\\])(?:\\\\)*)\|/);
  const extension = match[2] ?? '';
  if (/(?<!\\)(?:\\\\)*\\(?![\\=nr])/.test(extension)) throw new Error(`stray backslash: ${extension}`);
  const starts = [...extension.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)];
  const fields = starts.map((start, index) => {
    const from = start.index + start[0].length;
    const value = extension.slice(from, starts[index + 1]?.index ?? extension.length);
    return [start[1] ?? '', value.replaceAll(/\\([\\=])/g, '$1')] as const;
  });
  if (new Set(fields.map(([key]) => key)).size !== fields.length) throw new Error(`a field twice: ${extension}`);
  return { header, fields: Object.fromEntries(fields) };
}

/** What octet counting delimits. */
function frames(stream: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < stream.length;) {
    const blank = stream.indexOf(32, at);
    const length = Number(stream.subarray(at, blank).toString());
    if (!Number.isInteger(length) || length === 0) throw new Error('no octet count');
    found.push(stream.subarray(blank + 1, blank + 1 + length).toString());
    at = blank + 1 + length;
  }
  return found;
}

async function listen(server: Server, received: string[]) {
  server.on(server.listenerCount('secureConnection') > 0 ? 'secureConnection' : 'connection', (socket: Socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => received.push(...frames(Buffer.concat(chunks))));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

async function receiver(transport: SyslogTarget['transport'], folder: string, received: string[]) {
  if (transport === 'udp') {
    const socket = createSocket('udp4').on('message', (message) => received.push(message.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return { target: { host: '127.0.0.1', port: socket.address().port, transport }, close: () => void socket.close() };
  }
  if (transport === 'tcp') {
    const { port, close } = await listen(createServer(), received);
    return { target: { host: '127.0.0.1', port, transport }, close };
  }
  const authority = createAuthority(folder);
  const { certFile, keyFile } = authority.issue('127.0.0.1');
  const server = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  server.on('secureConnection', () => undefined).on('tlsClientError', () => undefined);
  const { port, close } = await listen(server, received);
  return { target: { host: '127.0.0.1', port, transport, ca: readFileSync(authority.caFile, 'utf8') }, close };
}

describe('alerts in syslog', () => {
  it.each(['udp', 'tcp', 'tls'] as const)(
    'by %s are each one RFC 5424 message with one CEF record',
    async (transport) => {
      await using folder = await temporaryFolder();
      const received: string[] = [];
      const { target, close } = await receiver(transport, folder.path, received);
      try {
        const failures: (string | null)[] = [];
        await using sender = await SyslogExport.open({
          target,
          file: join(folder.path, 'queue.json'),
          most: 1000,
          onTry: (failure) => failures.push(failure),
        });
        for (const [index, text] of hostile.entries()) await sender.add(syslogRecord(alertOf(index, text), origin));
        await vi.waitFor(() => expect(received).toHaveLength(hostile.length), WAIT);
        expect(failures.filter((failure) => failure !== null)).toEqual([]);
      } finally {
        close();
      }
      for (const [index, record] of received.entries()) {
        const { priority, host, app, id, data, message } = parseSyslog(record);
        expect({ priority, host, app, id }).toEqual({
          priority: 107,
          host: 'edge_box',
          app: 'joulegate',
          id: 'topic-denied',
        });
        expect(data).toMatchObject({ id: `alert-${index}`, count: String(index), site: 'pu"dong]' });
        const { header, fields } = parseCef(message);
        expect(header.slice(0, 4)).toEqual(['Joulegate', 'Joulegate', '0.1.0', 'topic-denied']);
        expect(header.at(-1)).toBe('8');
        expect(fields).toMatchObject({
          externalId: `alert-${index}`,
          cs1: 'pu"dong]',
          cs4: 'T0856',
          cs5: 'active/new',
        });
      }
    },
  );

  it('wait on disk while the receiver is away, over a restart, in order and bounded', async () => {
    await using folder = await temporaryFolder();
    const received: string[] = [];
    const first = await receiver('tcp', folder.path, received);
    const options = { target: first.target, file: join(folder.path, 'queue.json'), most: 3, retryMs: 20 };
    first.close();
    {
      let failed = 0;
      let lost = 0;
      await using sender = await SyslogExport.open({
        ...options,
        onTry: (failure, dropped) => {
          failed += failure === null ? 0 : 1;
          lost = dropped;
        },
      });
      for (let number = 0; number < 5; number += 1) await sender.add(syslogRecord(alertOf(number, 'x'), origin));
      await vi.waitFor(() => expect([failed > 0, lost]).toEqual([true, 2]), WAIT);
      expect(sender.waiting).toBe(3);
    }
    const again = await receiver('tcp', folder.path, received);
    try {
      await using _sender = await SyslogExport.open({ ...options, target: again.target, onTry: () => undefined });
      await vi.waitFor(() => expect(received).toHaveLength(3), WAIT);
      expect(received.map((record) => parseSyslog(record).data['id'])).toEqual(['alert-2', 'alert-3', 'alert-4']);
    } finally {
      again.close();
    }
  });

  it('are not given to a receiver whose certificate nobody vouches for', async () => {
    await using folder = await temporaryFolder();
    const received: string[] = [];
    const { target, close } = await receiver('tls', folder.path, received);
    try {
      const failures: (string | null)[] = [];
      const { ca: _, ...unknown } = { ca: '', ...target };
      await using sender = await SyslogExport.open({
        target: unknown,
        file: join(folder.path, 'queue.json'),
        most: 10,
        onTry: (failure) => failures.push(failure),
      });
      await sender.add(syslogRecord(alertOf(1, 'x'), origin));
      await vi.waitFor(() => expect(failures).toHaveLength(1), WAIT);
      expect(failures[0]).toMatch(/certificate/);
      expect([received.length, sender.waiting]).toEqual([0, 1]);
    } finally {
      close();
    }
  });
});
