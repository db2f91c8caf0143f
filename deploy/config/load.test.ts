import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JoulegateError } from '../../broker/contract/error.ts';
import { loadPlantConfig, readPrincipals } from './load.ts';
import { plantJsonSchema } from './schema.ts';
import { writeEffectiveConfig } from '../effective-config.ts';

const casesFolder = join(import.meta.dirname, 'cases');
const env = { INFLUX_TOKEN: ' influx-token \n', BROKER_HOST: 'broker.example' };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function loadCase(name: string): Promise<{ expected: unknown; actual: unknown }> {
  const at = join(casesFolder, name);
  const files = await readdir(at);
  const isError = files.includes('error.txt');
  const expected = await readFile(join(at, isError ? 'error.txt' : 'expected.json'), 'utf8');
  const warnings: string[] = [];
  try {
    const config = await loadPlantConfig(join(at, 'plant.yaml'), { env, onWarning: (text) => warnings.push(text) });
    return { expected: JSON.parse(expected), actual: { config, warnings: warnings.map(short) } };
  } catch (error) {
    if (!(error instanceof JoulegateError)) throw error;
    return { expected, actual: `${error.code}\n${short(error.message)}\n` };
  }
  function short(text: string): string {
    return text.replaceAll(`${at}/`, '');
  }
}

async function written(text: string): Promise<string> {
  const file = join(folder, `${crypto.randomUUID()}.yaml`);
  await writeFile(file, text);
  return file;
}

const failure = (file: string): Promise<unknown> =>
  loadPlantConfig(file, { env: {} }).then(
    () => 'loaded',
    (error: unknown) => error,
  );

describe('every case folder gives its expected answer', async () => {
  it.each(await readdir(casesFolder))('%s', async (name) => {
    const { expected, actual } = await loadCase(name);
    expect(actual).toEqual(expected);
  });
});

describe('a plant.yaml of hostile size or shape', () => {
  it('is refused beyond 8 MiB without being parsed', async () => {
    const file = await written(`# ${'x'.repeat(10 * 1024 * 1024)}\n`);
    expect(await failure(file)).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('10.0 MiB') });
  });

  it('is refused when it nests 200 000 brackets', async () => {
    expect(await failure(await written('['.repeat(200_000)))).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is refused when it is no UTF-8 text', async () => {
    const file = join(folder, 'latin.yaml');
    await writeFile(file, Buffer.from([0x70, 0xff, 0xfe, 0x00]));
    expect(await failure(file)).toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });

  it('is named with the remedy when it is missing', async () => {
    expect(await failure(join(folder, 'none.yaml'))).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      message: expect.stringContaining('none.yaml cannot be read'),
    });
  });
});

describe('a service that reads its own section only', () => {
  it('does not need the secrets of the others, nor that they are right', async () => {
    const file = await written(
      'plant: {enterprise: a, site: b}\nbroker: {port: 1884}\nscoring: {influx: {url: "http://x", token: "${UNSET}"}}\ngateway: {servers: 7, publisherId: edge-7}\n',
    );
    const config = await loadPlantConfig(file, { env: {}, sections: ['broker'] });
    expect(config).toMatchObject({ broker: { port: 1884 } });
    expect(config).not.toHaveProperty('scoring');
    expect(await readPrincipals(file)).toEqual({ gateway: 'edge-7', scoring: 'scoring' });
  });

  it('never shows a secret in a message', async () => {
    const file = await written('plant: {enterprise: a, site: b}\nscoring: {mqtt: {password: [hunter2]}}\n');
    const error = await failure(file);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('the published JSON Schema', () => {
  it('asks only for what has no default', () => {
    expect(plantJsonSchema()).toMatchObject({
      required: ['plant'],
      properties: { plant: { required: ['enterprise', 'site'] }, gateway: { required: ['servers'] } },
    });
  });
});

describe('the effective configuration of joulegate up', () => {
  it('takes real ports, keeps comments and references and makes file: references absolute', async () => {
    const file = await written(
      'plant: {enterprise: a, site: b}\nbroker: {port: 0} # any\nscoring:\n  mqtt: {username: u, password: file:secret}\n',
    );
    const target = join(folder, 'effective.yaml');
    await writeEffectiveConfig(file, target, { mqttPort: 4711, mqttUrl: 'mqtt://127.0.0.1:4711', apiPort: 4712 });
    const text = await readFile(target, 'utf8');
    expect(text).toContain('# any');
    expect(text).toContain(`file:${folder}/secret`);
    await writeFile(join(folder, 'secret'), 'pw');
    expect(await loadPlantConfig(target, { env: {} })).toMatchObject({
      broker: { port: 4711 },
      scoring: { mqtt: { url: 'mqtt://127.0.0.1:4711', password: 'pw' }, api: { port: 4712 } },
    });
  });

  it('leaves the address of a foreign broker alone', async () => {
    const file = await written(
      'plant: {enterprise: a, site: b}\nbroker: {}\nscoring: {mqtt: {url: "mqtts://other:8883"}}\n',
    );
    const target = join(folder, 'foreign.yaml');
    await writeEffectiveConfig(file, target, { mqttPort: 4711, mqttUrl: 'mqtt://127.0.0.1:4711' });
    expect(await loadPlantConfig(target, { env: {} })).toMatchObject({
      scoring: { mqtt: { url: 'mqtts://other:8883' } },
    });
  });
});
