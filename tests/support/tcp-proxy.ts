import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What the proxy does with bytes. `blackHole`: takes them and passes nothing on, the connections stay open (a half-open line). */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Open connections are reset and new ones refused at once. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'blackHole' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number };

/** A TCP proxy of the loopback address that can do to a connection what a plant network does. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  readonly accepted: number;
  setMode(mode: ProxyMode): void;
  /** Resolves after it passed `bytes` more from the server and then reset that connection, in the middle of a chunk. */
  cutAfterBytes(bytes: number): Promise<void>;
}

type Pair = { readonly client: Socket; readonly upstream: Socket };

/** Starts a proxy in front of `targetPort`. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: ProxyMode = { kind: 'pass' };
  let accepted = 0;
  let cut: { left: number; readonly done: () => void } | null = null;

  const drop = (pair: Pair): void => {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.upstream.resetAndDestroy();
  };
  const pump = (pair: Pair, from: Socket, to: Socket): void => {
    /** Instant up to which a throttled line is busy with earlier bytes. */
    let busyUntil = 0;
    from.on('data', (bytes: Buffer) => {
      if (cut !== null && from === pair.upstream) {
        if (bytes.length >= cut.left) {
          to.write(bytes.subarray(0, cut.left));
          // Ends after the part is out, so that the other side has read half a chunk.
          to.end();
          from.resetAndDestroy();
          pairs.delete(pair);
          cut.done();
          cut = null;
          return;
        }
        cut.left -= bytes.length;
      }
      switch (mode.kind) {
        case 'pass':
          to.write(bytes);
          return;
        case 'cut':
        case 'blackHole':
          return;
        case 'delay':
          setTimeout(() => to.writable && to.write(bytes), mode.ms);
          return;
        case 'throttle': {
          busyUntil = Math.max(Date.now(), busyUntil) + (bytes.length / mode.bytesPerSecond) * 1000;
          setTimeout(() => to.writable && to.write(bytes), busyUntil - Date.now());
          return;
        }
        default:
          mode satisfies never;
      }
    });
    from.on('error', () => drop(pair));
    from.on('close', () => {
      // A line that swallows bytes swallows the goodbye too.
      if (mode.kind !== 'blackHole') drop(pair);
    });
  };

  const server = createServer((client) => {
    accepted += 1;
    if (mode.kind === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = { client, upstream };
    pairs.add(pair);
    pump(pair, client, upstream);
    pump(pair, upstream, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get connections() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    setMode: (next) => {
      // What a black hole swallowed is missing from the stream, so its connections cannot be revived.
      if (next.kind === 'cut' || mode.kind === 'blackHole') for (const pair of pairs) drop(pair);
      mode = next;
    },
    cutAfterBytes: (bytes) =>
      new Promise((resolve) => {
        cut = { left: bytes, done: resolve };
      }),
    [Symbol.asyncDispose]: async () => {
      for (const pair of pairs) drop(pair);
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
