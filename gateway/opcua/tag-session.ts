import type { ClientSession } from 'node-opcua';
import { JoulegateError } from '../../broker/contract/error.ts';
import { AckGate } from './ack-gate.ts';
import type { EventMemory } from './events/event-memory.ts';
import type { BatchSender } from './batch-sender.ts';
import { ItemPlaces } from './item-places.ts';
import { LastSeen } from './last-seen.ts';
import { LiveSubscription } from './live-subscription.ts';
import type { NodeGuard } from './node-guard.ts';
import { readNamespaces, resolveTags } from './namespaces.ts';
import { NodeKnowledge } from './node-knowledge.ts';
import { hasNoSubscriptions, Poller } from './poller.ts';
import { readOperationLimits } from './operation-limits.ts';
import type { Reading, WorkerMessage, WorkerStart, WorkerTag } from './protocol.ts';
import { SessionCompany } from './session-company.ts';
import { SignWatch } from './sign-watch.ts';
import { createItems, hasItem, TOO_MANY_ITEMS, type ItemOutcome, type ResolvedTag } from './subscribe.ts';
import { NO_NAMESPACE, UnknownTags } from './unknown-tags.ts';
import { reportGone, reportHole, reportRead, reportNoFilter, reportWrongTag } from './tag-reports.ts';

type Say = (message: WorkerMessage) => void;

/** Tags whose node was unknown are tried again this often, with everything else left as it is. */
const RETRY_BAD_MS = 60_000;

/** Parts that outlive a session. */
export type WorkerParts = {
  readonly sender: BatchSender;
  readonly guard: NodeGuard;
  readonly seen: LastSeen;
  readonly events: EventMemory;
};

/** What happens within one session: tags resolved by namespace URI, subscriptions, values, signs of life. */
export class TagSession {
  /** Resolves with the reason when the session has to be given up. */
  readonly failed: Promise<string>;
  readonly #start: WorkerStart;
  readonly #server: WorkerStart['server'];
  readonly #session: ClientSession;
  readonly #say: Say;
  readonly #parts: WorkerParts;
  readonly #gate: AckGate;
  readonly #signs: SignWatch;
  readonly #bad: UnknownTags;
  readonly #placed = new ItemPlaces();
  readonly #timers: NodeJS.Timeout[] = [];
  #tags: readonly WorkerTag[];
  #knowledge: NodeKnowledge | null = null;
  #company: SessionCompany | null = null;
  #poller: Poller | null = null;
  #namespaces: readonly string[] = [];
  #limits = { items: 0, read: 0 };
  /** While the library repairs the connection. */
  #repair: PromiseWithResolvers<void> | null = null;
  #isStopped = false;
  #fail: (reason: string) => void = () => undefined;

