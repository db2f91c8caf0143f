import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { EnergyAnswer } from '../../scoring/api/schemas.ts';
import { startReplay } from '../../seeds/simulator/replay.ts';
import { eventually, recordingLog, startStack, temporaryFolder } from '../support/stack.ts';

const recorded = join(import.meta.dirname, '../../../shared/data/sme-manufacturing/sme_company_A_labelled_subset.csv');
const missing = !existsSync(recorded);
if (missing) {
  console.warn(
    `skipped: ${recorded} is not here. It is company_A_labelled_subset.csv of HumanCenteredTechnology/SME-Manufacturing-Dataset (commit 0d37af3); put it there to run this test.`,
  );
}

type Sum = { energyKwh: number; items: number };

/** Day totals straight from the file: mean kW × 5 min, and items, by machine and UTC day of the row. */
async function totalsOfFile(): Promise<Map<string, Sum>> {
  const totals = new Map<string, Sum>();
  for (const row of parse<Record<string, string>>(await readFile(recorded), { columns: true })) {
    for (const key of [`asset-${row['asset']}`, `asset-${row['asset']}/${(row['ts'] ?? '').slice(0, 10)}`]) {
      const sum = totals.get(key) ?? { energyKwh: 0, items: 0 };
      sum.energyKwh += (Number(row['power_avg']) * 5) / 60;
      sum.items += Number(row['items']);
      totals.set(key, sum);
    }
  }
  return totals;
}

describe.skipIf(missing)('a recorded factory replayed through OPC UA, MQTT, scoring, store and API', () => {
  it('gives the day and month totals of the file itself', { timeout: 150_000 }, async () => {
    await using folder = await temporaryFolder();
    await using replay = await startReplay({
      file: recorded,
      mapFile: join(import.meta.dirname, '../../seeds/maps/sme-manufacturing.yaml'),
      speed: 1_000_000,
      host: '127.0.0.1',
      port: 0,
      dataDir: join(folder.path, 'replay'),
      log: recordingLog(),
      now: Date.now,
    });
    const plantFile = join(folder.path, 'plant.yaml');
    await writeFile(plantFile, replay.plantYaml());
    await using stack = await startStack({ plantFile, dataDir: folder.path });
    const report = await replay.done;
    expect(report).toMatchObject({ rows: 14_492, badCells: [] });
    const expected = await totalsOfFile();
    const read = (asset: string): Promise<EnergyAnswer> =>
      stack.get<EnergyAnswer>(
        `energy?${new URLSearchParams({ path: `machining/line-a/${asset}`, window: '1d', from: '2022-08-30', to: '2022-09-23' }).toString()}`,
      );
    for (const asset of ['asset-0', 'asset-1', 'asset-2']) {
      const whole = expected.get(asset);
      const answer = await eventually(
        `all items of ${asset}`,
        async () => {
          const energy = await read(asset);
          return energy.totals.output === whole?.items ? energy : null;
        },
        30_000,
      );
      expect(answer.totals.output).toBe(whole?.items);
      expect(Math.abs((answer.totals.energyKwh ?? 0) / (whole?.energyKwh ?? 1) - 1)).toBeLessThan(0.001);
      for (const point of answer.points) {
        const day = expected.get(`${asset}/${point.start.slice(0, 10)}`) ?? { energyKwh: 0, items: 0 };
        expect(point.output ?? 0, `${asset} items of ${point.start}`).toBe(day.items);
        expect(Math.abs((point.energyKwh ?? 0) - day.energyKwh), `${asset} energy of ${point.start}`).toBeLessThan(
          Math.max(0.001 * day.energyKwh, 1e-6),
        );
      }
    }
    expect(stack.gateway.health().figures['serverLostTotal']).toBe(0);
  });
});
