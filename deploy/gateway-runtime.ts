import type { ChildRuntime } from './supervisor.ts';

/**
 * How the gateway's Node is started: a nursery of 8 MB and two arenas of the C library instead of eight for each core. The same
 * stands in the systemd unit and in the compose file.
 */
export const gatewayRuntime: ChildRuntime = {
  flags: ['--max-semi-space-size=8'],
  env: { MALLOC_ARENA_MAX: '2' },
};
