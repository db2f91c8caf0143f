import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { BrokerSection, Listener } from './config.ts';
import { JoulegateError } from './contract/error.ts';
import type { TlsMaterial } from './tls-files.ts';

/** What a listener hands over for each connection. */
export type Incoming = {
  /** MQTT bytes. */
  readonly stream: Duplex;
  /** The TCP or TLS socket below. */
  readonly socket: Socket;
};

export type ListenerOptions = {
  readonly section: BrokerSection;
  readonly tls: TlsMaterial | null;
  readonly maxPacketBytes: number;
  /** Whether the connection may go on; called once per TCP connection, before TLS. */
  readonly admit: (socket: Socket) => boolean;
  readonly accept: (incoming: Incoming) => void;
  readonly onTlsError: (error: Error, socket: Socket) => void;
};

export type Listening = AsyncDisposable & {
  /** URLs without credentials; the first is that of `host` and `port`. */
  readonly urls: readonly string[];
  readonly port: number;
  /** Uses another certificate for connections from now on. */
  readonly renew: (tls: TlsMaterial) => void;
};

const SUBPROTOCOL = 'mqtt';

/** Opens all listeners of the section. @throws JoulegateError CONFIG_INVALID or PORT_IN_USE; then none stays open. */
export async function openListeners(options: ListenerOptions): Promise<Listening> {
  const { section, tls } = options;
  const wanted: readonly Listener[] = [
    { transport: section.tls === undefined ? 'mqtt' : 'mqtts', host: section.host, port: section.port },
    ...(section.listeners ?? []),
  ];
  for (const listener of wanted) checkListener(listener, section);
  const servers: { readonly server: Server | HttpServer; readonly secure: boolean }[] = [];
  const urls: string[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  };
  let port = 0;
  try {
    for (const listener of wanted) {
      const secure = listener.transport === 'mqtts' || listener.transport === 'wss';
      const server = createListener(listener, secure ? tlsOptions(section, tls) : null, options);
      const actual = await listen(server, listener);
      servers.push({ server, secure });
      urls.push(urlOf(listener, actual));
      if (port === 0) port = actual;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    urls,
    port,
    renew: (material) => {
      for (const { server, secure } of servers) {
        if (secure && 'setSecureContext' in server && typeof server.setSecureContext === 'function')
          server.setSecureContext(material.options);
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

function createListener(
  { transport, path = '/mqtt' }: Listener,
  tls: TlsOptions | null,
  options: ListenerOptions,
): Server | HttpServer {
  const { admit, accept, onTlsError } = options;
  const direct = (socket: Socket): void => accept({ stream: socket, socket });
  const admitted = (socket: Socket): void => {
    if (!admit(socket)) socket.destroy();
  };
  if (transport === 'mqtt') {
    return createServer({ noDelay: true }, (socket) => (admit(socket) ? direct(socket) : socket.destroy()));
  }
  if (transport === 'mqtts') {
    const server = createTlsServer({ ...tls, noDelay: true }, direct);
    // Before the handshake, which costs far more than what it may let in.
    server.prependListener('connection', admitted);
    server.on('tlsClientError', onTlsError);
    return server;
  }
  const server = tls === null ? createHttpServer() : createHttpsServer(tls);
  server.prependListener('connection', admitted);
  if (tls !== null) server.on('tlsClientError', onTlsError);
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' }).end('MQTT over WebSocket only\n');
  });
  const sockets = new WebSocketServer({
    server,
    path,
    maxPayload: options.maxPacketBytes + 16,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    // A page of another origin must not speak for the person who has it open; tools send no origin.
    verifyClient: ({ origin, req }: { origin: string | undefined; req: IncomingMessage }) => sameOrigin(origin, req),
  });
  sockets.on('wsClientError', (_error, socket) => socket.destroy());
  sockets.on('connection', (webSocket, request) => {
    const stream = createWebSocketStream(webSocket);
    request.socket.setNoDelay(true);
    accept({ stream, socket: request.socket });
  });
  return server;
}

function sameOrigin(origin: string | undefined, request: IncomingMessage): boolean {
  return origin === undefined || URL.parse(origin)?.host === request.headers.host;
}

function tlsOptions(section: BrokerSection, tls: TlsMaterial | null): TlsOptions {
  if (tls === null || section.tls === undefined) {
    throw new JoulegateError('CONFIG_INVALID', 'broker.listeners: mqtts and wss need broker.tls (certFile, keyFile)');
  }
  const { caFile, clientCertificate = 'required' } = section.tls;
  return {
    ...tls.options,
    handshakeTimeout: 5000,
    ...(caFile === undefined ? {} : { requestCert: true, rejectUnauthorized: clientCertificate === 'required' }),
  };
}

/** Common name of the client certificate that was shown and verified, or null. */
export function certificateName(socket: Socket): string | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' && name !== '' ? name : null;
}

/** Why a client certificate that was shown is not believed, or null. */
export function certificateProblem(socket: Socket): string | null {
  if (!(socket instanceof TLSSocket) || socket.authorized) return null;
  return Object.keys(socket.getPeerCertificate()).length === 0 ? null : String(socket.authorizationError);
}

function checkListener({ transport, host }: Listener, section: BrokerSection): void {
  const secure = transport === 'mqtts' || transport === 'wss';
  if (secure || isLoopback(host) || section.allowPlain === true) return;
  throw new JoulegateError(
    'CONFIG_INVALID',
    `broker: ${transport} on "${host}" is reachable from other machines without encryption; set broker.tls (certFile, keyFile), or 127.0.0.1, or allowPlain: true`,
  );
}

function urlOf({ transport, host, path = '/mqtt' }: Listener, port: number): string {
  const web = transport === 'ws' || transport === 'wss';
  return `${transport}://${isIP(host) === 6 ? `[${host}]` : host}:${port}${web ? path : ''}`;
}

/** Listens and returns the port. @throws JoulegateError PORT_IN_USE or CONFIG_INVALID. */
export function listen(
  server: Server | HttpServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new JoulegateError(
              'PORT_IN_USE',
              `MQTT port ${port} on ${host} is taken; set broker.port to another one, or stop what listens there`,
              { cause: error },
            )
          : new JoulegateError('CONFIG_INVALID', `broker cannot listen on ${host}:${port}: ${error.message}`, {
              cause: error,
            }),
      );
    });
    server.listen({ port, host, backlog: 511 }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
