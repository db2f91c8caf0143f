import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlantConfig } from '../../../deploy/config/load.ts';
import { commandFile } from '../../../deploy/product.ts';
import { demoMachines, demoNodeId, ENERGY_METER, ENERGY_METER_TOTAL } from '../../../seeds/simulator/demo-plant.ts';
import { machineSpecs } from '../../../seeds/simulator/model/machine-spec.ts';

let folder = '';
let endpoint = '';
let simulator: ChildProcessWithoutNullStreams;
let discovered: Awaited<ReturnType<typeof run>>;

async function run(...args: string[]) {
  const child = spawn(process.execPath, [commandFile(), ...args], { cwd: folder });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-discover-'));
  simulator = spawn(
    process.execPath,
    [commandFile(), 'simulate', '--port', '0', '--faults', 'none', '--json', '--data', join(folder, 'sim')],
    { cwd: folder },
  );
  simulator.stderr.resume();
  for await (const line of createInterface({ input: simulator.stdout })) {
    const text = /opc\.tcp:\/\/[\d.]+:\d+/.exec(line)?.[0];
    if (text === undefined) continue;
    endpoint = text;
    break;
  }
  discovered = await run('discover', endpoint, '--name', 'demo', '--trust', 'first-use', '-o', 'plant.yaml');
}, 60_000);
afterAll(async () => {
  simulator.kill('SIGTERM');
  await once(simulator, 'exit');
  await rm(folder, { recursive: true, force: true });
});

const load = () => loadPlantConfig(join(folder, 'plant.yaml'), { env: {} });

describe('joulegate discover', () => {
  it('proposes a plant.yaml that check and check --connect accept', async () => {
    expect(discovered).toMatchObject({ code: 0, stdout: '' });
    expect(await run('check', 'plant.yaml')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^OK plant\.yaml/),
    });
    const { code, stdout } = await run('check', 'plant.yaml', '--connect', '--json');
    const { servers } = JSON.parse(stdout) as { servers: { steps: { name: string; state: string }[]; findings: [] }[] };
    expect(servers[0]?.findings).toEqual([]);
    expect(servers[0]?.steps.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(servers[0]?.steps.map(({ name }) => name)).toEqual([
      'reachable',
      'endpoints',
      'security',
      'certificate',
      'sign-in',
      'limits',
      'clock',
      'tags',
    ]);
    expect(code).toBe(0);
  });

  it('takes the OPC 34100 meters as they are, and each once', async () => {
    const { gateway } = await load();
    const equipment = gateway?.servers[0]?.equipment ?? [];
    const withMeter = machineSpecs.filter(({ meter }) => meter.ecm === true);
    expect(withMeter.length).toBeGreaterThan(0);
    for (const { path } of withMeter) {
      const tags = equipment.find((entry) => entry.path === path)?.tags ?? [];
      expect(tags.filter(({ role }) => role === 'energy-counter')).toEqual([
        {
          name: ENERGY_METER_TOTAL,
          role: 'energy-counter',
          unit: 'W.h',
          carrier: 'electricity',
          nodeId: demoNodeId(`${path}/${ENERGY_METER}`, ENERGY_METER_TOTAL),
        },
      ]);
      expect(tags.filter(({ role }) => role === 'power')).toMatchObject([{ name: 'AcActivePowerTotal', unit: 'W' }]);
    }
  });

  it('gives every machine of the plant the roles, units and carriers it has', async () => {
    const { gateway } = await load();
    const equipment = gateway?.servers[0]?.equipment ?? [];
    expect(equipment.map(({ path }) => path).sort()).toEqual(
      demoMachines.map((machine) => machine.equipment.path).sort(),
    );
    const proposed = demoMachines.map((machine) => {
      const tags = equipment.find(({ path }) => path === machine.equipment.path)?.tags ?? [];
      return machine.tags.map(({ tag: { name, role, carrier } }) =>
        tags.some((tag) => tag.role === role && (tag.name === name || tag.carrier === carrier)),
      );
    });
    expect(proposed.flat().every(Boolean)).toBe(true);
  });

  it('says behind each tag how sure it is and why', async () => {
    const text = await readFile(join(folder, 'plant.yaml'), 'utf8');
    expect(text).toContain(
      '# 99 %: MeasurementID 1002 = AcActiveEnergyTotalImportHp (OPC 34100); unit WHR (EUInformation)',
    );
    const tagLines = text.split('\n').filter((line) => line.includes('nodeId:'));
    expect(tagLines.every((line) => /\} {2}# \d+ %: /.test(line))).toBe(true);
  });

  it('shows what the server has beside a plant file, and what of the file is gone', async () => {
    const same = await run('discover', endpoint, '--name', 'demo', '--compare', 'plant.yaml');
    expect(same).toMatchObject({ code: 0, stdout: 'plant.yaml has what the server has\n' });
    const text = await readFile(join(folder, 'plant.yaml'), 'utf8');
    await writeFile(join(folder, 'older.yaml'), text.replace('press-2.GoodCount"', 'press-2.Parts"'));
    const { code, stdout } = await run('discover', endpoint, '--name', 'demo', '--compare', 'older.yaml');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^\+ body\/press-line\/press-2\/GoodCount nsu=\S+press-2\.GoodCount {2}\(output-counter, 90 %/,
      ),
      expect.stringMatching(/^- body\/press-line\/press-2\/GoodCount nsu=\S+press-2\.Parts$/),
    ]);
  });

  it('leaves an existing file alone', async () => {
    const { code, stderr } = await run('discover', endpoint, '--name', 'demo', '-o', 'plant.yaml');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('exists already') });
  });
});

