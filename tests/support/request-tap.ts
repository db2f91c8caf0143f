import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface RequestTap extends AsyncDisposable {
  readonly port: number;
  /** Numeric encoding ids of every request that passed towards the server, by count. */
  readonly requests: ReadonlyMap<number, number>;
  /** What was in the stream and could not be read as a request. */
  readonly unreadable: readonly string[];
  /** Cuts every connection that is open now. */
  cut(): void;
}

/**
 * A TCP proxy before an OPC UA server that reads the unencrypted stream as it passes (OPC 10000-6, 6.7.2): of each first
 * chunk of a message the node id that says what the body is. Messages of several chunks count once.
 */
export async function startRequestTap(serverPort: number): Promise<RequestTap> {
  const requests = new Map<number, number>();
  const unreadable: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    const count = chunkReader(
      (id) => requests.set(id, (requests.get(id) ?? 0) + 1),
      (what) => unreadable.push(what),
    );
    near.on('data', (bytes: Buffer) => {
      count(bytes);
      far.write(bytes);
    });
    far.on('data', (bytes: Buffer) => near.write(bytes));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    requests,
    unreadable,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

const HEADER_BYTES = 8;
const SEQUENCE_BYTES = 8;

function chunkReader(onRequest: (id: number) => void, onUnreadable: (what: string) => void) {
  let rest = Buffer.alloc(0);
  let continued = false;
  return (bytes: Buffer): void => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= HEADER_BYTES) {
      const size = rest.readUInt32LE(4);
      if (rest.length < size) return;
      const chunk = rest.subarray(0, size);
      rest = rest.subarray(size);
      const type = chunk.toString('latin1', 0, 3);
      if (type === 'HEL') continue;
      const body = bodyOf(type, chunk);
      if (body === null) {
        onUnreadable(type);
        continue;
      }
      if (!continued) {
        const id = numericId(body);
        if (id === null) onUnreadable(`${type} with a node id of kind ${body[0] ?? -1}`);
        else onRequest(id);
      }
      continued = chunk.toString('latin1', 3, 4) === 'C';
    }
  };
}

/** Body after the security header: asymmetric for OPN (three length-prefixed fields), symmetric for MSG and CLO. */
function bodyOf(type: string, chunk: Buffer): Buffer | null {
  if (type === 'MSG' || type === 'CLO') return chunk.subarray(HEADER_BYTES + 4 + 4 + SEQUENCE_BYTES);
  if (type !== 'OPN') return null;
  let at = HEADER_BYTES + 4;
  for (let field = 0; field < 3; field += 1) at += 4 + Math.max(0, chunk.readInt32LE(at));
  return chunk.subarray(at + SEQUENCE_BYTES);
}

/** A node id of namespace 0 in two-byte, four-byte or numeric encoding (OPC 10000-6, 5.2.2.9). */
function numericId(body: Buffer): number | null {
  if (body[0] === 0) return body.readUInt8(1);
  if (body[0] === 1 && body[1] === 0) return body.readUInt16LE(2);
  if (body[0] === 2 && body.readUInt16LE(1) === 0) return body.readUInt32LE(3);
  return null;
}
