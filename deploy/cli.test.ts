import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandFile } from './product.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-cli-'));
  await writeFile(join(folder, 'plant.yaml'), 'plant: {enterprise: acme, site: pudong}\nbroker: {port: 0}\n');
  await writeFile(join(folder, 'broken.yaml'), 'plant:\n  enterprise: acme\n  site: pudong\nbroker:\n  prot: 1883\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const launch = (...args: string[]) => spawn(process.execPath, [commandFile(), ...args], { cwd: folder });

async function run(...args: string[]) {
  const child = launch(...args);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('joulegate', () => {
  it('prints its help with an example and exits 0', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Example:'), stderr: '' });
  });

  it.each([
    'up',
    'gateway',
    'broker',
    'scoring',
    'simulate',
    'replay',
    'check',
    'doctor',
    'browse',
    'discover',
    'import',
    'export',
  ])('prints the help of %s with an example and exits 0', async (command) => {
    const { code, stdout } = await run(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`Example:\n  joulegate ${command}`);
  });

  it.each([
    { args: ['chek'], says: "unknown command 'chek' (Did you mean check?)" },
    { args: ['up', '--prot', '1'], says: "unknown option '--prot'" },
    { args: ['up', '--port', '70000'], says: 'a port is a number from 0 to 65535' },
    { args: ['up'], says: 'say what to start' },
    { args: ['gateway'], says: "required option '--config <plant.yaml>'" },
    { args: ['check'], says: 'name the file to check' },
    { args: ['check', 'nowhere.yaml'], says: 'nowhere.yaml cannot be read' },
    { args: ['check', 'broken.yaml'], says: 'broken.yaml:5 broker.prot: is not a known key; did you mean port?' },
    { args: ['broker', '--config', 'broken.yaml'], says: 'broken.yaml:5 broker.prot' },
    { args: ['up', '--config', 'broken.yaml'], says: 'broken.yaml:5 broker.prot' },
    { args: ['scoring', '--config', 'plant.yaml'], says: 'plant.yaml has no section scoring' },
    { args: ['broker', '--config', 'plant.yaml', '--data', 'plant.yaml/x'], says: 'cannot be used' },
    { args: ['up', '--config', 'plant.yaml', '--data', 'plant.yaml/x'], says: 'cannot be used' },
    { args: ['up', '--config', 'plant.yaml', '--store', 'influxdb'], says: 'needs --influx-url' },
  ])('says one line and exits 2: joulegate $args', async ({ args, says }) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(/^joulegate: [^\n]+\n$/);
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('names a busy port in one line and exits 2', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run('up', '--config', 'plant.yaml', '--data', 'busy', '--mqtt-port', String(port));
    expect(stderr).toMatch(
      new RegExp(`^joulegate: port ${port} on 127.0.0.1 for the MQTT broker is in use.*--mqtt-port\n$`),
    );
    expect(code).toBe(2);
    server.close();
  });

  it('prints a stack only with --debug', async () => {
    expect((await run('check', 'broken.yaml', '--debug')).stderr).toContain('    at ');
  });
});

describe('joulegate check', () => {
  it('prints OK with counts', async () => {
    expect(await run('check', 'plant.yaml')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^OK plant\.yaml: 0 servers/),
    });
  });

  it('prints errors for machines', async () => {
    const { code, stdout } = await run('check', 'broken.yaml', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, errors: [{ line: 5, key: 'broker.prot' }] });
  });

  it('prints the JSON Schema', async () => {
    const { code, stdout } = await run('check', '--print-schema');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', properties: { gateway: { type: 'object' } } });
  });
});

describe('joulegate doctor', () => {
  it('looks without making the data folder', async () => {
    const { code, stdout } = await run('doctor', '--json', '--data', 'not-yet', '--config', 'plant.yaml');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    await expect(stat(join(folder, 'not-yet'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a service', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'says where it is in one line of JSON and ends with 0 at %s',
    async (signal) => {
      const child = launch('broker', '--config', 'plant.yaml', '--data', 'data', '--json', '--log-level', 'warn');
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      expect(JSON.parse(line)).toEqual({
        service: 'broker',
        url: expect.stringMatching(/^mqtt:/),
        port: expect.any(Number),
      });
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([0, null]);
      const kept = JSON.parse(await readFile(join(folder, 'data/credentials/viewer.json'), 'utf8')) as object;
      expect(kept).toMatchObject({ username: 'viewer' });
    },
  );
});

describe('joulegate up', () => {
  it('starts what the file has, prints one line of JSON and stops everything at SIGINT', async () => {
    const child = launch('up', '--config', 'plant.yaml', '--data', 'up', '--json');
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(JSON.parse(line)).toEqual({
      url: null,
      token: expect.any(String),
      mqtt: expect.stringMatching(/^mqtt:\/\/viewer:[^@]+@127\.0\.0\.1:\d+$/),
      opcua: null,
      dataDir: expect.stringContaining('up'),
    });
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
