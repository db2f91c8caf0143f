import type { Logger } from '../broker/contract/deps.ts';
import { describeError } from '../broker/contract/error.ts';
import type { PlantView } from './plant-view.ts';
import { alertPoint, healthPoints, targetPoints } from './sink-points.ts';
import type { MetricSink, SinkPoint } from './store/metric-store.ts';

const HEALTH_MS = 10_000;
const TARGETS_MS = 900_000;

/** Copies alerts, the health of services and where the targets stand to the sinks, as they change or every now and then. */
export function copyToSinks(
  view: Pick<PlantView, 'subscribe' | 'health' | 'targets'>,
  sinks: readonly MetricSink[],
  {
    log,
    now,
    dayStart,
  }: {
    readonly log: Logger;
    readonly now: () => number;
    /** Start of the local day of an instant. */ readonly dayStart: (at: number) => number;
  },
): Disposable {
  if (sinks.length === 0) return { [Symbol.dispose]: () => undefined };
  const copy = (points: readonly SinkPoint[]): void => {
    for (const sink of sinks) void sink.note(points);
  };
  const copyTargets = async (): Promise<void> => {
    try {
      const today = dayStart(now());
      for (const report of await view.targets()) copy(targetPoints(report, today));
    } catch (error) {
      log.warn({ err: describeError(error) }, 'targets could not be copied to the sinks');
    }
  };
  const unsubscribe = view.subscribe((event) => {
    if (event.kind === 'alert') copy([alertPoint(event.alert)]);
  });
  const copyHealth = (): void => copy(view.health().services.flatMap((service) => healthPoints(service)));
  const timers = [setInterval(copyHealth, HEALTH_MS), setInterval(() => void copyTargets(), TARGETS_MS)];
  copyHealth();
  void copyTargets();
  return {
    [Symbol.dispose]: () => {
      for (const timer of timers) clearInterval(timer);
      unsubscribe();
    },
  };
}
