import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openInfluxUnderTest } from '../../../tests/support/influx-under-test.ts';
import { influxMissing, startInfluxServer, type InfluxServer } from '../../../tests/support/influxdb.ts';
import type { InfluxSection } from '../../config.ts';
import { START } from '../metric-store.contract.ts';
import { seriesContract } from '../series.contract.ts';
import { InfluxSeries } from './influx-series.ts';

/** `npm run test:influx` names a server here; otherwise Debian's InfluxDB is started. */
const named = JSON.parse(process.env['JOULEGATE_TEST_INFLUX'] ?? 'null') as InfluxSection | null;
const missing = named === null ? influxMissing : null;
if (missing !== null) console.warn(`tests against a real InfluxDB are skipped: ${missing}`);

describe.skipIf(missing !== null)('InfluxSeries with a real server', () => {
  let server: InfluxServer | null = null;
  beforeAll(async () => {
    if (named === null) server = await startInfluxServer();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  const section = (): InfluxSection => named ?? { url: server?.url ?? '', database: 'plant "1"', queueMegabytes: 16 };

  seriesContract('InfluxDB', () => openInfluxUnderTest(section()), {
    deletes: process.env['JOULEGATE_TEST_INFLUX_DELETES'] !== 'no',
  });

  it('rejects with the words of the server, and when there is none', async () => {
    const tags = { site: 'works', enterprise: 'acme' };
    const query = { path: '', window: '1h', from: START, to: START + 1 } as const;
    await using away = new InfluxSeries({ ...section(), url: 'http://127.0.0.1:9' }, tags);
    await expect(away.readSeries(query)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('cannot be reached'),
    });
    await using series = new InfluxSeries(section(), tags);
    await expect(series.readSeries({ ...query, every: Number.NaN })).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
