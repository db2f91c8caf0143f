import type { SystemEvent } from '../../broker/contract/event.ts';
import type { AlertSignal } from './alert.ts';
import { detectionCards } from './catalogue.ts';
import type { SeenEvent } from './evidence.ts';
import type { Detection } from './detections/detection.ts';

/** Ids remembered to know an event that QoS 1 delivers twice. */
const REMEMBERED_EVENTS = 4096;

/** All detections over system events; memory is bounded whatever comes in. */
export type Detections = {
  /** What the event raises or clears. An event seen before raises nothing. */
  readonly onEvent: (event: SystemEvent) => AlertSignal[];
};

/** Makes the detections of this version with empty state. */
export function createDetections(): Detections {
  const detections: readonly Detection[] = detectionCards.map(({ create }) => create());
  const seen = new Set<string>();
  return {
    onEvent(event) {
      if (seen.has(event.id)) return [];
      seen.add(event.id);
      const oldest = seen.values().next();
      if (seen.size > REMEMBERED_EVENTS && oldest.done === false) seen.delete(oldest.value);
      return detections
        .filter((detection) => detection.kinds.includes(event.kind))
        .flatMap((detection) => detection.onEvent(event).map((signal) => ({ ...signal, seen: seenOf(event) })));
    },
  };
}

function seenOf(event: SystemEvent): SeenEvent {
  const { severity: _severity, equipment: _equipment, ...seen } = event;
  return seen;
}
