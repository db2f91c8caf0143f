#!/usr/bin/env node
// Plain JavaScript that any Node can read: finds Node 24 and the command line behind it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const neededMajor = 24;

function bundledNode() {
  for (let folder = here; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return null;
  }
}

function rerun(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel carries nothing; that it closes tells the child when this process is killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, JOULEGATE_RERUN: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('disconnect', () => child.connected && child.disconnect());
  child.on('error', (error) => fail(`${node} does not start: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function fail(message) {
  process.stderr.write(`joulegate: ${message}\n`);
  process.exit(2);
}

if (Number(process.versions.node.split('.')[0]) < neededMajor) {
  const node = process.env.JOULEGATE_RERUN === '1' ? null : bundledNode();
  if (node === null) {
    fail(
      `needs Node ${neededMajor} or later and runs on ${process.version}; install it, or run "npm ci", which brings it`,
    );
  } else {
    rerun(node);
  }
} else {
  const candidates = [join(here, 'cli.ts'), join(here, 'cli.js'), join(here, '..', 'dist', 'deploy', 'cli.js')];
  // Node strips types from the repository's own files, but from nothing below node_modules.
  const packaged = here.split(/[\\/]/).includes('node_modules');
  const file = candidates.find((path) => existsSync(path) && !(packaged && path.endsWith('.ts')));
  if (file === undefined) {
    fail(`${candidates[2]} is missing; run "npm run build"`);
  } else {
    const { main } = await import(pathToFileURL(file).href);
    await main(process.argv.slice(2));
  }
}
