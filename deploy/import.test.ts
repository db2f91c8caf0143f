import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataType, Variant } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer, TEST_NAMESPACE, type TestServer } from '../tests/support/opcua-test-server.ts';
import { loadPlantConfig } from './config/load.ts';
import { commandFile } from './product.ts';

let folder = '';
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-import-'));
  server = await openTestServer({
    build: (namespace) => {
      namespace.addVariable({
        organizedBy: namespace.addressSpace.rootFolder.objects,
        browseName: 'Energy',
        nodeId: 's=Energy',
        dataType: DataType.Double,
        value: new Variant({ dataType: DataType.Double, value: 12.5 }),
      });
    },
  });
  const nodes = [{ Id: `ns=${server.namespace.index};s=Energy`, DisplayName: 'Energy kWh', OpcSamplingInterval: 500 }];
  const entry = {
    EndpointUrl: server.endpoint,
    DataSetWriterGroup: 'Line1',
    DataSetWriterId: 'press',
    OpcNodes: nodes,
  };
  await writeFile(join(folder, 'pn.json'), JSON.stringify([entry]));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(...args: string[]) {
  const child = spawn(process.execPath, [commandFile(), ...args], { cwd: folder });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('joulegate import and export', () => {
  it('reports node ids by index without a server, in a file that check accepts all the same', async () => {
    const { code, stderr } = await run('import', 'published-nodes', 'pn.json', '-o', 'alone.yaml');
    expect(code).toBe(0);
    expect(stderr).toContain('IMPORTANT [0].OpcNodes[0]: names its namespace by index');
    expect(stderr).toContain('0 tags, 1 more as comments');
    expect(await readFile(join(folder, 'alone.yaml'), 'utf8')).toContain('# - path: Line1/press');
    expect(await run('check', 'alone.yaml')).toMatchObject({ code: 0 });
  });

  it('resolves them with --connect, and check --connect then reads the node', async () => {
    const { code, stderr } = await run('import', 'published-nodes', 'pn.json', '--connect', '-o', 'plant.yaml');
    expect(stderr).toContain('1 tags, 0 more as comments');
    expect(code).toBe(0);
    const { gateway } = await loadPlantConfig(join(folder, 'plant.yaml'), { env: {} });
    expect(gateway?.servers[0]?.equipment).toEqual([
      {
        path: 'Line1/press',
        tags: [
          {
            name: 'Energy kWh',
            role: 'energy-counter',
            unit: 'kW.h',
            carrier: 'electricity',
            nodeId: `nsu=${TEST_NAMESPACE};s=Energy`,
            samplingInterval: '500ms',
          },
        ],
      },
    ]);
    expect(await run('check', 'plant.yaml', '--connect')).toMatchObject({ code: 0 });
  });

  it('writes a published-nodes file that comes back as the same tags', async () => {
    const exported = await run('export', 'published-nodes', 'plant.yaml', '-o', 'back.json');
    expect(exported.code).toBe(0);
    expect(exported.stderr).toContain('roles, units, carriers');
    expect(JSON.parse(await readFile(join(folder, 'back.json'), 'utf8'))).toEqual([
      {
        EndpointUrl: server.endpoint,
        EndpointSecurityMode: 'None',
        OpcAuthenticationMode: 'Anonymous',
        DataSetWriterGroup: expect.stringMatching(/^127\.0\.0\.1-\d+$/),
        DataSetWriterId: 'Line1/press',
        DataSetPublishingInterval: 1000,
        OpcNodes: [{ Id: `nsu=${TEST_NAMESPACE};s=Energy`, DisplayName: 'Energy kWh', OpcSamplingInterval: 500 }],
      },
    ]);
    expect(await run('import', 'published-nodes', 'back.json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`nsu=${TEST_NAMESPACE};s=Energy`),
    });
  });

  it('says in the report that a server could not be asked, and goes on', async () => {
    await writeFile(
      join(folder, 'away.json'),
      '[{"EndpointUrl":"opc.tcp://127.0.0.1:1","OpcNodes":[{"Id":"ns=2;s=a"},{"Id":"nsu=u;s=b"}]}]',
    );
    const { code, stderr } = await run('import', 'published-nodes', 'away.json', '--connect');
    expect(code).toBe(0);
    expect(stderr).toContain('IMPORTANT opc.tcp://127.0.0.1:1: node ids by index are not resolved');
    expect(stderr).toContain('1 tags, 1 more as comments');
  });

  it.each([
    { args: ['published-nodes', 'nowhere.json'], says: 'nowhere.json cannot be read' },
    { args: ['telegraf', 'pn.json'], says: 'no TOML' },
    { args: ['csv', 'pn.json', '--endpoint', 'http://x'], says: 'is no endpoint' },
  ])('says one line and exits 2: import $args', async ({ args, says }) => {
    const { code, stderr } = await run('import', ...args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
});
