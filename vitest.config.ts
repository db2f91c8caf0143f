import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{gateway,broker,scoring,seeds,deploy,tests}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'tests/slow/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
