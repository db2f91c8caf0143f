import { defineConfig } from 'vitest/config';

/** `npm run test:slow`: hostile servers, servers that are not node-opcua, swapped namespaces, whatever waits for time-outs. */
export default defineConfig({
  test: {
    include: ['{gateway,broker,scoring,seeds,deploy,tests}/**/*.slow.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
