import { describeError } from '../../../broker/contract/error.ts';

/** Operations per call when the server does not say what it takes. */
export const DEFAULT_BATCH = 100;

/**
 * Runs `call` over all entries in batches and puts the answers together in order. A batch the server finds too large is
 * halved, down to one, and later batches keep the smaller size.
 * @throws what `call` throws for any other reason, and for a single entry that is still too large; Error for a batch that
 * comes back with more or fewer answers than entries.
 */
export async function inBatches<Entry, Answer>(
  entries: readonly Entry[],
  maxPerCall: number,
  call: (batch: Entry[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let size = maxPerCall > 0 ? Math.min(maxPerCall, DEFAULT_BATCH) : DEFAULT_BATCH;
  for (let at = 0; at < entries.length;) {
    const batch = entries.slice(at, at + size);
    try {
      const given = await call(batch);
      // A missing answer would shift all that follow onto other nodes.
      if (given.length !== batch.length) throw new Error(`${given.length} answers to ${batch.length} entries`);
      answers.push(...given);
      at += batch.length;
    } catch (error) {
      if (batch.length === 1 || !isTooMuch(error)) throw error;
      size = Math.ceil(batch.length / 2);
    }
  }
  return answers;
}

/** The library gives the status of a failed call only as the text of its error. */
function isTooMuch(error: unknown): boolean {
  return /TooMany|EncodingLimits|RequestTooLarge|ResponseTooLarge|TcpMessageTooLarge/.test(describeError(error));
}
