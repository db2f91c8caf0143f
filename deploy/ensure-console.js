/* Builds the console when it is not there, e.g. after `npm ci --ignore-scripts`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

if (!existsSync(new URL('../dist/console/index.html', import.meta.url))) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build:console'], {
    stdio: 'inherit',
    cwd: new URL('..', import.meta.url),
  });
  process.exitCode = status ?? 1;
}
