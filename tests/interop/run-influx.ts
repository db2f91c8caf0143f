import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const usage = `Runs the store contract against a real InfluxDB 1.x, 2.x or 3.
  npm run test:influx -- --url http://influx:8086 [--token T [--org O]] [--username U --password P]
                         [--database joulegate-contract] [--no-deletes]
Every test writes under a site of its own; the database stays and may be dropped afterwards.
--no-deletes: leave out deletion by window size, which InfluxDB 3 does not have.`;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    org: { type: 'string' },
    username: { type: 'string' },
    password: { type: 'string' },
    database: { type: 'string', default: 'joulegate-contract' },
    'no-deletes': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.url === undefined) {
  (values.help ? process.stdout : process.stderr).write(`${usage}\n`);
  process.exitCode = values.help ? 0 : 2;
} else {
  const { 'no-deletes': noDeletes, help: _, ...server } = values;
  const run = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'scoring/store/influx/influx-series.test.ts'],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        JOULEGATE_TEST_INFLUX: JSON.stringify({ ...server, queueMegabytes: 64 }),
        JOULEGATE_TEST_INFLUX_DELETES: noDeletes ? 'no' : 'yes',
      },
    },
  );
  process.exitCode = run.status ?? 1;
}
