import { setTimeout as wait } from 'node:timers/promises';
import type { AedesOptions, AuthenticateError, Client } from 'aedes';
import type { BrokerLimits } from '../config.ts';
import { accessOf, CLIENT_ID, textFault, type Access } from './permissions.ts';
import { clean, type GateEvent } from './security-events.ts';
import type { KnownAddresses } from './known-addresses.ts';
import type { SignInBrake } from './sign-in-brake.ts';
import type { User, UserDirectory } from './users.ts';

/** Where a connection comes from, and who the certificate it showed was issued to. */
export type Peer = {
  readonly host: string;
  /** host:port */
  readonly address: string;
  readonly certificateName: string | null;
};

/** A client that has signed in. */
export type Member = { readonly user: User; readonly access: Access; readonly filters: Set<string>; refused: number };

/** CONNACK return codes of MQTT 3.1.1 table 3.1. */
type ReturnCode = AuthenticateError['returnCode'];
const IDENTIFIER_REJECTED: ReturnCode = 2;
const UNAVAILABLE: ReturnCode = 3;
const BAD_CREDENTIALS: ReturnCode = 4;
const NOT_AUTHORIZED: ReturnCode = 5;

type Refusal = { readonly code: ReturnCode; readonly event: GateEvent };
type Hooks = Required<Pick<AedesOptions, 'preConnect' | 'authenticate'>>;

export type SignInOptions = {
  readonly directory: UserDirectory;
  readonly brake: SignInBrake;
  readonly addresses: KnownAddresses;
  readonly limits: BrokerLimits;
  readonly now: () => number;
  readonly peerOf: (client: Client) => Peer;
  readonly members: WeakMap<Client, Member>;
  /** User whose session a client id is, also while its client is away. */
  readonly sessionOwner: (clientId: string) => string | null;
  readonly onSignedIn: (client: Client) => void;
  readonly onEvent: (event: GateEvent) => void;
};

