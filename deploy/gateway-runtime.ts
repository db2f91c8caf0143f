import type { ChildRuntime } from './supervisor.ts';

/**
 * How the gateway's Node is started: a nursery of 8 MB and two arenas of the C library instead of eight for each core. Where
 * JOULEGATE_MEMORY is `small`, the engine also gives speed for memory. The figures are in deploy/README.md.
 */
export function gatewayRuntime(env: Readonly<Record<string, string | undefined>>): ChildRuntime {
  const isSmall = env['JOULEGATE_MEMORY'] === 'small';
  return {
    flags: ['--max-semi-space-size=8', ...(isSmall ? ['--optimize-for-size'] : [])],
    env: { MALLOC_ARENA_MAX: '2' },
  };
}
