/** Counts occurrences per key within a sliding window of event time, in bounded memory. */
export type RecentCounter = {
  /** Adds one, or `times`, and returns how many of this key lie in the window that ends with the newest of them, capped. */
  readonly add: (key: string, at: number, times?: number) => number;
};

/**
 * @param options.cap counts stop here, so a flood costs no more memory than a threshold needs
 * @param options.keys most keys kept; the one not seen for longest is forgotten
 */
export function createRecentCounter(options: {
  readonly windowMs: number;
  readonly cap: number;
  readonly keys: number;
}): RecentCounter {
  const seen = new Map<string, number[]>();
  return {
    add(key, at, times = 1) {
      const added = Array.from({ length: Math.min(times, options.cap) }, () => at);
      const all = [...(seen.get(key) ?? []), ...added].sort((one, other) => one - other);
      const newest = all.at(-1) ?? at;
      const recent = all.filter((time) => time > newest - options.windowMs).slice(-options.cap);
      seen.delete(key);
      seen.set(key, recent);
      const oldest = seen.keys().next();
      if (seen.size > options.keys && oldest.done === false) seen.delete(oldest.value);
      return recent.length;
    },
  };
}
