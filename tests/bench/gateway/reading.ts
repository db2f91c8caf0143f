import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a client process measured over a while. Times in s, CPU in µs, memory in MB. */
export type Reading = {
  readonly seconds: number;
  readonly values: number;
  readonly cpuMicros: number;
  readonly rssMegabytes: number;
  readonly loopP99Ms: number;
  /** Values that the server said it had dropped. */
  readonly lost: number;
  /** From the order to the time when every item had its first value. */
  readonly liveSeconds: number;
  /** Source timestamp → here, ms. */
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
};

/** Runs `count` for a while and takes CPU, memory and the delay of the event loop meanwhile. */
export async function measure(
  seconds: number,
  count: () => { readonly values: number; readonly lost: number },
): Promise<Omit<Reading, 'liveSeconds' | 'latencyP50Ms' | 'latencyP99Ms'>> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const before = count();
  const cpu = process.cpuUsage();
  const begun = performance.now();
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  delay.disable();
  const used = process.cpuUsage(cpu);
  const after = count();
  return {
    seconds: (performance.now() - begun) / 1000,
    values: after.values - before.values,
    lost: after.lost - before.lost,
    cpuMicros: used.user + used.system,
    rssMegabytes: process.memoryUsage.rss() / 1_048_576,
    loopP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 5),
  };
}

/** The p-th percentile of a sorted copy; NaN of nothing. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN;
}
