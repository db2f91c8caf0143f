/**
 * `npm run test:faults [-- --quick] [--only NAME,…]`: both fault tables, one after the other. Without --only everything;
 * names of either table choose. --quick shortens the long outages of the end-to-end table.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const tables = ['gateway-faults.ts', 'end-to-end-faults.ts'] as const;
const wanted = values.only?.split(',') ?? null;
let failed = false;
let found = false;
for (const table of tables) {
  const script = fileURLToPath(new URL(table, import.meta.url));
  const source = readFileSync(script, 'utf8');
  const names = wanted?.filter(
    (name) =>
      source.includes(`'${name}': `) ||
      source.includes(`  ${name}: `) ||
      (table === 'end-to-end-faults.ts' && name === 'power-loss'),
  );
  if (names?.length === 0) continue;
  found = true;
  const options = [
    ...(names === undefined ? [] : ['--only', names.join(',')]),
    ...(values.quick && table === 'end-to-end-faults.ts' ? ['--quick'] : []),
  ];
  console.log(`\n${table}`);
  failed = spawnSync(process.execPath, [script, ...options], { stdio: 'inherit' }).status !== 0 || failed;
}
if (!found) console.error(`no table has a scenario ${values.only ?? ''}`);
process.exit(failed || !found ? 1 : 0);