describe('joulegate check --connect', () => {
  it('names a mistyped node with the closest one, a wrong unit, and exits 1', async () => {
    const text = await readFile(join(folder, 'plant.yaml'), 'utf8');
    const bad = text
      .replace('press-2.GoodCount"', 'press-2.GodCount"')
      .replace(/unit: kW\.h(.*press-2\.EnergyTotal)/, 'unit: MW.h$1');
    await writeFile(join(folder, 'bad.yaml'), bad);
    const { code, stdout } = await run('check', 'bad.yaml', '--connect');
    expect(code).toBe(1);
    expect(stdout).toContain('FAIL body/press-line/press-2/GoodCount');
    expect(stdout).toContain('press-2.GodCount: BadNodeIdUnknown');
    expect(stdout).toMatch(/near: nsu=urn:joulegate:demo-plant;s=body\.press-line\.press-2\.GoodCount/);
    expect(stdout).toContain('the server says kW.h (KWH), the plant file says MW.h');
    expect(stdout).toContain('NOT OK bad.yaml');
  });

  it('says what to do when nothing listens, and exits 1', async () => {
    const text = await readFile(join(folder, 'plant.yaml'), 'utf8');
    await writeFile(join(folder, 'away.yaml'), text.replaceAll(endpoint, 'opc.tcp://127.0.0.1:1'));
    const { code, stdout } = await run('check', 'away.yaml', '--connect');
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAIL reachable +TCP 127\.0\.0\.1:1: .*check that the server runs/);
  });
});

describe('joulegate browse', () => {
  it('prints a tree with values, units and node ids, and JSON', async () => {
    const { code, stdout } = await run(
      'browse',
      endpoint,
      '--name',
      'demo',
      '--path',
      'body/press-line/press-2',
      '--filter',
      '*Power*',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/Power +Double +[\d.]+ kW +nsu=urn:joulegate:demo-plant;s=body\.press-line\.press-2\.Power/);
    const json = await run('browse', endpoint, '--name', 'demo', '--filter', 'EnergyTotal', '--json');
    const { nodes } = JSON.parse(json.stdout) as { nodes: { nodeClass: string; unit?: string }[] };
    expect(nodes.filter(({ nodeClass }) => nodeClass === 'Variable').every(({ unit }) => unit === 'kW.h')).toBe(true);
  });

  it('refuses a server it does not know and says how to trust it', async () => {
    const { code, stderr } = await run('browse', endpoint, '--name', 'unknown', '--data', 'other');
    expect(code).toBe(1);
    expect(stderr).toContain('--trust first-use');
  });
});
