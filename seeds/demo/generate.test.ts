import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { demoPlantYaml } from './generate.ts';

it('the committed plant.yaml of the demo is what the generator makes', async () => {
  expect(await readFile(new URL('./plant.yaml', import.meta.url), 'utf8')).toBe(demoPlantYaml());
});
