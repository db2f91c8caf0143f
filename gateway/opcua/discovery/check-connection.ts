import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { AttributeIds, MessageSecurityMode } from 'node-opcua';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { SessionTarget } from '../open-session.ts';
import { openKnownServer, type KnownServer } from './browse-server.ts';
import { checkTags, type CheckedTag, type TagFinding } from './check-tags.ts';
import { readAttribute } from './node-details.ts';

/** One step on the way to values. `failed` ends the way; the steps behind it are missing. */
export type ConnectionStep = {
  readonly name: 'reachable' | 'endpoints' | 'security' | 'certificate' | 'sign-in' | 'limits' | 'clock' | 'tags';
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
};

export type ConnectionReport = {
  readonly server: string;
  readonly endpoint: string;
  readonly isOk: boolean;
  readonly steps: readonly ConnectionStep[];
  readonly findings: readonly TagFinding[];
};

const TCP_TIMEOUT_MS = 5000;
const SKEW_WARNING_MS = 1000;
const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 30;

/**
 * Goes the whole way to one server and reads every tag once. It never throws for what is wrong there: that is in the
 * report, with what to do.
 */
export async function checkConnection(
  target: SessionTarget,
  tags: readonly CheckedTag[],
  now: () => number,
): Promise<ConnectionReport> {
  const { name, endpoint } = target.server;
  const steps: ConnectionStep[] = [];
  const findings: TagFinding[] = [];
  const say = (step: ConnectionStep['name'], state: ConnectionStep['state'], text: string): void => {
    steps.push({ name: step, state, text });
  };
  try {
    say('reachable', 'ok', await reach(endpoint));
    await using server = await openKnownServer(target);
    await describeSession(server, target, { say, now });
    findings.push(...(await checkTags(server, tags)));
    const bad = findings.filter(({ kind }) => kind === 'bad').length;
    say('tags', bad === 0 ? 'ok' : 'failed', `${tags.length - bad} of ${tags.length} read`);
  } catch (error) {
    say(failedStep(error, steps), 'failed', describeError(error));
  }
  const isOk = findings.length === 0 && steps.every(({ state }) => state !== 'failed');
  return { server: name, endpoint, isOk, steps, findings };
}

type Say = (step: ConnectionStep['name'], state: ConnectionStep['state'], text: string) => void;

function failedStep(error: unknown, steps: readonly ConnectionStep[]): ConnectionStep['name'] {
  if (steps.length === 0) return 'reachable';
  if (steps.some(({ name }) => name === 'sign-in')) return 'tags';
  const code = error instanceof JoulegateError ? error.code : null;
  if (code === 'CERTIFICATE_UNTRUSTED') return 'certificate';
  if (code === 'ENDPOINT_UNREACHABLE') return 'endpoints';
  return 'sign-in';
}

async function reach(endpoint: string): Promise<string> {
  const url = new URL(endpoint);
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  const port = url.port === '' ? 4840 : Number(url.port);
  const { address } = await lookup(host).catch((error: unknown) => {
    throw new JoulegateError(
      'ENDPOINT_UNREACHABLE',
      `host name "${host}" is not known (${describeError(error)}); use the IP address, or add the name to DNS or /etc/hosts`,
    );
  });
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: TCP_TIMEOUT_MS }, () => {
      socket.destroy();
      resolve();
    });
    const fail = (reason: string) => (): void => {
      socket.destroy();
      reject(
        new JoulegateError(
          'ENDPOINT_UNREACHABLE',
          `TCP ${address}:${port}: ${reason}; check that the server runs, the port and the firewall`,
        ),
      );
    };
    socket.once('timeout', fail(`no answer within ${TCP_TIMEOUT_MS / 1000} s`));
    socket.once('error', (error) => fail(describeError(error))());
  });
  return host === address ? `TCP ${address}:${port}` : `${host} is ${address}, TCP port ${port}`;
}

async function describeSession(
  { opened, session, limits }: KnownServer,
  { server }: SessionTarget,
  { say, now }: { readonly say: Say; readonly now: () => number },
): Promise<void> {
  const endpoints = await opened.client.getEndpoints();
  const names = endpoints
    .slice(0, 50)
    .map(
      ({ securityMode, securityPolicyUri }) =>
        `${MessageSecurityMode[securityMode]}/${(securityPolicyUri ?? '').split('#')[1] ?? '?'}`,
    );
  say('endpoints', 'ok', `${endpoints.length}: ${[...new Set(names)].join(', ')}`);
  const { securityMode, securityPolicy, certificate } = opened.security;
  const isOpen = securityMode === MessageSecurityMode.None;
  say(
    'security',
    isOpen ? 'warning' : 'ok',
    isOpen
      ? 'None: everybody on the way can read and change the values; switch on SignAndEncrypt at the server'
      : `${MessageSecurityMode[securityMode]} with ${securityPolicy.split('#')[1] ?? securityPolicy}`,
  );
  say('certificate', ...certificateText(certificate, now()));
  say('sign-in', 'ok', server.username === undefined ? 'anonymous' : `as "${server.username}"`);
  const stated = Object.entries(limits).flatMap(([key, value]) =>
    typeof value === 'number' && value > 0 ? [`${key} ${value}`] : [],
  );
  say(
    'limits',
    'ok',
    `${stated.join(', ') || 'none stated'}${limits.vendor === null ? '' : `; with those of ${limits.vendor}`}`,
  );
  const before = now();
  const [clock] = await readAttribute(session, ['i=2258'], { attributeId: AttributeIds.Value, limits });
  const at = (before + now()) / 2;
  const time = clock?.value instanceof Date ? clock.value.getTime() : Number.NaN;
  const skewMs = Math.round(time - at);
  if (Number.isNaN(skewMs)) say('clock', 'warning', 'the server does not tell its time');
  else {
    const isOff = Math.abs(skewMs) > SKEW_WARNING_MS;
    const text = `the server is ${Math.abs(skewMs) / 1000} s ${skewMs < 0 ? 'behind' : 'ahead'}`;
    say('clock', isOff ? 'warning' : 'ok', isOff ? `${text}; synchronise it by NTP` : text);
  }
}

function certificateText(certificate: Buffer | null, now: number): [state: 'ok' | 'warning', text: string] {
  if (certificate === null) return ['warning', 'the server shows none'];
  try {
    const { subject, validTo, fingerprint256 } = new X509Certificate(certificate);
    const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
    const text = `${subject.replaceAll('\n', ', ')}, valid for ${days} more days, SHA-256 ${fingerprint256.replaceAll(':', '').toLowerCase()}`;
    return days < EXPIRY_WARNING_DAYS ? ['warning', `${text}; renew it at the server`] : ['ok', text];
  } catch (error) {
    return ['warning', `cannot be read: ${describeError(error)}`];
  }
}
