import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  AddNodesRequest,
  CallRequest,
  DeleteNodesRequest,
  HistoryUpdateRequest,
  MessageSecurityMode,
  OPCUAClient,
  QueryFirstRequest,
  ReadRequest,
  WriteRequest,
  type ClientSession,
} from 'node-opcua';
import * as library from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRequestTap, type RequestTap } from '../../../tests/support/request-tap.ts';
import { startSecuredServer, TEST_NAMESPACE, type SecuredServer } from '../../../tests/support/secured-server.ts';
import type { Logger } from '../../../broker/contract/deps.ts';
import { startGateway } from '../../main.ts';
import { openSession } from '../open-session.ts';
import type { WorkerEvent } from '../protocol.ts';
import { allowedMethods, allowedRequests, encodingOf, refusalOf } from './allowed-requests.ts';
import { guardClient } from './channel-guard.ts';

let folder = '';
let server: SecuredServer;
let tap: RequestTap;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-guard-'));
  server = await startSecuredServer({ folder: join(folder, 'server') });
  tap = await startRequestTap(server.port);
});
afterAll(async () => {
  await tap[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const target = () => ({
  server: {
    name: 'plc',
    endpoint: `opc.tcp://127.0.0.1:${tap.port}`,
    securityMode: 'None',
    securityPolicy: 'None',
    trustServerCertificate: 'pinned',
  } as const,
  pkiDir: join(folder, 'pki'),
  applicationUri: 'urn:joulegate:gateway:guard',
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long: ${what}`);
    await wait(20);
  }
}

type Send = { performMessageTransaction(request: unknown): Promise<unknown> };
const write = new WriteRequest({ nodesToWrite: [{ nodeId: 'i=2258', attributeId: 13 }] });
const changing: readonly (readonly [string, object])[] = [
  ['Write', write],
  ['Call of a foreign method', new CallRequest({ methodsToCall: [{ objectId: 'i=2253', methodId: 'i=12871' }] })],
  ['Call of no method', new CallRequest({ methodsToCall: [] })],
  [
    'Call of a method that only has the number of an allowed one',
    new CallRequest({
      methodsToCall: [
        { objectId: 'i=2253', methodId: 'i=11492' },
        { objectId: 'i=2253', methodId: 'ns=1;i=11492' },
      ],
    }),
  ],
  ['HistoryUpdate', new HistoryUpdateRequest({})],
  ['AddNodes', new AddNodesRequest({})],
  ['DeleteNodes', new DeleteNodesRequest({})],
  ['QueryFirst', new QueryFirstRequest({})],
];

describe('the list of reading services', () => {
  it.each([...allowedRequests])('has the encoding id %i for %s as the library encodes it', (id, name) => {
    const requests = library as unknown as Record<string, new (options: object) => unknown>;
    const Request = requests[`${name}Request`] ?? Object;
    expect(encodingOf(new Request({}))).toBe(id);
  });

  it.each([...allowedMethods.keys()])('lets method i=%i be called, and discovery does not need it', (id) => {
    const request = new CallRequest({ methodsToCall: [{ objectId: 'i=2253', methodId: `i=${id}` }] });
    expect(refusalOf(request, 'session')).toBeNull();
    expect(refusalOf(request, 'discovery')).not.toBeNull();
  });

  it('refuses reading during discovery', () => {
    expect(refusalOf(new ReadRequest({}), 'discovery')).toContain('ReadRequest');
  });
});

describe('the channel guard', () => {
  it.each(changing)('sends no %s', async (_name, request) => {
    const events: WorkerEvent[] = [];
    const before = new Map(tap.requests);
    await using opened = await openSession(target(), (event) => events.push(event));
    const sent = (opened.session as unknown as Send).performMessageTransaction(request);
    await expect(sent).rejects.toThrow('the gateway only reads');
    expect(events.at(-1)).toMatchObject({ kind: 'write-blocked', severity: 'critical' });
    expect((await opened.session.read({ nodeId: 'i=2258', attributeId: 13 })).statusCode.name).toBe('Good');
    const id = encodingOf(request);
    expect(tap.requests.get(id)).toBe(before.get(id));
  });

  it('holds for what is sent past the session, straight into the channel', async () => {
    const events: WorkerEvent[] = [];
    await using opened = await openSession(target(), (event) => events.push(event));
    const { _secureChannel: channel } = opened.client as unknown as { _secureChannel: object };
    const send = (): void => {
      Object.getPrototypeOf(channel).performMessageTransaction.call(channel, write, () => undefined);
    };
    expect(send).toThrow('the gateway only reads');
    expect(tap.requests.get(encodingOf(write))).toBeUndefined();
  });

  it('holds after the library has reconnected by itself', async () => {
    const events: WorkerEvent[] = [];
    const client = OPCUAClient.create({
      securityMode: MessageSecurityMode.None,
      endpointMustExist: false,
      connectionStrategy: { maxRetry: -1, initialDelay: 50, maxDelay: 100 },
      clientCertificateManager: server.certificateManager,
      keepSessionAlive: true,
    });
    await using first = await openSession(target(), () => undefined);
    guardClient({
      client,
      endpoint: 'the server',
      expected: { ...first.security, tolerateEndpointList: false, allowPlainToken: false },
      onEvent: (event) => events.push(event),
    });
    await client.connect(`opc.tcp://127.0.0.1:${tap.port}`);
    const session = await client.createSession();
    let channels = 0;
    client.on('secure_channel_created', () => (channels += 1));
    let restored = false;
    session.on('session_restored', () => (restored = true));
    tap.cut();
    await until(() => restored, 'session restored');
    expect(channels).toBeGreaterThan(0);
    await expect((session as unknown as Send).performMessageTransaction(write)).rejects.toThrow(
      'the gateway only reads',
    );
    expect(events.map(({ kind }) => kind)).toEqual(['write-blocked']);
    await session.close();
    await client.disconnect();
    expect(tap.requests.get(encodingOf(write))).toBeUndefined();
  });
});

describe('a whole run of the gateway against a server behind a tap', () => {
  it('lets only reading services leave the process, and no message stays undecoded', async () => {
    const { server } = target();
    const tag = (name: string, node: string) =>
      ({ name, nodeId: `nsu=${TEST_NAMESPACE};s=${node}`, role: 'power', unit: 'kW' }) as const;
    const tags = [tag('Power', 'Power'), tag('Gone', 'Gone')];
    const config = {
      plant: { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' },
      gateway: {
        publisherId: 'guarded',
        keepAliveInterval: '10s',
        mqtt: { url: 'mqtt://127.0.0.1:1', topicPrefix: 'opcua' },
        servers: [
          {
            ...server,
            samplingInterval: '50ms',
            publishingInterval: '100ms',
            equipment: [{ path: 'line-1/press-1', tags }],
          },
        ],
      },
    };
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    const gateway = await startGateway(config, { log: silent, now: Date.now, dataDir, version: '0.0.0' });
    await until(() => (tap.requests.get(PUBLISH) ?? 0) > 8, 'values to be published');
    await using opened = await openSession(target(), () => undefined);
    await browseAndRead(opened.session);
    await gateway[Symbol.asyncDispose]();
    const seen = [...tap.requests.keys()];
    // Call leaves only for a method that makes the server tell us more; the tests above hold the guard to that.
    expect(seen.filter((id) => !allowedRequests.has(id) && id !== METHOD_SERVICE)).toEqual([]);
    expect(seen.map((id) => allowedRequests.get(id))).toEqual(
      expect.arrayContaining(['CreateSession', 'ActivateSession', 'CreateMonitoredItems', 'Publish', 'Read', 'Browse']),
    );
    expect(tap.unreadable).toEqual([]);
  });
});

const PUBLISH = 826;
const METHOD_SERVICE = 712;
const ignore = (): void => undefined;
const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent };

async function browseAndRead(session: ClientSession): Promise<void> {
  const { references } = await session.browse('RootFolder');
  expect(references?.length).toBeGreaterThan(0);
  const value = await session.read({ nodeId: 'i=2255', attributeId: 13 });
  expect(value.statusCode.name).toBe('Good');
}

describe('the source of the gateway', () => {
  it('names no service that changes a server, and calls no method of a session that does', async () => {
    const words =
      /WriteRequest|CallRequest|CallMethodRequest|HistoryUpdate|AddNodes|DeleteNodes|AddReferences|DeleteReferences|\bsession\.(write|writeSingleNode|call|setMonitoringMode2)\b|\.(writeSingleNode|historyUpdate|addNodes|deleteNodes)\(/;
    const roots = [join(import.meta.dirname, '..', '..'), join(import.meta.dirname, '../../../dist/gateway')];
    const files: string[] = [];
    for (const root of roots) {
      const found = await readdir(root, { recursive: true }).catch(() => []);
      files.push(...found.filter((name) => /(?<!\.test)\.(ts|js)$/.test(name)).map((name) => join(root, name)));
    }
    expect(files.length).toBeGreaterThan(20);
    const guilty: string[] = [];
    for (const file of files) {
      const lines = (await readFile(file, 'utf8')).split('\n');
      // ConditionRefresh is the one method the gateway calls; its arguments stand a few lines above the call.
      const isRefresh = /[/\\]condition-refresh\.(ts|js)$/.test(file);
      const line = lines.find((text) => words.test(isRefresh ? text.replace('session.call(request)', '') : text));
      if (line !== undefined) guilty.push(`${file}: ${line.trim()}`);
    }
    expect(guilty).toEqual([]);
  });
});
