import { spawnSync } from 'node:child_process';
import type { LaunchOptions } from 'playwright-core';

/** Whether a program is on the PATH; says how to install it when it is not, so that a skipped test explains itself. */
export function hasProgram(name: string, debianPackage: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  if (!found) console.warn(`skipped: ${name} is not installed; apt-get install ${debianPackage}`);
  return found;
}

/** Chromium of Debian, headless, without any request to the outside. */
export const chromiumLaunch: LaunchOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