/** Decides who may connect, under which client id, and with which will. */
export function createSignIn(options: SignInOptions): Hooks & {
  /** Frees what was kept for a client that has gone. */
  readonly forget: (client: Client) => void;
  /** The client that holds a client id. */
  readonly memberOf: (clientId: string) => Member | undefined;
  /** Connected clients of a user. */
  readonly clientsOf: (username: string) => readonly Client[];
} {
  const { directory, brake, addresses, limits, now, peerOf, members, onEvent } = options;
  const refusals = new WeakMap<Client, Refusal>();
  const wills = new WeakMap<Client, string>();
  /** Who holds a client id: another user cannot take it over. */
  const holders = new Map<string, { readonly user: User; readonly client: Client }>();

  const refusal = (client: Client, code: ReturnCode, event: Omit<GateEvent, 'address'>): Refusal => ({
    code,
    event: { ...event, address: peerOf(client).address },
  });

  /** Who the client is, or why it may not sign in. */
  const identify = async (client: Client, username: string | undefined, password: Buffer | undefined) => {
    const { certificateName, host } = peerOf(client);
    const name = username ?? certificateName ?? '';
    const refused = (code: ReturnCode, reason: string): Refusal =>
      refusal(client, code, {
        kind: 'sign-in-refused',
        severity: 'low',
        message: `sign-in refused: ${reason}`,
        principal: clean(name),
      });
    if (certificateName !== null && name !== certificateName) {
      return refusal(client, NOT_AUTHORIZED, {
        kind: 'client-certificate-refused',
        severity: 'high',
        message: `the certificate of "${clean(certificateName)}" was shown with another user name`,
        principal: clean(name),
        subject: clean(certificateName),
      });
    }
    if (name === '') return refused(BAD_CREDENTIALS, 'no credentials');
    if (password === undefined) {
      const user = certificateName === null ? null : await directory.find(name).catch(() => null);
      if (user !== null) return user;
      return refused(BAD_CREDENTIALS, certificateName === null ? 'no password' : 'certificate of an unknown user');
    }
    const delay = brake.delay(name, host, now());
    if (delay === null) {
      return refusal(client, UNAVAILABLE, {
        kind: 'limit-hit',
        severity: 'high',
        message: 'too many failed sign-ins: the password was not looked at',
        subject: 'sign-in-rate',
        principal: clean(name),
      });
    }
    if (delay > 0) await wait(delay, undefined, { ref: false });
    const user = await directory.verify(name, password).catch(() => null);
    if (user === null) {
      brake.failed(name, host, now());
      return refused(BAD_CREDENTIALS, 'unknown user or wrong password');
    }
    brake.succeeded(name, host);
    return user;
  };

  /** Whether a known user may use this client id and this will. */
  const admit = (client: Client, user: User, access: Access): Refusal | null => {
    const will = wills.get(client);
    const principal = user.username;
    if (will !== undefined && !access.mayPublish(will)) {
      return refusal(client, NOT_AUTHORIZED, {
        kind: 'topic-denied',
        severity: 'medium',
        message: 'will on a topic the user may not publish',
        subject: clean(will),
        principal,
      });
    }
    const holder = holders.get(client.id);
    const connected = holder !== undefined && holder.client !== client && !holder.client.closed ? holder : undefined;
    const owner = connected?.user.username ?? options.sessionOwner(client.id);
    if (owner !== null && owner !== principal) {
      return refusal(client, IDENTIFIER_REJECTED, {
        kind: 'client-id-takeover',
        severity: 'high',
        message: `client id "${clean(client.id)}" belongs to user "${owner}"`,
        subject: clean(client.id),
        principal,
      });
    }
    if (connected !== undefined) {
      onEvent({
        kind: 'client-id-takeover',
        severity: 'low',
        message: `client id "${clean(client.id)}" was connected already; the older connection ends`,
        subject: clean(client.id),
        principal,
        address: peerOf(client).address,
      });
    }
    return null;
  };

  return {
    preConnect: (client, packet, done) => {
      const { clientId, clean: cleanSession, will } = packet;
      const malformed = (message: string, subject: string, code: ReturnCode): void => {
        refusals.set(
          client,
          refusal(client, code, { kind: 'malformed-packet', severity: 'medium', message, subject: clean(subject) }),
        );
      };
      if (clientId === '' ? !cleanSession : !CLIENT_ID.test(clientId))
        malformed(`client id "${clean(clientId)}" is not allowed`, 'client-id', IDENTIFIER_REJECTED);
      else if (packet.username !== undefined && textFault(packet.username, limits) !== null)
        malformed('user name is not allowed', packet.username, BAD_CREDENTIALS);
      else if (will !== undefined) {
        if (textFault(will.topic, limits) !== null || /[+#]/.test(will.topic))
          malformed('will topic is not allowed', will.topic, NOT_AUTHORIZED);
        wills.set(client, will.topic);
      }
      const longest = Math.floor(limits.maxKeepAliveMs / 1000);
      const asked = packet.keepalive === undefined || packet.keepalive === 0 ? longest : packet.keepalive;
      packet.keepalive = Math.min(longest, Math.max(Math.ceil(limits.minKeepAliveMs / 1000), asked));
      done(null, true);
    },

    authenticate: (client, username, password, done) => {
      const refuse = ({ code, event }: Refusal): void => {
        onEvent(event);
        done(Object.assign(new Error('not authorised'), { returnCode: code }), null);
      };
      const early = refusals.get(client);
      if (early !== undefined) return refuse(early);
      void (async () => {
        const user = await identify(client, username, password);
        if ('code' in user) return refuse(user);
        if (client.closed) return;
        const access = accessOf(user, client.id, limits);
        const reason = admit(client, user, access);
        if (reason !== null) return refuse(reason);
        const peer = peerOf(client);
        if (addresses.isNew(user.username, peer.host)) {
          onEvent({
            kind: 'address-unknown',
            severity: 'low',
            message: `user "${user.username}" signs in from ${peer.host} for the first time`,
            principal: user.username,
            address: peer.address,
            subject: peer.host,
          });
        }
        members.set(client, { user, access, filters: new Set(), refused: 0 });
        holders.set(client.id, { user, client });
        options.onSignedIn(client);
        done(null, true);
      })();
    },

    forget: (client) => {
      if (holders.get(client.id)?.client === client) holders.delete(client.id);
    },
    memberOf: (clientId) => {
      const holder = holders.get(clientId);
      return holder === undefined ? undefined : members.get(holder.client);
    },
    clientsOf: (username) =>
      [...holders.values()].filter(({ user }) => user.username === username).map(({ client }) => client),
  };
}
