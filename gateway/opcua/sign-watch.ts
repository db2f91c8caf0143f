import type { ClientSession } from 'node-opcua';
import type { LiveSubscription } from './live-subscription.ts';
import { answers } from './namespaces.ts';

/** A server that says nothing at all to a read for this long does not answer. */
const PROBE_MS = 5000;
/** So many forgotten subscriptions are made anew within one session before the session itself is. */
const REVIVALS = 2;

/** Something through which a server is heard; silent for longer than `patienceMs`, it is not alive. */
type Sign = { readonly heardAt: number; readonly patienceMs: number };

export type SignWatchParts = {
  readonly session: ClientSession;
  readonly subscriptions: () => readonly LiveSubscription[];
  readonly poller: () => Sign | null;
  /** The server does not answer. */
  readonly onSilent: () => void;
  /** The server answers, but has forgotten this subscription. */
  readonly revive: (subscription: LiveSubscription) => Promise<void>;
  readonly onEnded: (reason: string) => void;
};

/** Liveness is what comes through each subscription: a session that looks well may have none of them left. */
export class SignWatch {
  readonly #parts: SignWatchParts;
  #isChecking = false;
  #revivals = 0;

  constructor(parts: SignWatchParts) {
    this.#parts = parts;
  }

  /** Looks for subscriptions that are silent for too long. */
  async check(): Promise<void> {
    const { session, subscriptions, poller, onSilent, revive, onEnded } = this.#parts;
    if (this.#isChecking) return;
    const isSilent = ({ heardAt, patienceMs }: Sign): boolean => Date.now() - heardAt > patienceMs;
    const silent = subscriptions().filter(isSilent);
    const rounds = poller();
    const hasNoRounds = rounds !== null && isSilent(rounds);
    if (silent.length === 0 && !hasNoRounds) return;
    this.#isChecking = true;
    try {
      if (!(await answers(session, PROBE_MS))) return onSilent();
      if (hasNoRounds) return onEnded('the server does not answer reads of its nodes');
      this.#revivals += 1;
      if (this.#revivals > REVIVALS) return onEnded('the server forgets subscriptions again and again');
      for (const subscription of silent) if (isSilent(subscription)) await revive(subscription);
    } finally {
      this.#isChecking = false;
    }
  }
}
