import type { Logger } from '../../../broker/contract/deps.ts';
import type { InfluxSection } from '../../config.ts';
import type { MetricSink } from '../metric-store.ts';
import { toLines, type SiteTags } from './line-batch.ts';
import { LineQueue } from './line-queue.ts';

const BLOCK_LINES = 5000;

/**
 * Puts lines into the queue of a data folder, from where the scoring service sends them, now or when it starts. For other
 * processes than the service. Rows that are no point are named in the log and left out.
 * @throws JoulegateError STORE_FAILED when the queue file cannot be opened.
 */
export function openInfluxOutlet(
  section: InfluxSection,
  { file, log, now, ...site }: SiteTags & { readonly file: string; readonly log: Logger; readonly now: () => number },
): Pick<MetricSink, 'write'> & Disposable {
  const queue = LineQueue.open(file, {
    maxBytes: section.queueMegabytes * 1_048_576,
    onDamaged: (aside, reason) => log.error({ file, aside, reason }, 'queue file was damaged; it was moved aside'),
  });
  return {
    write: (batch) => {
      const { lines, refused } = toLines(batch, { ...site, now: now() });
      for (const { row, reason } of refused) log.error({ row, reason }, 'a row is no point; it was not sent');
      const blocks: (readonly string[])[] = [];
      for (let at = 0; at < lines.length; at += BLOCK_LINES) blocks.push(lines.slice(at, at + BLOCK_LINES));
      const dropped = queue.push(blocks);
      if (dropped > 0) log.warn({ file, dropped }, 'the queue is full; its oldest lines were dropped');
      return Promise.resolve();
    },
    [Symbol.dispose]: () => queue.close(),
  };
}
