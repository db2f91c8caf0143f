import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  Variant,
  coerceStatusCode,
  setErrorLogger,
  setWarningLogger,
  type AddressSpace,
  type Namespace,
  type UAObject,
  type UAVariable,
} from 'node-opcua';
import type { Logger } from '../../broker/contract/deps.ts';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { TagDescription } from '../../broker/contract/tag.ts';
import { engineeringUnit } from './engineering-unit.ts';

export type PlantDataType = 'Double' | 'Float' | 'UInt32' | 'Int32' | 'String';

/** A served variable. */
export interface PlantNode {
  /** Sets value, status code and source timestamp (epoch ms); a null value goes with a bad status. */
  set(value: number | string | null, at: number, statusCode: number): void;
  readonly variable: UAVariable;
}

/** An OPC UA server of machines below Objects, with string node ids `path.with.dots.Tag`. */
export interface PlantServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly addressSpace: AddressSpace;
  readonly namespace: Namespace;
  /** Folder objects of an equipment path, made as needed. */
  folder(path: string): UAObject;
  addTag(path: string, tag: TagDescription, dataType: PlantDataType): PlantNode;
  /** Monitored items clients have now. */
  readonly monitoredItems: number;
}

export type PlantServerOptions = {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly namespaceUri: string;
  readonly applicationName: string;
  /** Own certificate and trust lists are kept below. */
  readonly dataDir: string;
  /** Password by user name. Anonymous clients are let in too on a loopback host, or where no user is given. */
  readonly users?: ReadonlyMap<string, string>;
  readonly log: Logger;
};

const MAX_CONNECTIONS = 50;
const STOP_TIMEOUT_MS = 2000;

/**
 * Starts the server. Every value that is set reaches a monitored item with sampling interval 0 and a long enough queue.
 * @throws JoulegateError PORT_IN_USE.
 */
export async function openPlantServer(options: PlantServerOptions): Promise<PlantServer> {
  const { host, namespaceUri, applicationName, dataDir, users, log } = options;
  setErrorLogger((...words: unknown[]) => log.debug({ library: 'node-opcua' }, words.join(' ').slice(0, 500)));
  setWarningLogger((...words: unknown[]) => log.debug({ library: 'node-opcua' }, words.join(' ').slice(0, 500)));
  const rootFolder = join(dataDir, 'pki');
  await mkdir(rootFolder, { recursive: true, mode: 0o700 });
  const serverCertificateManager = new OPCUACertificateManager({
    rootFolder,
    automaticallyAcceptUnknownCertificate: true,
  });
  const server = new OPCUAServer({
    port: options.port === 0 ? await freePort(host) : options.port,
    host,
    hostname: host,
    serverCertificateManager,
    userCertificateManager: serverCertificateManager,
    serverInfo: {
      applicationUri: namespaceUri,
      applicationName: { text: applicationName },
      productUri: 'urn:joulegate:simulator',
    },
    buildInfo: { productName: applicationName, manufacturerName: 'Joulegate' },
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes256_Sha256_RsaPss],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    allowAnonymous: users === undefined || isLoopback(host),
    userManager: {
      isValidUser: (name: string, password: string) => isKnown(users, name, password),
    },
    maxConnectionsPerEndpoint: MAX_CONNECTIONS,
    // 0: exception-based reporting delivers every change instead of coalescing changes of a tenth of a second.
    serverCapabilities: { maxSessions: MAX_CONNECTIONS, minSupportedSampleRate: 0 },
  });
  try {
    await server.initialize();
    await server.start();
  } catch (error) {
    await server.shutdown(0).catch(() => undefined);
    const text = describeError(error);
    if (text.includes('EADDRINUSE')) {
      throw new JoulegateError(
        'PORT_IN_USE',
        `port ${options.port} on ${host} is taken; choose another OPC UA port or stop what listens there`,
        { cause: error },
      );
    }
    throw error;
  }
  const addressSpace = server.engine.addressSpace;
  if (addressSpace === null) throw new JoulegateError('INTERNAL', 'OPC UA server started without an address space');
  const namespace = addressSpace.registerNamespace(namespaceUri);
  const folders = new Map<string, UAObject>();
  const port = Number(new URL(server.getEndpointUrl().replace('opc.tcp', 'http')).port);

  const folder = (path: string): UAObject => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf('/');
    const parent = cut === -1 ? addressSpace.rootFolder.objects : folder(path.slice(0, cut));
    const made = namespace.addObject({
      organizedBy: parent,
      browseName: path.slice(cut + 1),
      nodeId: `s=${path.replaceAll('/', '.')}`,
      typeDefinition: 'BaseObjectType',
    });
    folders.set(path, made);
    return made;
  };

  let closed = false;
  return {
    endpoint: `opc.tcp://${host}:${port}`,
    port,
    addressSpace,
    namespace,
    folder,
    addTag: (path, tag, dataType) => addTag(namespace, folder(path), { path, tag, dataType }),
    get monitoredItems() {
      return countMonitoredItems(server);
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      await Promise.race([
        server
          .shutdown(0)
          .catch((error: unknown) => log.debug({ err: describeError(error) }, 'OPC UA server did not stop cleanly')),
        new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref()),
      ]);
    },
  };
}

function addTag(
  namespace: Namespace,
  parent: UAObject,
  { path, tag, dataType }: { readonly path: string; readonly tag: TagDescription; readonly dataType: PlantDataType },
): PlantNode {
  const common = {
    componentOf: parent,
    browseName: tag.name,
    nodeId: `s=${path.replaceAll('/', '.')}.${tag.name}`,
    dataType: DataType[dataType],
    minimumSamplingInterval: 0,
  };
  const [low, high] = tag.range ?? [0, tag.modulus ?? 1e12];
  const variable: UAVariable =
    dataType === 'String' || tag.unit === undefined
      ? namespace.addVariable(common)
      : namespace.addAnalogDataItem({
          ...common,
          engineeringUnitsRange: { low, high },
          engineeringUnits: engineeringUnit(tag.unit),
        });
  const type = DataType[dataType];
  // Set once, with a status of its own, so that a client that comes before the first value sees that there is none yet.
  variable.setValueFromSource(
    { dataType: type, value: dataType === 'String' ? '' : 0 },
    StatusCodes.BadWaitingForInitialData,
  );
  return {
    variable,
    set: (value, at, statusCode) => {
      const status = statusCode === 0 ? StatusCodes.Good : coerceStatusCode(statusCode);
      const empty = dataType === 'String' ? '' : 0;
      variable.setValueFromSource(new Variant({ dataType: type, value: value ?? empty }), status, new Date(at));
    },
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function isKnown(users: ReadonlyMap<string, string> | undefined, name: string, password: string): boolean {
  const expected = users?.get(name);
  if (expected === undefined) return false;
  const [given, wanted] = [password, expected].map((text) => createHash('sha256').update(text).digest());
  return given !== undefined && wanted !== undefined && timingSafeEqual(given, wanted);
}

function countMonitoredItems(server: OPCUAServer): number {
  let count = 0;
  for (const endpointSession of server.engine.getSessions()) {
    for (const subscription of endpointSession.publishEngine.subscriptions) count += subscription.monitoredItemCount;
  }
  return count;
}

/** node-opcua cannot tell which port it was given for 0, so one is chosen beforehand. */
async function freePort(host: string): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
