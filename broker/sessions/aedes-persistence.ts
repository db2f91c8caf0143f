import { once } from 'node:events';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { AedesPublishPacket, Client, Subscription } from 'aedes';
import mqttPacket from 'mqtt-packet';
import type { Session, Transport } from './session.ts';
import type { Publication, SessionStore } from './session-store.ts';

type ById = { readonly id: string };
type WithMessageId = { readonly messageId?: number | undefined };

/** Unsent bytes of a connection above which nothing more is written to it before it has drained. */
const HIGH_WATER_BYTES = 262_144;

/**
 * What Aedes asks of its persistence, answered from the session store. Queued messages are not handed out here: each
 * session sends its own (`attachSession`), in order and within its window.
 */
export function createAedesPersistence(options: {
  readonly store: SessionStore;
  /** User of a connected client. */
  readonly ownerOf: (clientId: string) => string;
  /** Whether a client was granted a filter; Aedes stores those of a packet without looking. */
  readonly wasGranted: (clientId: string, filter: string) => boolean;
  /** The connection the next retained messages go to, so that they wait for a slow one. */
  readonly subscriber: () => Client | null;
}) {
  const { store } = options;
  const committed = promisify((done: (error: Error | null) => void) => store.committed(done));
  const wills = new Map<string, unknown>();

  async function* retained(filters: readonly string[], client: Client | null): AsyncGenerator<object> {
    for (const filter of filters) {
      for (const message of store.retained.matching(filter)) {
        const conn = client?.conn;
        if (conn !== undefined && conn.writableLength > HIGH_WATER_BYTES && !conn.destroyed)
          await Promise.race([once(conn, 'drain'), once(conn, 'close')]).catch(() => undefined);
        yield { cmd: 'publish', retain: true, ...message };
      }
    }
  }

  return {
    setup: async (): Promise<void> => undefined,
    destroy: async (): Promise<void> => undefined,

    storeRetained: async (packet: Publication): Promise<void> => {
      if (!store.hasAccepted(packet.payload)) store.accept(packet, null, () => undefined);
    },
    createRetainedStream: (filter: string) => Readable.from(retained([filter], null)),
    createRetainedStreamCombi: (filters: readonly string[]) => Readable.from(retained(filters, options.subscriber())),

    addSubscriptions: async ({ id }: ById, subscriptions: readonly Subscription[]): Promise<void> => {
      const session = store.open(id, options.ownerOf(id));
      for (const { topic, qos } of subscriptions) {
        if (options.wasGranted(id, topic) && session.filters.get(topic) !== qos) store.subscribe(session, topic, qos);
      }
      await committed();
    },
    removeSubscriptions: async ({ id }: ById, filters: readonly string[]): Promise<void> => {
      const session = store.sessions.get(id);
      if (session === undefined) return;
      for (const filter of filters) store.unsubscribe(session, filter);
      await committed();
    },
    subscriptionsByClient: async ({ id }: ById): Promise<object[]> =>
      [...(store.sessions.get(id)?.filters ?? [])].map(([topic, qos]) => ({ topic, qos })),
    /** A clean CONNECT: the session of that client id ends. */
    cleanSubscriptions: async ({ id }: ById): Promise<void> => store.drop(id),
    subscriptionsByTopic: async (): Promise<object[]> => [],
    countOffline: async () => ({ subsCount: 0, clientsCount: store.sessions.size }),

    outgoingEnqueue: async (): Promise<void> => undefined,
    /** Messages of clients were queued before they were acknowledged; these are the broker's own. */
    outgoingEnqueueCombi: async (_none: unknown, packet: Publication): Promise<void> => {
      if (!store.hasAccepted(packet.payload)) store.accept({ ...packet, retain: false }, null, () => undefined);
    },
    outgoingUpdate: async ({ id }: ById, { messageId }: WithMessageId): Promise<void> => {
      const session = store.sessions.get(id);
      if (session === undefined || messageId === undefined) return;
      await promisify((done: (error: Error | null) => void) => session.receive(messageId, done))();
    },
    outgoingClearMessageId: async ({ id }: ById, { messageId }: WithMessageId): Promise<void> => {
      if (messageId !== undefined) store.sessions.get(id)?.acknowledge(messageId);
    },
    outgoingStream: () => Readable.from([]),

    incomingStorePacket: async ({ id }: ById, { messageId }: WithMessageId): Promise<void> => {
      if (messageId !== undefined) store.handedOn(id, messageId);
    },
    incomingGetPacket: async ({ id }: ById, packet: WithMessageId): Promise<WithMessageId> => {
      if (packet.messageId === undefined || !store.isIncoming(id, packet.messageId)) throw new Error('no such packet');
      return packet;
    },
    incomingDelPacket: async ({ id }: ById, { messageId }: WithMessageId): Promise<void> => {
      if (messageId === undefined || !store.incomingDone(id, messageId)) throw new Error('no such packet');
      await committed();
    },
    cleanIncoming: async ({ id }: ById): Promise<void> => store.forgetIncoming(id),

    putWill: async ({ id }: ById, packet: object): Promise<void> => {
      Object.assign(packet, { clientId: id });
      wills.set(id, packet);
    },
    getWill: async ({ id }: ById): Promise<unknown> => wills.get(id),
    delWill: async ({ id }: ById): Promise<unknown> => {
      const will = wills.get(id);
      wills.delete(id);
      return will;
    },
    streamWill: () => Readable.from([]),
    getClientList: () => Readable.from([]),
  };
}

/** Lets the session send over the connection of its client. Returns what is to be called when the client has gone. */
export function attachSession(session: Session, client: Client): Transport {
  const { conn } = client;
  const write = (packet: mqttPacket.Packet): void => {
    if (!conn.destroyed) mqttPacket.writeToStream(packet, conn);
  };
  const transport: Transport = {
    hasRoom: () => conn.writableLength < HIGH_WATER_BYTES,
    onRoom: (call) => conn.once('drain', call),
    send: ({ message, qos, retain, dup, messageId }) =>
      write({ cmd: 'publish', topic: message.topic, payload: message.payload, qos, retain, dup, messageId }),
    release: (messageId) => write({ cmd: 'pubrel', messageId }),
  };
  session.attach(transport);
  return transport;
}

/**
 * The QoS a message is handed on with: that of the best matching subscription, at most its own. Aedes looks only at a
 * subscription whose filter equals the topic. [MQTT-3.8.4-6]
 */
export function grantedQos(
  client: Client,
  packet: AedesPublishPacket,
  matches: (filter: string, topic: string) => boolean,
): 0 | 1 | 2 {
  const { subscriptions } = client as unknown as {
    readonly subscriptions: Readonly<Record<string, { readonly qos: number }>>;
  };
  let best = 0;
  for (const [filter, { qos }] of Object.entries(subscriptions)) {
    if (qos > best && matches(filter, packet.topic)) best = qos;
  }
  const granted = Math.min(best, packet.qos);
  return granted === 2 ? 2 : granted === 1 ? 1 : 0;
}
