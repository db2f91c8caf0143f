import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const TIMEOUT_MS = 10_000;

/** Where records go. */
export type SyslogTarget = {
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** PEM of the authorities that may sign the receiver's certificate (tls); left out: those of the system. */
  readonly ca?: string;
};

/**
 * Sends records, one datagram each (RFC 5426) or octet-counted over a connection of its own (RFC 6587, RFC 5425).
 * Resolves when the network stack has taken them all and, over a connection, the receiver has closed it or been
 * silent for 10 s; syslog itself confirms nothing, and with udp nobody knows whether records arrive. Rejects with the reason.
 */
export function sendRecords(target: SyslogTarget, records: readonly string[]): Promise<void> {
  return target.transport === 'udp' ? sendDatagrams(target, records) : sendStream(target, records);
}

async function sendDatagrams({ host, port }: SyslogTarget, records: readonly string[]): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    for (const record of records) {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(record, port, host, (error) => {
          socket.off('error', reject);
          if (error === null) resolve();
          else reject(error);
        });
      });
    }
  } finally {
    socket.close();
  }
}

function sendStream({ host, port, transport, ca }: SyslogTarget, records: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = (): void => {
      socket.end(records.map((record) => `${Buffer.byteLength(record)} ${record}`).join(''));
    };
    const socket: Socket =
      transport === 'tls'
        ? connectTls(
            {
              host,
              port,
              minVersion: 'TLSv1.2',
              ...(ca === undefined ? {} : { ca }),
              ...(isName(host) ? { servername: host } : {}),
            },
            send,
          )
        : connectTcp({ host, port }, send);
    let handedOver = false;
    socket.once('finish', () => {
      handedOver = true;
    });
    socket.setTimeout(TIMEOUT_MS, () =>
      socket.destroy(handedOver ? undefined : new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
    );
    socket.once('error', reject);
    socket.once('close', (failed) => (failed ? undefined : resolve()));
    socket.resume();
  });
}

function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !isIPv6(host);
}
