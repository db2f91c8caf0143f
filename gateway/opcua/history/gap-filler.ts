import {
  AttributeIds,
  HistoryData,
  HistoryReadRequest,
  HistoryReadValueId,
  ReadRawModifiedDetails,
  StatusCodes,
  TimestampsToReturn,
  type ClientSession,
  type DataValue,
  type HistoryReadResult,
} from 'node-opcua';
import { describeError } from '../../../broker/contract/error.ts';
import type { BatchSender } from '../batch-sender.ts';
import type { Gap } from '../last-seen.ts';
import { nameValues } from '../named-values.ts';
import { takeObject, type OtherValue } from '../notification-decoder.ts';
import type { WorkerMessage, WorkerStart } from '../protocol.ts';
import { batchSize, inBatches, isTooBig, type BatchSize } from '../service-batches.ts';
import { ColumnCollector } from '../value-columns.ts';
import type { EnumerationNames } from '../values/value-type.ts';
import { HistoryAccount } from './history-account.ts';

export type GapFillerParts = {
  readonly server: WorkerStart['server'];
  readonly sender: BatchSender;
  readonly say: (message: WorkerMessage) => void;
  readonly other: OtherValue;
  /** Names of the values of an enumeration, by handle. */
  readonly names: ReadonlyMap<number, EnumerationNames>;
  /** Node id of a tag in this session, null when it has none. */
  readonly nodeOf: (handle: number) => string | null;
  /** Node id of a tag as it is configured. */
  readonly nameOf: (handle: number) => string | null;
  /** Takes gaps that could not be filled in this session, or not now. */
  readonly giveBack: (gaps: readonly Gap[]) => void;
  readonly maxNodesPerRead: number;
  readonly maxNodesPerHistoryRead: number;
  /** How long to wait until what is asked for has come to the history, in ms; default 1,500. */
  readonly settleMs?: number;
};

/** Nodes asked for at once, and values of each per answer: bounds what an answer can weigh. */
const NODES = 20;
const VALUES_PER_NODE = 500;
/** Gaps that begin and end within this of one another are read together. */
const TOGETHER_MS = 60_000;
/** A historian writes a little behind the live values. */
const SETTLE_MS = 1500;
/** A page has to be on disk before the next one is asked for; live values go before history. */
const DURABLE_MS = 30_000;
/** OPC 10000-3 8.57: bit of AccessLevel that allows HistoryRead. */
const HISTORY_READ_BIT = 4;
const PENDING = 100_000;
/** A gap that could not be filled so often, in one session or several, is let be. */
const TRIES = 3;

type Asked = {
  readonly gap: Gap;
  readonly nodeId: string;
  continuation: Buffer | null;
  /** Up to here, epoch ms of source time, its values have been taken. */
  reached: number;
  isDone: boolean;
  /** What the server said instead of values. */
  refusal: string;
};

/** A server that has no room for so many continuation points, or has let one go, can be asked again. */
const passing: ReadonlySet<number> = new Set(
  [StatusCodes.BadNoContinuationPoints, StatusCodes.BadContinuationPointInvalid].map(({ value }) => value),
);

/**
 * Fills gaps in the values of tags from the server's own history (OPC 10000-11 6.5.3): only what lies between two values that have been
 * seen, so that none comes twice. Nodes without history cost one read of their access level.
 */
export class GapFiller implements Disposable {
  readonly #session: ClientSession;
  readonly #parts: GapFillerParts;
  readonly #collector = new ColumnCollector();
  /** Whether the history of a tag may be read. */
  readonly #readable = new Map<number, boolean>();
  #pending: Gap[] = [];
  #isRunning = false;
  #isStopped = false;
  readonly #account: HistoryAccount;
  readonly #size: BatchSize;
  #durableNumber = 0;
  #onDurable: (() => void) | null = null;

  constructor(session: ClientSession, parts: GapFillerParts) {
    this.#session = session;
    this.#parts = parts;
    this.#account = new HistoryAccount(parts.server, parts.say);
    this.#size = batchSize(parts.maxNodesPerHistoryRead, NODES);
  }

