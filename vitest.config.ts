import { defineConfig } from 'vitest/config';

/** The fast suite, `npm test`. What waits for time-outs, restarts or foreign servers is named *.slow.test.ts. */
export default defineConfig({
  test: {
    include: ['{gateway,broker,scoring,seeds,deploy,tests}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', '**/*.slow.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
