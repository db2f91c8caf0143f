import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 250;
const REQUEST_MS = 5000;

/**
 * Waits until the API says it is ready and, with `liveAfter`, until a value newer than that instant has reached scoring.
 * Answers null when all is well, or what was still missing after `withinMs`.
 */
export async function waitForApi(options: {
  readonly url: string;
  readonly token: string;
  /** Epoch ms; null = do not wait for values. */
  readonly liveAfter: number | null;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}): Promise<string | null> {
  const { url, token, liveAfter, withinMs, signal } = options;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  let missing = 'the API does not answer';
  // A certificate of the plant's own making cannot be checked from here; the service's ready line has to do.
  if (url.startsWith('https:')) return null;
  while (!deadline.aborted) {
    try {
      const request = { signal: AbortSignal.any([deadline, AbortSignal.timeout(REQUEST_MS)]) };
      const probe = await fetch(new URL('/readyz', url), request);
      await probe.body?.cancel();
      missing = `the API is not ready (status ${probe.status})`;
      if (probe.ok) {
        if (liveAfter === null) return null;
        const headers = { authorization: `Bearer ${token}` };
        const answer = await fetch(new URL('/api/v1/equipment', url), { ...request, headers });
        const { items = [] } = (await answer.json()) as { items?: { live?: { at?: string | null } }[] };
        if (items.some(({ live }) => Date.parse(live?.at ?? '') > liveAfter)) return null;
        missing = 'no live value has reached scoring';
      }
    } catch {
      // Not listening yet, or cut off by the deadline: both show in `missing`.
    }
    await pause(EVERY_MS, undefined, { signal: deadline }).catch(() => undefined);
  }
  return missing;
}
