import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
  type OPCUAServerOptions,
} from 'node-opcua';

export type SecuredServerOptions = {
  /** Certificate, key and trust lists of the server. */
  readonly folder: string;
  readonly port?: number;
  readonly policies?: readonly SecurityPolicy[];
  readonly modes?: readonly MessageSecurityMode[];
  readonly allowAnonymous?: boolean;
  /** Whether the server takes client certificates it does not know; default true. */
  readonly acceptAnyClient?: boolean;
  readonly more?: Partial<OPCUAServerOptions>;
};

export interface SecuredServer extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: string;
  readonly server: OPCUAServer;
  readonly certificateManager: OPCUACertificateManager;
}

export const TEST_NAMESPACE = 'urn:joulegate:test:plc';
export const allPolicies = [
  SecurityPolicy.None,
  SecurityPolicy.Basic128Rsa15,
  SecurityPolicy.Basic256,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];
const allModes = [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt];

/** A real OPC UA server on loopback with one changing variable and the user operator / let-me-in. */
export async function startSecuredServer(options: SecuredServerOptions): Promise<SecuredServer> {
  const { folder, policies = allPolicies, modes = allModes } = options;
  const manager = (name: string, accept: boolean) =>
    new OPCUACertificateManager({
      rootFolder: join(folder, name),
      automaticallyAcceptUnknownCertificate: accept,
      disableFileWatchers: true,
    });
  setWarningLogger(() => undefined);
  setErrorLogger(() => undefined);
  const certificateManager = manager('pki', options.acceptAnyClient ?? true);
  const port = options.port ?? (await freePort());
  const server = new OPCUAServer({
    port,
    host: '0.0.0.0',
    hostname: '127.0.0.1',
    serverCertificateManager: certificateManager,
    userCertificateManager: manager('users', true),
    serverInfo: { applicationUri: 'urn:joulegate:test:server', applicationName: { text: 'test server' } },
    securityPolicies: [...policies],
    securityModes: [...modes],
    allowAnonymous: options.allowAnonymous ?? true,
    userManager: { isValidUser: (name: string, password: string) => name === 'operator' && password === 'let-me-in' },
    ...options.more,
  });
  await server.initialize();
  const addressSpace = server.engine.addressSpace;
  const namespace = addressSpace?.registerNamespace(TEST_NAMESPACE);
  const variable = namespace?.addVariable({
    organizedBy: addressSpace?.rootFolder.objects ?? 'i=85',
    browseName: 'Power',
    nodeId: 's=Power',
    dataType: 'Double',
    minimumSamplingInterval: 0,
  });
  let value = 0;
  const timer = setInterval(() => variable?.setValueFromSource({ dataType: DataType.Double, value: (value += 1) }), 50);
  await server.start();
  return {
    port,
    endpoint: `opc.tcp://127.0.0.1:${port}`,
    server,
    certificateManager,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await server.shutdown(0).catch(() => undefined);
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '0.0.0.0');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
