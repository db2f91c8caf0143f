import type { AedesOptions, Client } from 'aedes';
import type { BrokerLimits } from '../config.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { grantedQos } from '../sessions/aedes-persistence.ts';
import { covers, isFilter, textFault } from './permissions.ts';
import { clean, type GateEvent } from './security-events.ts';
import type { Member, Peer } from './sign-in.ts';

export type Gatekeeper = Required<Pick<AedesOptions, 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>>;

/** Refused subscriptions of one connection after which it is cut. */
const REFUSALS_BORNE = 1000;

/** Decides who may publish, subscribe and receive what; everything is refused unless a rule allows it. */
export function createGatekeeper(options: {
  readonly limits: BrokerLimits;
  readonly members: WeakMap<Client, Member>;
  readonly peerOf: (client: Client) => Peer;
  readonly store: SessionStore;
  readonly onEvent: (event: GateEvent) => void;
}): Gatekeeper {
  const { limits, members, peerOf, store } = options;
  const tell = (client: Client, event: Omit<GateEvent, 'address' | 'principal'>): void => {
    const principal = members.get(client)?.user.username;
    options.onEvent({ ...event, address: peerOf(client).address, ...(principal === undefined ? {} : { principal }) });
  };
  /** Says what is wrong with a topic or filter as such. */
  const badText = (client: Client, text: string): boolean => {
    const fault = textFault(text, limits);
    if (fault === null) return false;
    tell(client, {
      kind: fault === 'invalid-text' ? 'malformed-packet' : 'limit-hit',
      severity: 'medium',
      message: `topic refused: ${fault}`,
      subject: fault === 'invalid-text' ? clean(text) : `topic-${fault}`,
    });
    return true;
  };

  return {
    authorizePublish: (client, packet, done) => {
      if (client === null) return done(null);
      const member = members.get(client);
      const { topic, retain, qos } = packet;
      if (member?.access.mayPublish(topic) !== true) {
        if (!badText(client, topic)) {
          tell(client, {
            kind: 'topic-denied',
            severity: 'medium',
            message: retain ? 'retained publish refused' : 'publish refused',
            subject: clean(topic),
          });
        }
        return done(new Error('topic is not allowed'));
      }
      const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
      if (retain && !store.retained.hasRoomFor(topic, payload)) {
        tell(client, {
          kind: 'limit-hit',
          severity: 'high',
          message: 'publish refused: no more retained messages fit',
          subject: 'retained',
        });
        return done(new Error('too many retained messages'));
      }
      packet.payload = payload;
      const publisher = { clientId: client.id, clean: client.clean, isBridge: member.user.role === 'bridge' };
      const messageId = 'messageId' in packet ? packet.messageId : undefined;
      store.accept({ topic, payload, qos, retain, messageId }, publisher, done);
    },

    authorizeSubscribe: (client, subscription, done) => {
      const { topic } = subscription;
      const member = members.get(client);
      if (member === undefined) return done(new Error('not signed in'));
      if (badText(client, topic)) {
        if (textFault(topic, limits) === 'invalid-text') return done(new Error('filter is malformed'));
      } else if (!isFilter(topic, limits)) {
        tell(client, {
          kind: 'malformed-packet',
          severity: 'medium',
          message: 'filter refused',
          subject: clean(topic),
        });
        return done(new Error('filter is malformed'));
      } else if (!member.access.maySubscribe(topic)) {
        tell(client, { kind: 'topic-denied', severity: 'low', message: 'subscribe refused', subject: clean(topic) });
      } else if (!member.filters.has(topic) && member.filters.size >= limits.maxSubscriptions) {
        tell(client, {
          kind: 'limit-hit',
          severity: 'medium',
          message: `more than ${limits.maxSubscriptions} subscriptions`,
          subject: 'subscriptions',
        });
      } else {
        member.filters.add(topic);
        return done(null, subscription);
      }
      member.refused += 1;
      const session = client.clean ? undefined : store.sessions.get(client.id);
      if (session !== undefined) store.unsubscribe(session, topic);
      if (member.refused > REFUSALS_BORNE) return done(new Error('too many refused subscriptions'));
      done(null, null);
    },

    authorizeForward: (client, packet) => {
      if (members.get(client)?.access.mayReceive(packet.topic) !== true) return null;
      if (packet.qos === 0) return packet;
      const session = client.clean ? undefined : store.sessions.get(client.id);
      if (packet.retain) {
        const qos = grantedQos(client, packet, covers);
        if (qos > 0 && session !== undefined) {
          store.enqueueRetained(session, { ...packet, payload: Buffer.from(packet.payload), qos });
          return null;
        }
        return { ...packet, qos };
      }
      if (session !== undefined) return store.queues(session, packet.topic) ? null : packet;
      return packet.qos === 2 ? { ...packet, qos: grantedQos(client, packet, covers) } : packet;
    },
  };
}
