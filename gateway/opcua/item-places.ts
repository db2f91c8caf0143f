import type { ClientSession } from 'node-opcua';
import type { LiveSubscription } from './live-subscription.ts';
import { deleteItems } from './subscribe.ts';

/** In which subscription of a session the monitored item of each tag is. */
export class ItemPlaces {
  readonly #subscriptions: LiveSubscription[] = [];
  readonly #places = new Map<number, { readonly subscription: LiveSubscription; readonly item: number }>();

  get subscriptions(): readonly LiveSubscription[] {
    return this.#subscriptions;
  }

  /** Tags that have an item. */
  get size(): number {
    return this.#places.size;
  }

  open(subscription: LiveSubscription): void {
    this.#subscriptions.push(subscription);
  }

  /** The item of a tag, by its number at the server. */
  set(handle: number, subscription: LiveSubscription, item: number): void {
    subscription.someItem = item;
    this.#places.set(handle, { subscription, item });
  }

  has(handle: number): boolean {
    return this.#places.has(handle);
  }

  isIn(handle: number, subscription: LiveSubscription): boolean {
    return this.#places.get(handle)?.subscription === subscription;
  }

  /** Tags whose items are in a subscription. */
  handlesIn(subscription: LiveSubscription): number[] {
    return [...this.#places].flatMap(([handle, place]) => (place.subscription === subscription ? [handle] : []));
  }

  /** Gives a subscription up with all its items. */
  abandon(subscription: LiveSubscription): void {
    subscription.abandon();
    this.#subscriptions.splice(this.#subscriptions.indexOf(subscription), 1);
    for (const [handle, place] of this.#places) if (place.subscription === subscription) this.#places.delete(handle);
  }

  /**
   * Deletes the items of all other tags than these at the server, and subscriptions that have none left.
   * @throws the library's error when the server does not answer; it may be called again.
   */
  async keep(session: ClientSession, handles: ReadonlySet<number>, maxPerCall: number): Promise<void> {
    for (const subscription of this.#subscriptions.slice()) {
      const places = [...this.#places].filter(([, place]) => place.subscription === subscription);
      const gone = places.filter(([handle]) => !handles.has(handle));
      const staying = places.find(([handle]) => handles.has(handle));
      if (gone.length === 0) continue;
      if (staying === undefined) {
        this.abandon(subscription);
        continue;
      }
      // Proof that the subscription is alive is asked of one of its items.
      subscription.someItem = staying[1].item;
      const items = gone.map(([, { item }]) => item);
      await deleteItems(session, subscription.subscription, items, maxPerCall);
      for (const [handle] of gone) this.#places.delete(handle);
    }
  }
}
