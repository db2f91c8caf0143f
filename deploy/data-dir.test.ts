import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCredentials } from './credentials.ts';
import { apiToken, openDataDir, readCredentials, serviceDir, writeCredentials } from './data-dir.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('the data folder', () => {
  it('is created closed to other users, with its parents', async () => {
    const dataDir = await openDataDir(join(folder, 'a/b'));
    expect(await modeOf(dataDir.path)).toBe('700');
    expect(await modeOf(dataDir.at('credentials'))).toBe('700');
    expect(await modeOf(await serviceDir(dataDir, 'gateway'))).toBe('700');
  });

  it('is closed to other users when it was empty and open', async () => {
    await mkdir(join(folder, 'open'));
    await chmod(join(folder, 'open'), 0o755);
    expect(await modeOf((await openDataDir(join(folder, 'open'))).path)).toBe('700');
  });

  it('keeps the mode of a folder with other things in it', async () => {
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'letter.txt'), 'mine');
    await openDataDir(folder);
    expect(await modeOf(folder)).toBe('755');
  });

  it('is refused with a remedy where it cannot be', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(openDataDir(join(file, 'below'))).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringContaining('--data'),
    });
  });
});

describe('secrets in the data folder', () => {
  it('are files that only their owner can read', async () => {
    const dataDir = await openDataDir(folder);
    await writeCredentials(dataDir, { username: 'viewer', password: 'p' });
    await apiToken(dataDir);
    expect(await modeOf(dataDir.at('credentials', 'viewer.json'))).toBe('600');
    expect(await modeOf(dataDir.at('credentials', 'api-token'))).toBe('600');
    expect(await readCredentials(dataDir, 'viewer')).toEqual({ username: 'viewer', password: 'p' });
  });

  it('include an API token of 256 bit that stays the same', async () => {
    const dataDir = await openDataDir(folder);
    const token = await apiToken(dataDir);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(await apiToken(dataDir)).toBe(token);
    expect((await readFile(dataDir.at('credentials', 'api-token'), 'utf8')).trim()).toBe(token);
  });

  it('are taken for MQTT where the configuration names none', async () => {
    const dataDir = await openDataDir(folder);
    const mqtt = { url: 'mqtt://127.0.0.1', topicPrefix: 'opcua' };
    await expect(withCredentials(mqtt, 'gateway-1', dataDir)).rejects.toMatchObject({
      message: expect.stringContaining('"joulegate broker" writes it'),
    });
    await writeCredentials(dataDir, { username: 'gateway-1', password: 'kept' });
    expect(await withCredentials(mqtt, 'gateway-1', dataDir)).toMatchObject({
      username: 'gateway-1',
      password: 'kept',
    });
    const own = { ...mqtt, username: 'me', password: 'mine' };
    expect(await withCredentials(own, 'gateway-1', dataDir)).toEqual(own);
  });

  it('that are broken are named instead of used', async () => {
    const dataDir = await openDataDir(folder);
    await writeFile(dataDir.at('credentials', 'viewer.json'), '{"username":7}');
    await expect(readCredentials(dataDir, 'viewer')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
