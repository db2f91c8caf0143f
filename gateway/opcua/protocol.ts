import type { EventKind, SystemEvent } from '../../broker/contract/event.ts';
import type { Problem } from '../../broker/contract/health.ts';
import type { SessionTarget } from './open-session.ts';

/** One tag as its connection worker needs it. `handle` is its number in everything the worker says. */
export type WorkerTag = {
  readonly handle: number;
  readonly name: string;
  readonly equipment: string;
  readonly nodeId: string;
  readonly unit: string | undefined;
  readonly samplingMs: number;
  readonly publishingMs: number;
  readonly queueSize: number;
  readonly trigger: 'status' | 'status-value' | 'status-value-timestamp';
};

export type WorkerStart = SessionTarget & { readonly tags: readonly WorkerTag[] };

/** A batch of values as columns; entry i belongs to tag `handles[i]`. */
export type ValueColumns = {
  readonly handles: Int32Array<ArrayBuffer>;
  /** The value when it is a number; NaN when `texts` or the status says otherwise. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Source timestamps, epoch ms. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly statuses: Uint32Array<ArrayBuffer>;
  /** Values that are no plain numbers, by position: text, booleans, whole numbers beyond 2^53 as decimal text. */
  readonly texts: ReadonlyMap<number, string | boolean>;
};

export type WorkerProblem = Pick<Problem, 'code' | 'severity' | 'where' | 'message' | 'remedy'> & {
  readonly equipment?: string;
};
export type WorkerEvent = Pick<SystemEvent, 'severity' | 'message' | 'subject' | 'equipment'> & {
  readonly kind: EventKind;
};

/** What a connection worker tells the gateway. */
export type WorkerMessage =
  | { readonly kind: 'values'; readonly columns: ValueColumns; readonly publishedAt: number }
  | { readonly kind: 'alive'; readonly at: number }
  /** A new session: what comes next is a fresh start of every tag. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'problem'; readonly problem: WorkerProblem }
  | { readonly kind: 'clear'; readonly code: string; readonly where: string }
  | { readonly kind: 'event'; readonly event: WorkerEvent }
  | { readonly kind: 'lost'; readonly count: number }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn';
      readonly fields: object;
      readonly message: string;
    };

/** What the gateway tells a worker. */
export type WorkerCommand = { readonly kind: 'stop' };
