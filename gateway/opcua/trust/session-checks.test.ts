import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import {
  ActivateSessionResponse,
  CreateSessionResponse,
  GetEndpointsResponse,
  MessageSecurityMode,
  SecurityPolicy,
  SignatureData,
  UserTokenType,
  type EndpointDescription,
} from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewaySide, makeCertificate, temporaryFolder } from '../../../tests/support/gateway-side.ts';
import { startRequestTap } from '../../../tests/support/request-tap.ts';
import { startSecuredServer, type SecuredServer } from '../../../tests/support/secured-server.ts';

const { SignAndEncrypt, None } = MessageSecurityMode;
const user = { username: 'operator', password: 'let-me-in' } as const;
const opened = new AsyncDisposableStack();
let folder = '';
let serial = 0;

beforeAll(async () => {
  folder = opened.use(await temporaryFolder('checks')).path;
});
afterAll(() => opened.disposeAsync());

const newGateway = () => gatewaySide(join(folder, `gateway-${(serial += 1)}`));
const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it worked',
    (error: Error) => error.message,
  );

/** A server whose user names and passwords are counted as they are checked. */
async function watchedServer(name: string, more: Parameters<typeof startSecuredServer>[0]['more'] = {}) {
  const asked: string[] = [];
  const server = await startSecuredServer({
    folder: join(folder, name),
    more: {
      userManager: {
        isValidUser: (userName: string, password: string) => {
          asked.push(userName);
          return userName === user.username && password === user.password;
        },
      },
      ...more,
    },
  });
  return { server, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const descriptions = ({ server }: SecuredServer): EndpointDescription[] =>
  server.endpoints.flatMap((endpoint) => endpoint.endpointDescriptions());

type Answer = CreateSessionResponse | ActivateSessionResponse | GetEndpointsResponse;
type ServerChannel = {
  readonly securityMode: MessageSecurityMode;
  send_response(type: string, response: unknown, ...rest: unknown[]): unknown;
};

/** Changes what the running server answers before it is signed, as a defective one or somebody in between would. */
function corrupt({ server }: SecuredServer, change: (answer: Answer, mode: MessageSecurityMode) => void): void {
  (server as unknown as EventEmitter).on('newChannel', (channel: ServerChannel) => {
    const send = channel.send_response.bind(channel);
    channel.send_response = (type, response, ...rest) => {
      const answers = [CreateSessionResponse, ActivateSessionResponse, GetEndpointsResponse];
      if (answers.some((kind) => response instanceof kind)) change(response as Answer, channel.securityMode);
      return send(type, response, ...rest);
    };
  });
}

const inSession = (change: (answer: CreateSessionResponse) => void) => (answer: Answer) => {
  if (answer instanceof CreateSessionResponse) change(answer);
};

describe('a password', () => {
  it.each([
    { securityMode: 'None', securityPolicy: 'None' },
    { securityMode: 'Sign', securityPolicy: 'best' },
  ] as const)('is not sent with $securityMode: the server sees no sign-in at all', async (settings) => {
    await using watched = await watchedServer(`open-${settings.securityMode}`);
    await using tap = await startRequestTap(watched.server.port);
    const message = await messageOf(newGateway().open(`opc.tcp://127.0.0.1:${tap.port}`, { ...settings, ...user }));
    expect(message).toContain('without encryption, so the password of user "operator" is not sent');
    expect(new Set(tap.requests.keys())).toEqual(new Set([428, 446, 452]));
    expect(watched.asked).toEqual([]);
  });

  it('that the server takes only with token policy None needs a decision, even inside an encrypted channel', async () => {
    await using watched = await watchedServer('plain-token');
    for (const { userIdentityTokens } of descriptions(watched.server)) {
      for (const token of userIdentityTokens ?? []) {
        if (token.tokenType === UserTokenType.UserName) token.securityPolicyUri = SecurityPolicy.None;
      }
    }
    const gateway = newGateway();
    await (await gateway.open(watched.server.endpoint))[Symbol.asyncDispose]();
    expect(await messageOf(gateway.open(watched.server.endpoint, user))).toContain('allowPlainPasswordToken: true');
    expect(gateway.kinds()).not.toContain('security-downgrade');
    expect(watched.asked).toEqual([]);
    await using session = await gateway.open(watched.server.endpoint, { ...user, allowPlainPasswordToken: true });
    expect(session.security.securityMode).toBe(SignAndEncrypt);
    expect(watched.asked).toEqual(['operator']);
  });

  it('that is wrong is refused with the user name and without the password', async () => {
    await using watched = await watchedServer('wrong');
    const message = await messageOf(newGateway().open(watched.server.endpoint, { ...user, password: 'guessed-wrong' }));
    expect(message).toContain('user "operator": wrong user name or password; correct them in gateway.servers "plc"');
    expect(message).not.toContain('guessed-wrong');
  });
});

describe('sign-in', () => {
  it('works with an X.509 user certificate, which is not sent without security', async () => {
    const applicationUri = 'urn:joulegate:test:user';
    const files = await makeCertificate(join(folder, 'user'), { applicationUri });
    const settings = { userCertificate: files.certificateFile, userPrivateKey: files.privateKeyFile };
    await using watched = await watchedServer('x509', { allowAnonymous: false });
    const gateway = newGateway();
    await using session = await gateway.open(watched.server.endpoint, settings);
    expect((await session.session.read({ nodeId: 'i=2258', attributeId: 13 })).statusCode.name).toBe('Good');
    expect(session.security.tokenPolicy.tokenType).toBe(UserTokenType.Certificate);
    const open = { securityMode: 'None', securityPolicy: 'None', ...settings } as const;
    expect(await messageOf(newGateway().open(watched.server.endpoint, open))).toContain('user certificate is not sent');
  });

  it('says which files it cannot use', async () => {
    await using watched = await watchedServer('files');
    const files = await makeCertificate(join(folder, 'user-a'), { applicationUri: 'urn:a' });
    const other = await makeCertificate(join(folder, 'user-b'), { applicationUri: 'urn:b' });
    const gateway = newGateway();
    const open = (settings: object) => gateway.open(watched.server.endpoint, settings);
    await expect(open({ userCertificate: files.certificateFile })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const nowhere = { userCertificate: join(folder, 'nowhere.pem'), userPrivateKey: files.privateKeyFile };
    await expect(open(nowhere)).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      message: expect.stringContaining('gateway.servers "plc" userCertificate'),
    });
    const mixed = { userCertificate: files.certificateFile, userPrivateKey: other.privateKeyFile };
    expect(await messageOf(open(mixed))).toContain('they do not belong together');
    expect(await messageOf(open({ ...user, ...mixed }))).toContain('not by both');
  });

  it('says what a server takes instead of an anonymous one', async () => {
    await using watched = await watchedServer('no-anonymous', { allowAnonymous: false });
    const message = await messageOf(newGateway().open(watched.server.endpoint));
    expect(message).toMatch(/does not let the gateway sign in anonymously; it takes: .*by user name/);
  });

  it('says that the server does not trust the gateway, and which file it has to trust', async () => {
    await using strict = await startSecuredServer({ folder: join(folder, 'strict'), acceptAnyClient: false });
    const gateway = newGateway();
    await expect(gateway.open(strict.endpoint)).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    const message = await messageOf(gateway.open(strict.endpoint));
    expect(message).toContain("does not take the gateway's certificate");
    expect(message).toContain(join(gateway.pkiDir, 'own/certs/client_certificate.pem'));
  });
});

describe('a server, or somebody in between, that breaks the rules of a session', () => {
  it.each([
    [
      'signs with another key',
      inSession((answer) => (answer.serverSignature.signature = randomBytes(256))),
      'its signature in the CreateSession answer is wrong',
    ],
    [
      'does not sign',
      inSession((answer) => (answer.serverSignature = new SignatureData({}))),
      'its signature in the CreateSession answer is wrong',
    ],
    ['gives no nonce', inSession((answer) => (answer.serverNonce = Buffer.alloc(0))), 'has 0 bytes, less than 32'],
    [
      'gives a nonce of equal bytes',
      inSession((answer) => (answer.serverNonce = Buffer.alloc(32, 7))),
      '32 equal bytes',
    ],
    [
      'shows another certificate inside the session',
      inSession((answer) => (answer.serverCertificate = randomBytes(600))),
      'is not the one of its endpoint',
    ],
    [
      'shows bytes that are no certificate inside the session',
      inSession((answer) => (answer.serverCertificate = Buffer.from('3080000000', 'hex'))),
      'is not the one of its endpoint',
    ],
    [
      'hides an endpoint inside the session',
      inSession((answer) => (answer.serverEndpoints = (answer.serverEndpoints ?? []).slice(1))),
      'its endpoint list inside the session is not the discovered one',
    ],
  ])('and %s gets no password and raises an event', async (name, change, reason) => {
    await using watched = await watchedServer(`rogue-${name}`);
    const gateway = newGateway();
    await (await gateway.open(watched.server.endpoint))[Symbol.asyncDispose]();
    gateway.events.length = 0;
    corrupt(watched.server, change);
    await expect(gateway.open(watched.server.endpoint, user)).rejects.toMatchObject({
      code: 'ENDPOINT_REFUSED',
      message: expect.stringContaining(reason),
    });
    expect(gateway.events[0]).toMatchObject({ kind: 'channel-check-failed', severity: 'high' });
  });

  it('and repeats its nonce raises an event as well', async () => {
    await using watched = await watchedServer('rogue-repeats');
    let first: Buffer | null = null;
    corrupt(watched.server, (answer) => {
      if (answer instanceof CreateSessionResponse) first = answer.serverNonce;
      else if (answer instanceof ActivateSessionResponse && first !== null) answer.serverNonce = first;
    });
    const gateway = newGateway();
    expect(await messageOf(gateway.open(watched.server.endpoint))).toContain('was used before');
    expect(gateway.events.at(-1)).toMatchObject({ kind: 'channel-check-failed', severity: 'high' });
  });

  it('and hides endpoints during discovery is found out inside the session, unless that is tolerated', async () => {
    await using watched = await watchedServer('hidden');
    corrupt(watched.server, (answer, mode) => {
      if (mode !== None || !(answer instanceof GetEndpointsResponse)) return;
      answer.endpoints = (answer.endpoints ?? []).filter(
        ({ securityPolicyUri }) => !securityPolicyUri?.includes('Pss'),
      );
    });
    const gateway = newGateway();
    const message = await messageOf(gateway.open(watched.server.endpoint, user));
    expect(message).toContain('its endpoint list inside the session is not the discovered one');
    expect(message).toContain('SignAndEncrypt/Aes256_Sha256_RsaPss was not discovered so');
    expect(watched.asked).toEqual([]);
    await using session = await gateway.open(watched.server.endpoint, { ...user, tolerate: ['endpoint-list'] });
    expect(session.security.securityPolicy).toBe(SecurityPolicy.Basic256Sha256);
  });

  it('does not matter where nothing is secured and nobody signs in', async () => {
    await using watched = await watchedServer('none');
    corrupt(
      watched.server,
      inSession((answer) => (answer.serverNonce = Buffer.alloc(32, 7))),
    );
    const open = { securityMode: 'None', securityPolicy: 'None' } as const;
    await using session = await newGateway().open(watched.server.endpoint, open);
    expect(session.security.securityMode).toBe(None);
  });
});
