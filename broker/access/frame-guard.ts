import type { Duplex } from 'node:stream';

/** Why a connection was cut before the broker saw its bytes. */
export type FrameFault =
  | 'not-mqtt'
  | 'malformed-length'
  | 'packet-too-large-before-sign-in'
  | 'packet-too-large'
  | 'connect-timeout';

/** Largest packet before a client has signed in: room for a CONNECT with will, not for more. */
export const BEFORE_SIGN_IN_BYTES = 4096;
const CONNECT_TYPE = 0x10;
const MAX_LENGTH_BYTES = 4;

export type FrameGuard = {
  /** The client has signed in: the larger bound holds from now on. */
  readonly signedIn: () => void;
};

/**
 * Reads the fixed headers of what a client sends, before the broker's parser does, and cuts the connection at the header of
 * a packet that is too large, malformed, or no MQTT at all. Payload bytes are only counted, never copied.
 * It sits in `socket.read`, through which the broker takes its bytes.
 */
export function guardFrames(
  socket: Duplex,
  options: {
    readonly maxPacketBytes: number;
    readonly connectTimeoutMs: number;
    readonly onFault: (fault: FrameFault) => void;
  },
): FrameGuard {
  let limit = BEFORE_SIGN_IN_BYTES;
  let first = true;
  /** Bytes of the current packet's body still to come. */
  let body = 0;
  /** Length bytes of a header that is split over reads; -1 = a new packet begins. */
  let lengthBytes = -1;
  let length = 0;
  let cut = false;

  const fail = (fault: FrameFault): void => {
    if (cut) return;
    cut = true;
    options.onFault(fault);
    socket.destroy();
  };
  const timer = setTimeout(() => fail('connect-timeout'), options.connectTimeoutMs);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));

  /** The fault a chunk brings, or null. */
  const inspect = (chunk: Buffer): FrameFault | null => {
    let at = 0;
    while (at < chunk.length) {
      if (body > 0) {
        const skipped = Math.min(body, chunk.length - at);
        body -= skipped;
        at += skipped;
        // The CONNECT is here: how long its password takes to check is not the client's doing.
        if (body === 0 && limit === BEFORE_SIGN_IN_BYTES) clearTimeout(timer);
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (lengthBytes === -1) {
        if (first && byte !== CONNECT_TYPE) return 'not-mqtt';
        first = false;
        lengthBytes = 0;
        length = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** lengthBytes;
      lengthBytes += 1;
      if ((byte & 0x80) !== 0) {
        if (lengthBytes === MAX_LENGTH_BYTES) return 'malformed-length';
        continue;
      }
      if (length > limit)
        return limit === BEFORE_SIGN_IN_BYTES ? 'packet-too-large-before-sign-in' : 'packet-too-large';
      body = length;
      lengthBytes = -1;
    }
    return null;
  };

  const read = socket.read.bind(socket);
  socket.read = (size?: number): Buffer | null => {
    const chunk: unknown = read(size);
    if (cut || !Buffer.isBuffer(chunk)) return null;
    const fault = inspect(chunk);
    if (fault === null) return chunk;
    fail(fault);
    return null;
  };
  return {
    signedIn: () => {
      limit = options.maxPacketBytes;
      clearTimeout(timer);
    },
  };
}
