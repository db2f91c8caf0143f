/**
 * An MQTT broker that only takes: answers every QoS 1 publish at once. Prints its port, at SIGUSR1 the
 * number of messages so far, and at SIGTERM what came.
 */
import { createServer, type Socket } from 'node:net';
import { generate, parser, type Packet } from 'mqtt-packet';
import { percentile } from './reading.ts';

let messages = 0;
let bytes = 0;
const latencies: number[] = [];

const server = createServer((socket: Socket) => {
  const packets = parser();
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => packets.parse(chunk));
  packets.on('packet', (packet: Packet) => answer(socket, packet));
});

function answer(socket: Socket, packet: Packet): void {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- a sink needs no more of MQTT
  switch (packet.cmd) {
    case 'connect':
      socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
      return;
    case 'subscribe':
      socket.write(
        generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: packet.subscriptions.map(() => 1) }),
      );
      return;
    case 'pingreq':
      socket.write(generate({ cmd: 'pingresp' }));
      return;
    case 'publish': {
      if (packet.qos === 1) socket.write(generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }));
      if (!packet.topic.includes('/json/data/')) return;
      messages += 1;
      bytes += packet.payload.length;
      if (messages % 7 !== 0) return;
      const text = packet.payload.toString('latin1', 0, 1000);
      const time = /"SourceTimestamp":"([^"]+)"/.exec(text)?.[1];
      if (time !== undefined) latencies.push(Date.now() - Date.parse(time));
      return;
    }
    default:
  }
}

process.on('SIGUSR2', () => {
  latencies.length = 0;
});
process.on('SIGUSR1', () => {
  process.stdout.write(`${JSON.stringify({ messages, at: Date.now() })}\n`);
});
process.on('SIGTERM', () => {
  process.stdout.write(
    `${JSON.stringify({ messages, bytes, latencyP50Ms: percentile(latencies, 50), latencyP99Ms: percentile(latencies, 99) })}\n`,
  );
  process.exit(0);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
});
