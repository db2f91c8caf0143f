import { ServiceFault, StatusCodes, type StatusCode } from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';

/** Status codes (by number) that say a request or its answer was too big; a smaller one may do. */
const tooBig: ReadonlySet<number> = new Set(
  [
    StatusCodes.BadTooManyOperations,
    StatusCodes.BadEncodingLimitsExceeded,
    StatusCodes.BadRequestTooLarge,
    StatusCodes.BadResponseTooLarge,
    StatusCodes.BadTcpMessageTooLarge,
  ].map(({ value }) => value),
);

/** The status a server answered a whole request with, or null when there was no answer at all. */
export function serviceResultOf(error: unknown): StatusCode | null {
  if (typeof error !== 'object' || error === null || !('response' in error)) return null;
  const { response } = error;
  if (!(response instanceof ServiceFault)) return null;
  return response.responseHeader.serviceResult;
}

/** Whether an error says that the request, or its answer, was too big. */
export function isTooBig(error: unknown): boolean {
  const status = serviceResultOf(error);
  return status !== null && tooBig.has(status.value);
}

/** Requests of one kind, never larger than the server takes: starts at a size and halves it where the server objects. */
export type BatchSize = { current: number };

/** The size to begin with: what the server states, but never more than `most`. */
export function batchSize(stated: number, most: number): BatchSize {
  return { current: stated > 0 ? Math.min(stated, most) : most };
}

/**
 * Calls a service for all items in batches; a size the server called too big is halved and stays so.
 * @param onRefused gives the result of a single item that the server refuses as a whole request; without it that throws.
 * @throws whatever the call throws for another reason.
 */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  size: BatchSize,
  call: (batch: Item[]) => Promise<readonly Result[]>,
  onRefused?: (item: Item, status: StatusCode) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length;) {
    const batch = items.slice(at, at + size.current);
    try {
      const answered = await call(batch);
      if (answered.length !== batch.length) {
        throw new JoulegateError(
          'ENDPOINT_REFUSED',
          `the server answered ${answered.length} results to ${batch.length} operations; its answer cannot be used`,
        );
      }
      for (const result of answered) results.push(result);
      at += batch.length;
    } catch (error) {
      if (batch.length > 1 && isTooBig(error)) {
        size.current = Math.ceil(batch.length / 2);
        continue;
      }
      const status = serviceResultOf(error);
      const only = batch[0];
      if (batch.length > 1 || only === undefined || status === null || onRefused === undefined) throw error;
      results.push(onRefused(only, status));
      at += 1;
    }
  }
  return results;
}
