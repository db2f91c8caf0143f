import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
  type AddressSpace,
  type Namespace,
  type OPCUAServerOptions,
} from 'node-opcua';
import { openSession, type OpenedSession } from '../../gateway/opcua/open-session.ts';

export const TEST_NAMESPACE = 'urn:joulegate:test-server';

export interface TestServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly addressSpace: AddressSpace;
  readonly namespace: Namespace;
  readonly engine: OPCUAServer['engine'];
  /** A session made the way the gateway makes one. */
  connect(): Promise<OpenedSession>;
}

/** A real OPC UA server on a free loopback port, without security, with whatever address space the test builds. */
export async function openTestServer(
  options: {
    readonly build?: (namespace: Namespace, addressSpace: AddressSpace) => void;
    readonly server?: Partial<OPCUAServerOptions>;
  } = {},
): Promise<TestServer> {
  setErrorLogger(() => undefined);
  setWarningLogger(() => undefined);
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-opcua-'));
  const manager = new OPCUACertificateManager({ rootFolder: join(folder, 'server-pki') });
  const port = await freePort();
  const server = new OPCUAServer({
    port,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    serverCertificateManager: manager,
    userCertificateManager: manager,
    serverInfo: { applicationUri: TEST_NAMESPACE },
    securityPolicies: [SecurityPolicy.None],
    securityModes: [MessageSecurityMode.None],
    ...options.server,
  });
  await server.initialize();
  await server.start();
  const { addressSpace } = server.engine;
  if (addressSpace === null) throw new Error('the test server has no address space');
  const namespace = addressSpace.registerNamespace(TEST_NAMESPACE);
  options.build?.(namespace, addressSpace);
  const endpoint = `opc.tcp://127.0.0.1:${port}`;
  return {
    endpoint,
    addressSpace,
    namespace,
    engine: server.engine,
    connect: () =>
      openSession(
        {
          server: {
            name: 'test',
            endpoint,
            securityMode: 'best',
            securityPolicy: 'best',
            trustServerCertificate: 'first-use',
          },
          pkiDir: join(folder, 'client-pki'),
          applicationUri: 'urn:joulegate:gateway:test',
        },
        () => undefined,
      ),
    [Symbol.asyncDispose]: async () => {
      await server.shutdown(0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