  /** `onSilent`: the server does not answer; the connection has to be broken, so that it is repaired. */
  constructor(start: WorkerStart, session: ClientSession, say: Say, parts: WorkerParts, onSilent: () => void) {
    this.#server = start.server;
    this.#start = start;
    this.#tags = start.tags;
    this.#session = session;
    this.#say = say;
    this.#parts = parts;
    this.#gate = new AckGate(session);
    this.#bad = new UnknownTags(start.server, say);
    this.#signs = new SignWatch({
      session,
      subscriptions: () => this.#placed.subscriptions,
      poller: () => this.#poller,
      onSilent,
      revive: (subscription) => this.#revive(subscription),
      onEnded: (reason) => this.#fail(reason),
    });
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /**
   * Resolves the tags anew by namespace URI (indexes may have changed since the last session) and subscribes. Values wait
   * until every node has been found to be what it was configured to be.
   */
  async begin(): Promise<void> {
    const { sender, guard, seen } = this.#parts;
    this.#session.on('session_closed', () => this.#fail('session closed'));
    this.#namespaces = await readNamespaces(this.#session);
    const limits = await readOperationLimits(this.#session);
    this.#limits = { items: limits.maxMonitoredItemsPerCall, read: limits.maxNodesPerRead };
    this.#knowledge = new NodeKnowledge(this.#session, this.#server, this.#namespaces, this.#limits.read, this.#say);
    const resolved = this.#resolved(this.#tags);
    seen.expectGap(this.#tags.map(({ handle }) => handle));
    sender.quarantine();
    const [wrong] = await Promise.all([
      guard.check(this.#session, this.#namespaces, resolved, this.#limits.read),
      this.#subscribe(resolved),
    ]);
    this.#setWrong(wrong);
    sender.release(wrong);
    this.#timers.push(
      setInterval(() => {
        if (this.#repair !== null) return;
        this.#company?.tick();
        void this.#signs.check().catch(() => undefined);
      }, 1000),
      setInterval(() => void this.#retryBad().catch(() => undefined), RETRY_BAD_MS),
    );
    void this.#knowledge?.learn(this.#good());
    this.#company = new SessionCompany(this.#session, {
      start: this.#start,
      namespaces: this.#namespaces,
      limits,
      ...this.#parts,
      gate: this.#gate,
      knowledge: this.#knowledge,
      say: this.#say,
      tags: () => this.#tags,
    });
    void this.#company.begin(this.#good().map(({ tag }) => tag.handle));
    this.#bad.lookAround({ session: this.#session, namespaces: this.#namespaces, limits });
    if (this.#isStopped) this.stop();
  }

  /** The connection is broken and the library repairs it: what comes meanwhile is held back. */
  suspend(): void {
    this.#repair ??= Promise.withResolvers();
    this.#poller?.pause();
    this.#parts.sender.quarantine();
  }

  /** The library has repaired the connection: proves that everything still means the same, and makes lost items anew. */
  async resume(): Promise<void> {
    const namespaces = await readNamespaces(this.#session);
    if (namespaces.join('\n') !== this.#namespaces.join('\n')) {
      this.#fail('the namespaces of the server have changed');
      return;
    }
    for (const subscription of this.#placed.subscriptions) {
      subscription.heardAt = Date.now();
      const tags = this.#tags.filter(({ handle }) => this.#placed.isIn(handle, subscription));
      this.#parts.seen.expectRepeat(tags.map(({ handle }) => handle));
      if (await hasItem(this.#session, subscription.subscription, subscription.someItem)) continue;
      reportHole(this.#say, this.#server, 'the server had forgotten the subscription while the connection was away');
      subscription.restart();
      this.#parts.seen.expectGap(tags.map(({ handle }) => handle));
      await this.#fill(subscription, this.#resolved(tags));
    }
    const wrong = await this.#parts.guard.check(this.#session, this.#namespaces, this.#good(), this.#limits.read);
    this.#setWrong(wrong);
    this.#poller?.resume();
    this.#parts.sender.release(wrong);
    this.#repair?.resolve();
    this.#repair = null;
    await this.#company?.resume();
  }

  /** Resolves when the connection is not under repair. */
  async undisturbed(): Promise<void> {
    while (this.#repair !== null) await this.#repair.promise;
  }

  /** The tags are these from now on; those that were there before go on untouched. After a failure it may be called again. */
  async update(tags: readonly WorkerTag[]): Promise<void> {
    const now = new Set(tags.map(({ handle }) => handle));
    const gone = this.#tags.filter(({ handle }) => !now.has(handle));
    for (const tag of gone) {
      this.#bad.forget(tag.handle);
      reportGone(this.#say, tag);
    }
    this.#parts.seen.inherit(gone, tags);
    this.#tags = tags;
    await this.#placed.keep(this.#session, now, this.#limits.items);
    this.#poller?.keep(now);
    const added = tags.filter(({ handle }) => !this.#isRead(handle));
    const resolved = this.#resolved(added);
    const wrong = await this.#parts.guard.check(this.#session, this.#namespaces, resolved, this.#limits.read);
    for (const { tag } of resolved) {
      const reason = wrong.get(tag.handle);
      if (reason !== undefined) reportWrongTag(this.#say, tag, reason);
    }
    const right = resolved.filter(({ tag }) => !wrong.has(tag.handle));
    await this.#subscribe(right, true);
    void this.#knowledge?.learn(right);
    void this.#company?.learn(right.map(({ tag }) => tag.handle));
  }

  #isRead(handle: number): boolean {
    return this.#placed.has(handle) || this.#bad.has(handle) || this.#poller?.has(handle) === true;
  }

  /** Every batch up to this number is on disk. */
  durable(batch: number): void {
    this.#gate.durable(batch);
    this.#company?.durable(batch);
  }

  /** Gives the session up; the next one begins with everything as it should be. */
  fail(reason: string): void {
    this.#fail(reason);
  }

  stop(): void {
    this.#isStopped = true;
    this.#company?.stop();
    this.#bad[Symbol.dispose]();
    this.#poller?.[Symbol.dispose]();
    for (const timer of this.#timers) clearInterval(timer);
    this.#knowledge?.[Symbol.dispose]();
  }

  #setWrong(wrong: ReadonlyMap<number, string>): void {
    for (const tag of this.#tags) {
      const reason = wrong.get(tag.handle);
      if (reason !== undefined) reportWrongTag(this.#say, tag, reason);
      else if (!this.#bad.has(tag.handle)) reportRead(this.#say, tag);
    }
  }

  #resolved(tags: readonly WorkerTag[]): ResolvedTag[] {
    return resolveTags(tags, this.#namespaces, (tag) => this.#bad.add(tag, NO_NAMESPACE));
  }

  #good(): ResolvedTag[] {
    return this.#resolved(this.#tags.filter(({ handle }) => !this.#bad.has(handle)));
  }

  /** Makes items for these tags; with `intoOld` first in the subscriptions that are there, where they have room. */
  async #subscribe(tags: readonly ResolvedTag[], intoOld = false): Promise<void> {
    if (this.#server.reading === 'poll' || this.#poller !== null) return this.#poll(tags);
    try {
      await this.#subscribeAll(tags, intoOld);
    } catch (error) {
      if (!hasNoSubscriptions(error)) throw error;
      this.#poll(tags.filter(({ tag }) => !this.#placed.has(tag.handle) && !this.#bad.has(tag.handle)));
    }
  }

  /** Reads these tags in rounds: the server has no subscriptions, or none left. */
  #poll(tags: readonly ResolvedTag[]): void {
    const knowledge = this.#knowledge;
    if (knowledge === null) return;
    this.#poller ??= new Poller(this.#session, {
      ...this.#parts,
      ...knowledge.decoding,
      maxNodesPerRead: this.#limits.read,
      onAlive: () => this.#say({ kind: 'alive', at: Date.now() }),
      onNode: ({ tag }, reason) => {
        if (reason === null) this.#bad.heal(tag);
        else this.#bad.add(tag, reason);
      },
      onEnded: (reason) => this.#fail(reason),
    });
    this.#poller.add(tags);
  }

  /** How the tags are read now. */
  get reading(): Reading {
    return {
      subscriptions: this.#placed.subscriptions.length,
      items: this.#placed.size,
      polled: this.#poller?.size ?? 0,
    };
  }

  async #subscribeAll(tags: readonly ResolvedTag[], intoOld: boolean): Promise<void> {
    for (const publishingMs of new Set(tags.map(({ tag }) => tag.publishingMs))) {
      let left = tags.filter(({ tag }) => tag.publishingMs === publishingMs);
      const old = this.#placed.subscriptions.filter((subscription) => subscription.publishingMs === publishingMs);
      for (const subscription of intoOld ? old : []) {
        if (left.length > 0) left = await this.#fill(subscription, left);
      }
      while (left.length > 0) {
        const subscription = await this.#openSubscription(publishingMs);
        const before = left.length;
        left = await this.#fill(subscription, left);
        if (left.length === before) {
          this.#placed.abandon(subscription);
          this.#poll(left);
          break;
        }
      }
    }
  }

  async #openSubscription(publishingMs: number): Promise<LiveSubscription> {
    const knowledge = this.#knowledge;
    if (knowledge === null) throw new JoulegateError('INTERNAL', 'a subscription before the session has begun');
    const subscription = await LiveSubscription.open(this.#session, publishingMs, {
      ...this.#parts,
      gate: this.#gate,
      ...knowledge.decoding,
      onAlive: () => this.#say({ kind: 'alive', at: Date.now() }),
      onLost: (count) => this.#say({ kind: 'lost', count }),
      onMissing: (holed) => this.#parts.seen.expectGap(this.#placed.handlesIn(holed)),
      onEnded: (reason) => this.#fail(reason),
    });
    this.#placed.open(subscription);
    return subscription;
  }

  /** Makes items in a subscription. @returns the tags for which the server has no room in it. */
  async #fill(subscription: LiveSubscription, tags: readonly ResolvedTag[]): Promise<ResolvedTag[]> {
    const left: ResolvedTag[] = [];
    const skipped = tags.filter(({ tag }) => tag.skipFirst).map(({ tag }) => tag.handle);
    if (skipped.length > 0) this.#parts.seen.expectFirst(skipped);
    for (const outcome of await createItems(this.#session, subscription.subscription, tags, this.#limits.items)) {
      if (outcome.statusCode === TOO_MANY_ITEMS) left.push({ tag: outcome.tag, nodeId: outcome.nodeId });
      else this.#noteOutcome(subscription, outcome);
    }
    return left;
  }

  #noteOutcome(
    subscription: LiveSubscription,
    { tag, statusCode, statusName, monitoredItemId, withoutFilter }: ItemOutcome,
  ): void {
    if (statusCode >>> 30 === 2) return this.#bad.add(tag, statusName);
    this.#placed.set(tag.handle, subscription, monitoredItemId);
    if (withoutFilter) reportNoFilter(this.#say, tag);
    this.#bad.heal(tag);
  }

  async #retryBad(): Promise<void> {
    if (this.#repair !== null || this.#bad.tags.length === 0 || this.#poller !== null) return;
    const due = this.#resolved(this.#bad.tags);
    for (const subscription of this.#placed.subscriptions) {
      await this.#fill(
        subscription,
        due.filter(({ tag }) => tag.publishingMs === subscription.publishingMs && !this.#placed.has(tag.handle)),
      );
    }
  }

  async #revive(subscription: LiveSubscription): Promise<void> {
    reportHole(this.#say, this.#server, 'the server has forgotten a subscription');
    const tags = this.#tags.filter(({ handle }) => this.#placed.isIn(handle, subscription));
    this.#placed.abandon(subscription);
    this.#parts.seen.expectGap(tags.map(({ handle }) => handle));
    await this.#subscribe(this.#resolved(tags));
  }
}
