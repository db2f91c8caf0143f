import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as breathe } from 'node:timers/promises';

/** A raw TCP server that answers OPC UA clients badly. */
export interface HostileServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly connections: number;
  /** Most bytes one connection took from us before it ended. */
  readonly mostBytesTaken: number;
}

/** What it does with one connection; ends when the socket is done with. */
type Behaviour = (socket: Socket) => Promise<void> | void;

/** More than any client may ever take of one malformed answer. */
const BACKSTOP_BYTES = 512 * 1024 * 1024;
const BUFFER_BYTES = 65_536;

/** Header of a UA TCP message (OPC 10000-6 7.1.2.2). */
function message(type: string, body: Buffer, size = body.length + 8): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body]);
}

/** A correct Acknowledge (OPC 10000-6 7.1.2.4). */
function acknowledge(): Buffer {
  const body = Buffer.alloc(20);
  [0, BUFFER_BYTES, BUFFER_BYTES, 0, 0].forEach((value, index) => body.writeUInt32LE(value, index * 4));
  return message('ACKF', body);
}

/** Bytes that look like nothing, the same in every run. */
function garbage(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 0x2545_f491;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Writes as long as the other side takes it, with back-pressure. */
async function flood(socket: Socket, next: (count: number) => Buffer): Promise<void> {
  socket.setMaxListeners(0);
  const gone = once(socket, 'close').catch(() => undefined);
  for (let count = 0; !socket.destroyed && socket.bytesWritten < BACKSTOP_BYTES; count += 1) {
    if (!socket.write(next(count))) {
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
    }
    await breathe();
  }
  socket.destroy();
}

const firstBytes = async (socket: Socket): Promise<void> => void (await once(socket, 'data'));

const shaken =
  (then: Behaviour): Behaviour =>
  async (socket) => {
    await firstBytes(socket);
    socket.write(acknowledge());
    await firstBytes(socket);
    await then(socket);
  };

/** Ways to answer badly without a real server behind. */
export const behaviours = {
  'closes at once': (socket) => void socket.destroy(),
  'resets in the handshake': async (socket) => {
    await firstBytes(socket);
    socket.resetAndDestroy();
  },
  'says nothing': () => undefined,
  'answers HTTP': (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  'sends garbage for a greeting': async (socket) => {
    await firstBytes(socket);
    socket.write(garbage(2000));
  },
  'sends garbage after the greeting': shaken((socket) => void socket.write(garbage(5000))),
  'closes in the middle of a chunk': shaken((socket) => void socket.end(message('OPNF', garbage(20), 500))),
  'announces a chunk of 2 GB and sends it': shaken(async (socket) => {
    socket.write(message('OPNF', Buffer.alloc(0), 0x7f_ff_ff_ff));
    await flood(socket, () => Buffer.alloc(BUFFER_BYTES));
  }),
  'sends an error without end': shaken((socket) =>
    flood(socket, () => message('ERRF', Buffer.from([0, 0, 1, 0x80, 0xff, 0xff, 0xff, 0xff]))),
  ),
} satisfies Readonly<Record<string, Behaviour>>;

/** Listens on a free port of the loopback address and treats every client like this. */
export async function startHostileServer(behaviour: Behaviour): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let mostBytesTaken = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      mostBytesTaken = Math.max(mostBytesTaken, socket.bytesWritten);
      sockets.delete(socket);
    });
    void Promise.resolve(behaviour(socket)).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `opc.tcp://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    get mostBytesTaken() {
      return Math.max(mostBytesTaken, ...[...sockets].map((socket) => socket.bytesWritten));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/** Passes on what a real server says until its first answer on the open channel, then makes that answer endless. */
export function endlessAnswer(targetPort: number): Behaviour {
  return (client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.on('data', (bytes: Buffer) => void (upstream.destroyed || upstream.write(bytes)));
    upstream.on('data', (bytes: Buffer) => {
      if (bytes.toString('latin1', 0, 3) !== 'MSG') {
        client.write(bytes);
        return;
      }
      upstream.destroy();
      // Channel, token, sequence number and request id of the answer stand behind its header.
      const head = Buffer.from(bytes.subarray(8, 24));
      const sequence = head.readUInt32LE(8);
      void flood(client, (count) => {
        head.writeUInt32LE((sequence + count) >>> 0, 8);
        return message('MSGC', Buffer.concat([head, Buffer.alloc(BUFFER_BYTES - 32)]));
      });
    });
  };
}
