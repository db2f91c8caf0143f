import type { EventKind, SystemEvent } from '../../../broker/contract/event.ts';
import type { AlertSignal } from '../alert.ts';
import type { Rule } from '../rules.ts';

/** One detection over system events. */
export type Detection = {
  readonly rule: Rule;
  /** The only kinds `onEvent` is called with. */
  readonly kinds: readonly EventKind[];
  readonly onEvent: (event: SystemEvent) => AlertSignal[];
};