  /** Takes gaps to fill; the work goes on beside the live values and never fails. */
  add(gaps: readonly Gap[]): void {
    if (this.#isStopped) return;
    this.#pending.push(...gaps.slice(0, Math.max(0, PENDING - this.#pending.length)));
    if (this.#isRunning || this.#pending.length === 0) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  /** Every batch up to this number is on disk. */
  durable(batch: number): void {
    this.#durableNumber = Math.max(this.#durableNumber, batch);
    this.#onDurable?.();
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#onDurable?.();
    if (!this.#isRunning) this.#account[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    await pause(this.#parts.settleMs ?? SETTLE_MS);
    while (this.#pending.length > 0 && !this.#isStopped) {
      const gaps = this.#pending;
      this.#pending = [];
      try {
        const groups = grouped(await this.#withHistory(gaps), this.#size.current);
        for (const group of groups) await this.#fillGroup(group);
      } catch (error) {
        this.#log('history could not be read', describeError(error));
        this.#parts.giveBack(gaps.flatMap((gap) => again(gap)));
      }
    }
    this.#parts.giveBack(this.#pending);
    this.#pending = [];
    if (this.#isStopped) this.#account[Symbol.dispose]();
    else this.#account.report();
  }

  /** Fills the gaps of a group; what is left of them is tried again, in smaller groups where the server finds them too big. */
  async #fillGroup(group: readonly Asked[]): Promise<void> {
    let failure: unknown = null;
    try {
      if (!this.#isStopped) await this.#fill(group);
    } catch (error) {
      failure = error;
    }
    const left = group.filter(({ isDone }) => !isDone);
    this.#over(group.filter(({ isDone }) => isDone));
    if (left.length === 0) return;
    if (this.#isStopped) return this.#parts.giveBack(left.map(restOf));
    if ((failure === null || isTooBig(failure)) && group.length > 1) {
      this.#size.current = Math.ceil(group.length / 2);
      this.#pending.push(...left.map(restOf));
      return;
    }
    for (const asked of left) {
      const retry = again(restOf(asked));
      if (retry.length > 0) this.#parts.giveBack(retry);
      else {
        this.#over([asked]);
        this.#account.miss(
          restOf(asked),
          this.#nameOf(asked),
          failure === null ? asked.refusal : describeError(failure),
        );
      }
    }
  }

  #over(asked: readonly Asked[]): void {
    if (asked.length > 0) this.#parts.say({ kind: 'gaps-over', gaps: asked.map(({ gap }) => gap) });
  }

  #nameOf({ nodeId, gap }: Asked): string {
    return this.#parts.nameOf(gap.handle) ?? nodeId;
  }

  /** Finds out which of these tags have a history that may be read, and says it. Never fails. */
  async learn(handles: readonly number[]): Promise<void> {
    await this.#learn(handles).catch((error: unknown) =>
      this.#log('access to history is not known', describeError(error)),
    );
  }

  async #learn(handles: readonly number[]): Promise<void> {
    const unknown = handles.flatMap((handle) => {
      const nodeId = this.#readable.has(handle) ? null : this.#parts.nodeOf(handle);
      return nodeId === null ? [] : [{ handle, nodeId }];
    });
    const levels = await inBatches(unknown, batchSize(this.#parts.maxNodesPerRead, 500), (batch) =>
      this.#session.read(batch.map(({ nodeId }) => ({ nodeId, attributeId: AttributeIds.UserAccessLevel }))),
    );
    unknown.forEach(({ handle }, index) => {
      const level: unknown = levels[index]?.value?.value;
      this.#readable.set(handle, typeof level === 'number' && (level & HISTORY_READ_BIT) !== 0);
    });
    const historized = unknown.map(({ handle }) => handle).filter((handle) => this.#readable.get(handle) === true);
    if (historized.length > 0) this.#parts.say({ kind: 'historized', handles: historized });
  }

  /** The gaps of tags whose history may be read. */
  async #withHistory(gaps: readonly Gap[]): Promise<Asked[]> {
    await this.#learn([...new Set(gaps.map(({ handle }) => handle))]);
    return gaps.flatMap((gap) => {
      const nodeId = this.#readable.get(gap.handle) === true ? this.#parts.nodeOf(gap.handle) : null;
      return nodeId === null
        ? []
        : [{ gap, nodeId, continuation: null, reached: gap.from, isDone: false, refusal: '' }];
    });
  }

  async #fill(group: readonly Asked[]): Promise<void> {
    const details = new ReadRawModifiedDetails({
      isReadModified: false,
      startTime: new Date(Math.min(...group.map(({ gap }) => gap.from))),
      endTime: new Date(Math.max(...group.map(({ gap }) => gap.to)) + 1),
      numValuesPerNode: VALUES_PER_NODE,
      returnBounds: false,
    });
    let open = [...group];
    try {
      while (open.length > 0 && !this.#isStopped) {
        const results = await this.#request(details, open, false);
        open.forEach((asked, index) => {
          const found = this.#take(asked, results[index]);
          if (found > 0) this.#account.fill(asked.gap, found);
        });
        open = open.filter(({ continuation }) => continuation !== null);
        await this.#send();
      }
    } finally {
      if (open.some(({ continuation }) => continuation !== null))
        await this.#request(details, open, true).catch(() => undefined);
    }
  }

  async #request(
    historyReadDetails: ReadRawModifiedDetails,
    asked: readonly Asked[],
    releaseContinuationPoints: boolean,
  ): Promise<readonly HistoryReadResult[]> {
    const request = new HistoryReadRequest({
      historyReadDetails,
      releaseContinuationPoints,
      timestampsToReturn: TimestampsToReturn.Both,
      nodesToRead: asked.map(
        ({ nodeId, continuation }) =>
          new HistoryReadValueId({ nodeId, ...(continuation === null ? {} : { continuationPoint: continuation }) }),
      ),
    });
    const { results } = await this.#session.historyRead(request);
    return results ?? [];
  }

  #take(asked: Asked, result: HistoryReadResult | undefined): number {
    const { gap } = asked;
    const point = result?.continuationPoint;
    const before = asked.continuation;
    asked.continuation = null;
    const status = result?.statusCode ?? StatusCodes.BadUnexpectedError;
    if (result === undefined || status.isBad()) {
      asked.refusal = status.name;
      asked.isDone = !passing.has(status.value);
      if (status.equals(StatusCodes.BadHistoryOperationUnsupported)) this.#readable.set(gap.handle, false);
      if (asked.isDone && !status.equals(StatusCodes.BadNoData))
        this.#account.miss(restOf(asked), this.#nameOf(asked), status.name);
      return 0;
    }
    this.#account.note(this.#nameOf(asked));
    const data = result.historyData;
    const values: readonly DataValue[] = data instanceof HistoryData ? (data.dataValues ?? []) : [];
    // A server that gives the same point again without values would be asked for ever.
    if (point !== undefined && point !== null && point.length > 0 && (values.length > 0 || before === null))
      asked.continuation = point;
    asked.isDone = asked.continuation === null;
    let found = 0;
    for (const value of values) {
      const at = value.sourceTimestamp?.getTime() ?? Number.NaN;
      if (!(at > gap.from && at < gap.to) || value.statusCode.equals(StatusCodes.BadNoData)) continue;
      takeObject(gap.handle, value, this.#collector, at, this.#parts.other);
      asked.reached = Math.max(asked.reached, at);
      found += 1;
    }
    return found;
  }

  /** Sends what was collected and waits until it is on disk. */
  async #send(): Promise<void> {
    if (this.#collector.length === 0) return;
    if (this.#parts.names.size > 0) nameValues(this.#collector, this.#parts.names);
    const number = this.#parts.sender.send({ ...this.#collector.take(), origin: 'history' }, Date.now());
    const deadline = Date.now() + DURABLE_MS;
    while (this.#durableNumber < number && !this.#isStopped && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#onDurable = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#onDurable = null;
  }

  #log(message: string, reason: string): void {
    this.#parts.say({ kind: 'log', level: 'debug', fields: { server: this.#parts.server.name, reason }, message });
  }
}

/** What is still missing of a gap. */
const restOf = ({ gap, reached }: Asked): Gap => ({ ...gap, from: reached });

/** The gap for one more try, or nothing after too many. */
function again(gap: Gap): Gap[] {
  const tries = (gap.tries ?? 0) + 1;
  return tries < TRIES ? [{ ...gap, tries }] : [];
}

/** Groups of at most `size` gaps that lie close together in time; a tag stands once in a group. */
function grouped(asked: readonly Asked[], size: number): Asked[][] {
  const groups: Asked[][] = [];
  const sorted = [...asked].sort((a, b) => a.gap.from - b.gap.from || a.gap.to - b.gap.to);
  for (const one of sorted) {
    const group = groups.findLast(
      (others) =>
        others.length < size &&
        others.every(
          ({ gap }) =>
            gap.handle !== one.gap.handle &&
            Math.abs(gap.from - one.gap.from) <= TOGETHER_MS &&
            Math.abs(gap.to - one.gap.to) <= TOGETHER_MS,
        ),
    );
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
