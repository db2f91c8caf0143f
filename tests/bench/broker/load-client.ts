import { connect, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';

/** Calls for what a broker sends; nothing is copied. */
type Handlers = {
  readonly onPublish?: (payload: Buffer) => void;
  readonly onPuback?: () => void;
};

/** The least MQTT client that can load a broker: headers are read, payloads only passed by, acknowledgements sent in one write. */
export type LoadClient = {
  readonly publish: (bytes: Buffer) => void;
  readonly close: () => void;
};

const PUBLISH = 3;
const PUBACK = 4;

export async function openLoadClient(options: {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
  readonly clean?: boolean;
  readonly subscribe?: { readonly filter: string; readonly qos: 0 | 1 };
  readonly handlers?: Handlers;
}): Promise<LoadClient> {
  const { handlers = {}, subscribe } = options;
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
  let ready: (() => void) | null = null;
  const answered = (): Promise<void> => new Promise((resolve) => (ready = resolve));
  let rest: Buffer = Buffer.alloc(0);

  socket.on('data', (chunk: Buffer) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    const acks: number[] = [];
    while (at + 2 <= data.length) {
      let length = 0;
      let header = at + 1;
      let shift = 0;
      let byte = 0;
      do {
        byte = data[header] ?? 0;
        header += 1;
        length += (byte & 0x7f) * 2 ** shift;
        shift += 7;
      } while ((byte & 0x80) !== 0 && header < data.length);
      if ((byte & 0x80) !== 0 || header + length > data.length) break;
      const first = data[at] ?? 0;
      const type = first >> 4;
      if (type === PUBLISH) {
        const topicEnd = header + 2 + data.readUInt16BE(header);
        const qos = (first >> 1) & 3;
        if (qos > 0) acks.push(0x40, 2, data[topicEnd] ?? 0, data[topicEnd + 1] ?? 0);
        handlers.onPublish?.(data.subarray(topicEnd + (qos > 0 ? 2 : 0), header + length));
      } else if (type === PUBACK) handlers.onPuback?.();
      else {
        const now = ready;
        ready = null;
        now?.();
      }
      at = header + length;
    }
    rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
    if (acks.length > 0) socket.write(Buffer.from(acks));
  });
  await opened(socket);
  const connected = answered();
  socket.write(
    mqttPacket.generate({
      cmd: 'connect',
      clientId: options.clientId,
      username: options.username,
      password: Buffer.from(options.password),
      keepalive: 600,
      clean: options.clean ?? true,
    }),
  );
  await connected;
  if (subscribe !== undefined) {
    const granted = answered();
    socket.write(
      mqttPacket.generate({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [{ topic: subscribe.filter, qos: subscribe.qos }],
      }),
    );
    await granted;
  }
  return { publish: (bytes) => void socket.write(bytes), close: () => socket.destroy() };
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
}
