import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { factorSetProblems } from '../scoring/energy/conversion.ts';
import { tariffProblems } from '../scoring/energy/tariff.ts';
import { temporaryFolder } from '../tests/support/stack.ts';
import { loadFactorSet, loadTariff } from './load-factors.ts';

const head = `id: own
series: own
quantity: kgce
source: bills
edition: "2026"
region: CN
validFrom: "2026-01-01"
`;

it.each([
  [
    'a factor without a source',
    `${head}validTo: null\nfactors:\n  - { carrier: steam, unit: t, basis: calorific, value: 128.6, source: bill }\n  - { carrier: air, unit: m3, basis: calorific, value: 0.04, source: " " }\n`,
    /factors\.yaml:11: factor set own: factors\[1\] \(air\) has no source/,
  ],
  [
    'a value that is no number',
    `${head}validTo: null\nfactors:\n  - carrier: steam\n    unit: t\n    basis: calorific\n    value: much\n    source: bill\n`,
    /factors\.yaml:13: factors\.0\.value must be number/,
  ],
  [
    'a validity that ends before it begins',
    `${head}validTo: "2025-12-31"\nfactors:\n  - { carrier: steam, unit: t, basis: calorific, value: 128.6, source: bill }\n`,
    /factors\.yaml:8: factor set own: validTo 2025-12-31 is before/,
  ],
])('a factor set with %s is refused with file and line', async (_, text, message) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'factors.yaml');
  await writeFile(file, text);
  await expect(loadFactorSet(file, factorSetProblems)).rejects.toThrow(message);
});

it('a tariff whose hours do not add up to 24 is refused with file and line', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'tariff.yaml');
  await writeFile(
    file,
    `id: own
source: decree
validFrom: "2026-01-01"
validTo: null
overlays: []
holidays: []
makeUpWorkdays: []
ratios:
  - { months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], ratio: { flat: 1 } }
seasons:
  - months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    spans:
      - { level: flat, from: "00:00", to: "18:00" }
`,
  );
  await expect(loadTariff({ file }, tariffProblems)).rejects.toThrow(
    /tariff\.yaml:11: tariff own: spans of seasons\[0\] cover 18 hours and leave gaps/,
  );
});
