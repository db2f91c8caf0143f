import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateManager, OPCUACertificateManager } from 'node-opcua';
import { openSession, type OpenedSession, type SessionTarget } from '../../gateway/opcua/open-session.ts';
import type { WorkerEvent } from '../../gateway/opcua/protocol.ts';

/** One gateway with its own data folder as `deploy` lays it out, and the events it raised. */
export type GatewaySide = {
  readonly dataDir: string;
  readonly pkiDir: string;
  readonly events: WorkerEvent[];
  readonly kinds: () => readonly string[];
  readonly target: (endpoint: string, settings?: Partial<SessionTarget['server']>) => SessionTarget;
  readonly open: (
    endpoint: string,
    settings?: Partial<SessionTarget['server']>,
    now?: () => number,
  ) => Promise<OpenedSession>;
};

/** A gateway below `folder`; nothing is made on disk before it first connects. */
export function gatewaySide(folder: string): GatewaySide {
  const pkiDir = join(folder, 'gateway', 'pki');
  const events: WorkerEvent[] = [];
  const target: GatewaySide['target'] = (endpoint, settings = {}) => ({
    server: {
      name: 'plc',
      endpoint,
      securityMode: 'best',
      securityPolicy: 'best',
      trustServerCertificate: 'first-use',
      ...settings,
    },
    pkiDir,
    applicationUri: 'urn:joulegate:gateway:test',
  });
  return {
    dataDir: folder,
    pkiDir,
    events,
    kinds: () => events.map(({ kind }) => kind),
    target,
    open: (endpoint, settings, now) => openSession(target(endpoint, settings), (event) => events.push(event), now),
  };
}

/** A folder for one test file that is removed at the end. */
export async function temporaryFolder(name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `joulegate-${name}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export type MadeCertificate = { readonly certificateFile: string; readonly privateKeyFile: string };

/** A self-signed certificate with its key below `folder`. */
export async function makeCertificate(
  folder: string,
  options: { readonly applicationUri: string; readonly from?: Date; readonly days?: number; readonly dns?: string[] },
): Promise<MadeCertificate> {
  const manager: CertificateManager = new OPCUACertificateManager({ rootFolder: folder, disableFileWatchers: true });
  await manager.initialize();
  const certificateFile = join(folder, 'own', 'certs', 'made.pem');
  await manager.createSelfSignedCertificate({
    applicationUri: options.applicationUri,
    dns: options.dns ?? ['localhost'],
    subject: '/CN=made for a test/O=Joulegate',
    startDate: options.from ?? new Date(Date.now() - 86_400_000),
    validity: options.days ?? 365,
    outputFile: certificateFile,
  });
  await manager.dispose();
  return { certificateFile, privateKeyFile: join(folder, 'own', 'private', 'private_key.pem') };
}
