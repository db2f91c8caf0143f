import { describe, expect, it } from 'vitest';
import { ServerConfig } from '../../gateway/config/schema.ts';
import { ASYNCUA_NAMESPACE, asyncuaPolicies, hasAsyncua, startAsyncuaServer } from '../support/asyncua-server.ts';
import { processTag, serverOf, startGatewayRig } from '../support/gateway-rig.ts';
import { eventually } from '../support/stack.ts';

type Security = Pick<ServerConfig, 'securityMode' | 'securityPolicy'>;
const counter = processTag('count', `nsu=${ASYNCUA_NAMESPACE};s=Counter0`);
const counters = { count: 1, intervalMs: 100 };
/** asyncua protects passwords by nothing but the channel, which a person has to accept. */
const channelOnly = { allowPlainPasswordToken: true } as const;
const encrypted: Security = { securityMode: 'SignAndEncrypt', securityPolicy: 'Basic256Sha256' };
/** X.509 sign-in needs these keys of a server section. */
const signsInByCertificate = ['userCertificate', 'userPrivateKey'].every((key) => key in ServerConfig.properties);
if (!signsInByCertificate)
  console.warn(
    'skipped: ServerConfig has no userCertificate and userPrivateKey, so X.509 sign-in cannot be configured',
  );

describe.runIf(hasAsyncua())('a gateway at a server that is not node-opcua signs in', () => {
  it('brings data over every security policy and mode', { timeout: 90_000 }, async () => {
    await using server = await startAsyncuaServer({ policies: asyncuaPolicies, counters });
    const nameOf = (policy: string): string => policy.replace('/', '-');
    await using rig = await startGatewayRig(
      asyncuaPolicies.map((policy) => {
        const [securityPolicy, securityMode] = policy.split('/') as [
          Security['securityPolicy'],
          Security['securityMode'],
        ];
        return serverOf(nameOf(policy), server.endpoint, [counter], { securityMode, securityPolicy });
      }),
    );
    for (const policy of asyncuaPolicies) {
      await eventually(
        `ten values over ${policy}; problems: ${JSON.stringify(rig.gateway.health().problems)}`,
        () => rig.of('count', nameOf(policy)).length >= 10,
      );
    }
    const connected = rig.events.filter((event) => event.kind === 'endpoint-connected').map((event) => event.message);
    for (const policy of asyncuaPolicies) {
      const [name, mode] = policy.split('/');
      expect(connected.some((message) => message.includes(`${mode} ${name}`))).toBe(true);
    }
  });

  it('takes the strongest of what the server offers for "best"', async () => {
    await using server = await startAsyncuaServer({ policies: asyncuaPolicies, counters });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [counter], { securityMode: 'best', securityPolicy: 'best' }),
    ]);
    await eventually('data', () => rig.of('count').length > 0);
    const event = await eventually(
      'the connection event',
      () => rig.events.find(({ kind }) => kind === 'endpoint-connected') ?? null,
    );
    expect(event.message).toContain('SignAndEncrypt Aes256_Sha256_RsaPss');
  });

  it('refuses to go below the configured policy when the server does not offer it', async () => {
    await using server = await startAsyncuaServer({ policies: ['None/None', 'Basic256Sha256/Sign'], counters });
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [counter], encrypted)]);
    const problem = await eventually('the refusal', () => rig.problem('ENDPOINT_REFUSED'));
    expect(problem.message).toContain('SignAndEncrypt');
    expect(rig.of('count')).toEqual([]);
  });

  it('signs in with user name and password over an encrypted channel', async () => {
    await using server = await startAsyncuaServer({
      policies: ['Basic256Sha256/SignAndEncrypt', 'Aes256_Sha256_RsaPss/SignAndEncrypt'],
      anonymous: false,
      users: { operator: 'right-pässword' },
      counters,
    });
    const user = { username: 'operator', password: 'right-pässword', ...channelOnly };
    await using rig = await startGatewayRig([
      serverOf('sha256', server.endpoint, [counter], { ...encrypted, ...user }),
      serverOf('pss', server.endpoint, [counter], {
        securityMode: 'SignAndEncrypt',
        securityPolicy: 'Aes256_Sha256_RsaPss',
        ...user,
      }),
    ]);
    await eventually('data over Basic256Sha256', () => rig.of('count', 'sha256').length > 0);
    await eventually('data over Aes256_Sha256_RsaPss', () => rig.of('count', 'pss').length > 0);
    expect(await server.sessions()).toBe(2);
  });

  it('names a wrong password in health while the other connections go on', async () => {
    await using server = await startAsyncuaServer({
      policies: ['Basic256Sha256/SignAndEncrypt'],
      anonymous: false,
      users: { operator: 'right' },
      counters,
    });
    await using other = await startAsyncuaServer({ policies: ['Basic256Sha256/SignAndEncrypt'], counters });
    await using rig = await startGatewayRig([
      serverOf('good', other.endpoint, [counter], encrypted),
      serverOf('wrong', server.endpoint, [counter], {
        ...encrypted,
        ...channelOnly,
        username: 'operator',
        password: 'Sommer-2026',
      }),
    ]);
    const problem = await eventually('the refusal', () => rig.problem('ENDPOINT_REFUSED'));
    expect(problem.message).toContain('operator');
    const before = rig.of('count', 'good').length;
    await eventually('data of the other connection', () => rig.of('count', 'good').length > before + 5);
    expect(rig.of('count', 'wrong')).toEqual([]);
    expect(JSON.stringify([rig.events, rig.gateway.health()])).not.toContain('Sommer-2026');
  });

  it.runIf(signsInByCertificate)('signs in with an X.509 certificate', async () => {
    await using server = await startAsyncuaServer({
      policies: ['Basic256Sha256/SignAndEncrypt'],
      anonymous: false,
      certificateUsers: ['operator'],
      counters,
    });
    const files = server.userFiles['operator'];
    const identity = { userCertificate: files?.certificate ?? '', userPrivateKey: files?.privateKey ?? '' };
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [counter], { ...encrypted, ...identity }),
    ]);
    await eventually(
      `data; problems: ${JSON.stringify(rig.gateway.health().problems)}`,
      () => rig.of('count').length > 0,
    );
    expect(await server.sessions()).toBe(1);
  });

  it('is told by a server without anonymous access what to configure', async () => {
    await using server = await startAsyncuaServer({
      policies: ['Basic256Sha256/SignAndEncrypt'],
      anonymous: false,
      users: { operator: 'right' },
    });
    await using rig = await startGatewayRig([serverOf('plc', server.endpoint, [counter], encrypted)]);
    const problem = await eventually('the refusal', () => rig.problem('ENDPOINT_REFUSED'));
    expect(problem.message).toContain('username');
  });
});
