import type { SystemEvent } from '../../broker/contract/event.ts';
import type { AlertSignal } from './alert.ts';
import { clientIdTakeover } from './detections/client-id-takeover.ts';
import { dataLost } from './detections/data-lost.ts';
import type { Detection } from './detections/detection.ts';
import { limitHit } from './detections/limit-hit.ts';
import { lossOfView } from './detections/loss-of-view.ts';
import { malformedPacket } from './detections/malformed-packet.ts';
import { payloadRefused } from './detections/payload-refused.ts';
import { serverCertificateChanged } from './detections/server-certificate-changed.ts';
import { signInRefused } from './detections/sign-in-refused.ts';
import { topicDenied } from './detections/topic-denied.ts';

/** Ids remembered to know an event that QoS 1 delivers twice. */
const REMEMBERED_EVENTS = 4096;

/** All detections over system events; memory is bounded whatever comes in. */
export type Detections = {
  /** What the event raises or clears. An event seen before raises nothing. */
  readonly onEvent: (event: SystemEvent) => AlertSignal[];
};

/** Makes the detections of this version with empty state. */
export function createDetections(): Detections {
  const detections: readonly Detection[] = [
    signInRefused(),
    topicDenied(),
    clientIdTakeover(),
    malformedPacket(),
    limitHit(),
    serverCertificateChanged(),
    lossOfView(),
    payloadRefused(),
    dataLost(),
  ];
  const seen = new Set<string>();
  return {
    onEvent(event) {
      if (seen.has(event.id)) return [];
      seen.add(event.id);
      const oldest = seen.values().next();
      if (seen.size > REMEMBERED_EVENTS && oldest.done === false) seen.delete(oldest.value);
      return detections
        .filter((detection) => detection.kinds.includes(event.kind))
        .flatMap((detection) => detection.onEvent(event));
    },
  };
}
