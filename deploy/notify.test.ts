import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHookServer } from '../tests/support/hook-server.ts';
import { createProgram } from './cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joulegate-notify-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function joulegate(
  yaml: string,
  env: Record<string, string> = {},
): Promise<{ readonly out: string; readonly error: unknown }> {
  await writeFile(join(folder, 'plant.yaml'), `plant: { enterprise: acme, site: pudong }\nscoring:\n${yaml}\n`);
  let out = '';
  const program = createProgram({
    version: 'test',
    env,
    cwd: folder,
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => true },
    now: Date.now,
    process,
  });
  const error = await program.parseAsync(['notify', '--config', 'plant.yaml'], { from: 'user' }).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { out, error };
}

describe('joulegate notify', () => {
  it('tries every way with its secrets from environment and file, and shows none of them', async () => {
    await using server = await startHookServer(({ headers }) => ({
      status: headers['x-joulegate-signature'] === undefined ? 403 : 200,
    }));
    await writeFile(join(folder, 'secret'), 'S3CRET\n');
    const { out, error } = await joulegate(
      `  notifications:
    hooks: [{ id: signed, url: "\${HOOK_URL}", token: file:secret }, { id: bare, url: "\${HOOK_URL}" }]
    recipients: [{ name: lead, hooks: [signed, bare] }]`,
      { HOOK_URL: server.url },
    );
    expect(out).toContain('lead  json "signed"  accepted\n');
    expect(out).toContain('lead  json "bare"  json "bare" refuses messages: status 403');
    expect(error).toMatchObject({ code: 'NOTIFICATION_FAILED', message: '1 of 2 test messages were not accepted' });
    expect(out).not.toMatch(/S3CRET|KEY-IN-URL/);
  });

  it('needs somebody to tell', async () => {
    expect((await joulegate('  id: scoring')).error).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
