import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JoulegateError } from '../broker/contract/error.ts';

const packageFolder = (): string => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) {
      throw new JoulegateError('INTERNAL', 'no package.json above the joulegate command; install Joulegate again');
    }
  }
};

/** Absolute path of a file we ship, e.g. `seeds/demo/plant.yaml`, in the repository and in the built package. */
export function shippedFile(...parts: readonly string[]): string {
  return join(packageFolder(), ...parts);
}

/** The executable that child processes are started from. */
export function commandFile(): string {
  return shippedFile('deploy', 'joulegate.js');
}

/** Version of the package, e.g. 0.1.0. */
export function productVersion(): string {
  const { version } = JSON.parse(readFileSync(shippedFile('package.json'), 'utf8')) as { version: string };
  return version;
}

/** Folder of the built web console, or null when `npm run build:console` has not run. */
export function builtConsole(): string | null {
  const folder = shippedFile('dist', 'console');
  return existsSync(join(folder, 'index.html')) ? folder : null;
}
