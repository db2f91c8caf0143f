import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quietLog, settled } from '../../../tests/support/influx-under-test.ts';
import { hasProgram } from '../../../tests/support/programs.ts';
import { startVictoriaMetrics } from '../../../tests/support/victoria-metrics.ts';
import { batch, MINUTE_MS, PRESS, scoreOf, windowOf } from '../metric-store.contract.ts';
import { awkwardNames } from '../series.contract.ts';
import { openInfluxSink } from './influx-sink.ts';
import { decodeTag } from './line-batch.ts';

describe.skipIf(!hasProgram('victoria-metrics', 'victoria-metrics'))('VictoriaMetrics as a sink', () => {
  it('takes every figure under its name, tags and time', async () => {
    await using server = await startVictoriaMetrics();
    const folder = await mkdtemp(join(tmpdir(), 'joulegate-vm-sink-'));
    const section = { url: server.url, database: 'plant', queueMegabytes: 4 };
    const tags = { site: 'works', enterprise: 'acme' };
    const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 600 * MINUTE_MS;
    {
      const options = { file: join(folder, 'queue.db'), log: quietLog, now: Date.now, ...tags };
      await using sink = await openInfluxSink(section, options);
      const minutes = Array.from({ length: 300 }, (_, at) =>
        windowOf({ start: start + at * MINUTE_MS, energyKwh: at + 1 }),
      );
      const short = awkwardNames.filter((name) => name.length < 100);
      const named = short.map((path) => windowOf({ path, start, energyKwh: 7 }));
      await sink.write(batch({ windows: [...minutes, ...named], scores: [scoreOf({ at: start, score: 0.5 })] }));
      await settled(sink);
      expect(sink.status()).toMatchObject({ refused: 0, dropped: 0, error: null });
      const [energy] = await server.samples(`energy_energy_kwh{path="${PRESS}"}`);
      expect(energy?.metric).toMatchObject({ db: 'plant', site: 'works', level: 'equipment', window: '1m' });
      expect(energy?.values).toEqual(minutes.map(({ energyKwh }) => energyKwh));
      expect(energy?.timestamps).toEqual(minutes.map((row) => row.start));
      const others = (await server.samples(`energy_energy_kwh{path!="${PRESS}"}`)).map(({ metric }) =>
        decodeTag(metric['path'] ?? ''),
      );
      expect(others.toSorted()).toEqual(short.toSorted());
      expect((await server.samples('anomaly_score'))[0]?.values).toEqual([0.5]);
    }
    await rm(folder, { recursive: true });
  });
});
