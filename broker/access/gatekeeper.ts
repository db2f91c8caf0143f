import type { AuthenticateError, AedesOptions, Client } from 'aedes';
import type { EventKind, SystemEvent } from '../contract/event.ts';
import { CLIENT_ID, isTopic, mayPublish, mayReceive, maySubscribe } from './permissions.ts';
import type { User, UserDirectory } from './users.ts';

/** A security event as the gatekeeper sees it; main adds id and source. */
export type GateEvent = Pick<SystemEvent, 'severity' | 'message'> & {
  readonly kind: EventKind;
  readonly principal?: string;
  readonly address?: string;
  readonly subject?: string;
};

export type Gatekeeper = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>
> & {
  /** Frees what was kept for a client that has gone. */
  readonly forget: (client: Client) => void;
};

/** CONNACK return codes of MQTT 3.1.1 table 3.1. */
type ReturnCode = AuthenticateError['returnCode'];
const IDENTIFIER_REJECTED: ReturnCode = 2;
const BAD_CREDENTIALS: ReturnCode = 4;
const NOT_AUTHORIZED: ReturnCode = 5;
/** Wrong passwords of one user from one address are answered later and later. */
const DELAY_STEP_MS = 250;
const DELAY_MAX_MS = 5000;
const FAILURES_KEPT = 10_000;

type Connected = { readonly user: User; readonly client: Client };

/** Decides who may connect, publish, subscribe and receive; everything is refused unless a rule allows it. */
export function createGatekeeper(options: {
  readonly directory: UserDirectory;
  readonly addressOf: (client: Client) => string;
  readonly onSignedIn: (client: Client) => void;
  readonly onEvent: (event: GateEvent) => void;
}): Gatekeeper {
  const { directory, addressOf, onEvent } = options;
  const users = new WeakMap<Client, User>();
  const wills = new WeakMap<Client, string>();
  /** Who holds a client id: another user cannot take it over. */
  const holders = new Map<string, Connected>();
  const failures = new Map<string, number>();

  const refuse = (returnCode: ReturnCode, text: string): AuthenticateError =>
    Object.assign(new Error(text), { returnCode });
  const who = (client: Client, user?: string) => ({
    address: addressOf(client),
    ...(user === undefined ? {} : { principal: clean(user) }),
  });

  return {
    preConnect: (client, packet, done) => {
      const clientId = packet.clientId;
      if (clientId !== '' && !CLIENT_ID.test(clientId)) {
        onEvent({
          kind: 'malformed-packet',
          severity: 'medium',
          message: `client id "${clean(clientId)}" is not allowed`,
          subject: 'client-id',
          ...who(client),
        });
        return done(refuse(IDENTIFIER_REJECTED, 'client id is not allowed'), false);
      }
      const will = packet.will?.topic;
      if (will !== undefined) {
        if (!isTopic(will)) {
          onEvent({
            kind: 'malformed-packet',
            severity: 'medium',
            message: 'will topic is not allowed',
            subject: clean(will),
            ...who(client),
          });
          return done(refuse(NOT_AUTHORIZED, 'will topic is not allowed'), false);
        }
        wills.set(client, will);
      }
      done(null, true);
    },

    authenticate: (client, username, password, done) => {
      const name = username ?? '';
      const address = addressOf(client);
      const key = `${address.replace(/:\d+$/, '')}|${name}`;
      const refused = (reason: string, code: ReturnCode): void => {
        onEvent({
          kind: 'sign-in-refused',
          severity: 'low',
          message: `sign-in refused: ${reason}`,
          ...who(client, name),
        });
        done(refuse(code, 'not authorised'), null);
      };
      if (name === '' || password === undefined) return refused('no credentials', BAD_CREDENTIALS);
      void (async () => {
        const failed = failures.get(key) ?? 0;
        if (failed > 0)
          await new Promise((resolve) => setTimeout(resolve, Math.min(DELAY_MAX_MS, DELAY_STEP_MS * failed)));
        const user = await directory.verify(name, password).catch(() => null);
        if (user === null) {
          if (failures.size >= FAILURES_KEPT) failures.clear();
          failures.set(key, failed + 1);
          return refused('unknown user or wrong password', BAD_CREDENTIALS);
        }
        failures.delete(key);
        const will = wills.get(client);
        if (will !== undefined && !mayPublish(user, will)) {
          onEvent({
            kind: 'topic-denied',
            severity: 'medium',
            message: 'will on a topic the user may not publish',
            subject: will,
            ...who(client, name),
          });
          return done(refuse(NOT_AUTHORIZED, 'will topic is not allowed'), null);
        }
        const holder = holders.get(client.id);
        if (holder !== undefined && holder.client !== client && holder.user.username !== user.username) {
          onEvent({
            kind: 'client-id-takeover',
            severity: 'high',
            message: `client id "${clean(client.id)}" belongs to user "${holder.user.username}"`,
            subject: clean(client.id),
            ...who(client, name),
          });
          return done(refuse(IDENTIFIER_REJECTED, 'client id is in use'), null);
        }
        users.set(client, user);
        holders.set(client.id, { user, client });
        options.onSignedIn(client);
        done(null, true);
      })();
    },

    authorizePublish: (client, packet, done) => {
      if (client === null) return done(null);
      const user = users.get(client);
      if (user !== undefined && mayPublish(user, packet.topic)) return done(null);
      onEvent({
        kind: 'topic-denied',
        severity: 'medium',
        message: 'publish refused',
        subject: clean(packet.topic),
        ...who(client, user?.username),
      });
      done(new Error('topic is not allowed'));
    },

    authorizeSubscribe: (client, subscription, done) => {
      const user = users.get(client);
      if (user !== undefined && maySubscribe(user, subscription.topic)) return done(null, subscription);
      onEvent({
        kind: 'topic-denied',
        severity: 'low',
        message: 'subscribe refused',
        subject: clean(subscription.topic),
        ...who(client, user?.username),
      });
      done(null, null);
    },

    authorizeForward: (client, packet) => {
      const user = users.get(client);
      return user !== undefined && mayReceive(user, packet.topic) ? packet : null;
    },

    forget: (client) => {
      if (holders.get(client.id)?.client === client) holders.delete(client.id);
    },
  };
}

/** Foreign text for an event: short, without control or direction characters. */
function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 128);
}
