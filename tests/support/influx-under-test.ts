import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../broker/contract/deps.ts';
import type { InfluxSection } from '../../scoring/config.ts';
import { InfluxSeries } from '../../scoring/store/influx/influx-series.ts';
import { openInfluxSink } from '../../scoring/store/influx/influx-sink.ts';
import { START } from '../../scoring/store/metric-store.contract.ts';
import type { MetricSink } from '../../scoring/store/metric-store.ts';
import type { SeriesUnderTest } from '../../scoring/store/series.contract.ts';

const SETTLE_MS = 20_000;

export const quietLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quietLog,
};

/** Waits until the queue of a sink is empty; throws what the sink complains of when it stays full. */
export async function settled(sink: MetricSink): Promise<void> {
  for (const deadline = Date.now() + SETTLE_MS; sink.status().queued > 0;) {
    if (Date.now() > deadline) throw new Error(`not sent: ${JSON.stringify(sink.status())}`);
    await delay(5);
  }
}

/** Sink and reader of one InfluxDB. A site of its own keeps each test apart from what the database already holds. */
export async function openInfluxUnderTest(section: InfluxSection): Promise<SeriesUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'joulegate-influx-'));
  const tags = { site: `works ${randomBytes(6).toString('hex')}`, enterprise: 'acme, "works"' };
  const sink = await openInfluxSink(section, {
    file: join(folder, 'queue.db'),
    log: quietLog,
    now: () => START,
    retryMs: { first: 20, longest: 200 },
    ...tags,
  });
  const series = new InfluxSeries(section, tags);
  return {
    series,
    write: async (batch) => {
      await sink.write(batch);
      await settled(sink);
    },
    [Symbol.asyncDispose]: async () => {
      await sink[Symbol.asyncDispose]();
      await series[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
