import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gatewayRuntime } from './gateway-runtime.ts';

const fileOf = (...path: readonly string[]) => readFile(join(import.meta.dirname, ...path), 'utf8');

describe('how the gateway is started', () => {
  it('gives speed for memory only where that is asked for', () => {
    expect(gatewayRuntime({}).flags).not.toContain('--optimize-for-size');
    expect(gatewayRuntime({ JOULEGATE_MEMORY: 'small' }).flags).toContain('--optimize-for-size');
  });

  it('is the same under the supervisor, systemd and compose', async () => {
    const { flags, env } = gatewayRuntime({});
    const unit = await fileOf('systemd', 'joulegate-gateway.service');
    const compose = await fileOf('container', 'compose.yaml');
    for (const text of [unit, compose]) {
      for (const flag of flags) expect(text).toContain(flag);
      expect(text).toMatch(new RegExp(`MALLOC_ARENA_MAX(=|: ")${env['MALLOC_ARENA_MAX']}`));
    }
  });
});
