import type { EventKind, SystemEvent } from '../../broker/contract/event.ts';
import type { ConnectionHealth, Problem } from '../../broker/contract/health.ts';
import type { FieldFacts } from '../tags/field-facts.ts';
import type { SampledTag } from '../tags/tag-map.ts';
import type { ValueBatch } from '../tags/value-batch.ts';
import type { Gap } from './last-seen.ts';
import type { SessionTarget } from './open-session.ts';

/** One tag as its connection worker needs it. `handle` is its number in everything the worker says. */
export type WorkerTag = SampledTag;

/** A glob over browse paths, known by its key. */
export type WorkerGlob = { readonly key: string; readonly glob: string; readonly max: number };

/** What a glob matches at a server now. */
export type GlobMatches = {
  readonly key: string;
  readonly nodes: readonly { readonly path: readonly string[]; readonly nodeId: string }[];
  /** The tree could be browsed to its end, so that what is not among the nodes is not there. */
  readonly isWhole: boolean;
  /** It matches more nodes than it may. */
  readonly isCut: boolean;
};

export type WorkerStart = SessionTarget & {
  readonly tags: readonly WorkerTag[];
  /** Looked up at the beginning of a session and every `browseMs`. */
  readonly globs?: readonly WorkerGlob[];
  readonly browseMs?: number;
  /** Newest source timestamps, epoch ms, that an earlier life has kept, by handle. */
  readonly kept?: ReadonlyMap<number, number>;
  /** Gaps that an earlier life has not filled to their end. */
  readonly gaps?: readonly Gap[];
};

export type WorkerProblem = Pick<Problem, 'code' | 'severity' | 'where' | 'message' | 'remedy'> & {
  readonly equipment?: string;
};
export type WorkerEvent = Pick<
  SystemEvent,
  'severity' | 'message' | 'subject' | 'equipment' | 'principal' | 'detail'
> & {
  readonly kind: EventKind;
};

/** Where a connection stands. `running`: values flow or the server says that nothing changes. */
export type ServerState = {
  readonly state: ConnectionHealth['state'];
  /** Why, in words; empty while running. */
  readonly reason: string;
};

/** How the tags of a server are read. */
export type Reading = ConnectionHealth['reading'];

/** What a connection worker tells the gateway. */
export type WorkerMessage =
  | {
      readonly kind: 'values';
      readonly batch: ValueBatch;
      readonly publishedAt: number;
      /** Counts up; acknowledged to the server once `durable` names it. */ readonly number: number;
    }
  | { readonly kind: 'alive'; readonly at: number }
  | ({ readonly kind: 'state' } & ServerState)
  | ({ readonly kind: 'reading' } & Reading)
  /** Whether the node of a tag can be read, and if not, why. */
  | {
      readonly kind: 'tag';
      readonly handle: number;
      readonly state: 'read' | 'unknown' | 'quarantined';
      readonly reason: string;
    }
  | { readonly kind: 'problem'; readonly problem: WorkerProblem }
  | { readonly kind: 'clear'; readonly code: string; readonly where: string }
  | { readonly kind: 'event'; readonly event: WorkerEvent }
  | { readonly kind: 'lost'; readonly count: number }
  /** What a server says of itself: ServiceLevel 0 to 255; its clock less ours, null when it does not tell the time. */
  | { readonly kind: 'server'; readonly serviceLevel: number; readonly clockSkewMs: number | null }
  /** The worker died and is started again. */
  | { readonly kind: 'died' }
  /** When the own certificate ends, epoch ms. */
  | { readonly kind: 'own-certificate'; readonly validTo: number }
  /** The history of these tags may be read. */
  | { readonly kind: 'historized'; readonly handles: readonly number[] }
  /** Values are missing here; said before the values that end the gaps. */
  | { readonly kind: 'gaps'; readonly gaps: readonly Gap[] }
  /** Nothing more is to be had for these gaps. */
  | { readonly kind: 'gaps-over'; readonly gaps: readonly Gap[] }
  | { readonly kind: 'browsed'; readonly found: readonly GlobMatches[] }
  /** What the server says of the nodes, by handle. */
  | { readonly kind: 'facts'; readonly facts: ReadonlyMap<number, FieldFacts> }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn';
      readonly fields: object;
      readonly message: string;
    };

/** What a connection says of its values and of itself. */
export type FlowMessage = Exclude<WorkerMessage, { kind: 'browsed' }>;

/** What the gateway tells a worker. */
export type WorkerCommand =
  | { readonly kind: 'stop' }
  /** Every batch up to this number is on disk. */
  | { readonly kind: 'durable'; readonly number: number }
  /** The tags are these from now on; those that have not changed go on untouched. */
  | { readonly kind: 'tags'; readonly tags: readonly WorkerTag[] };
