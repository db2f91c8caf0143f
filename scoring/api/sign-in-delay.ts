const FIRST_MS = 100;
const LONGEST_MS = 3000;
const FORGET_MS = 5 * 60_000;
const ADDRESSES_KEPT = 1000;

/** How long the answer to a refused sign-in is held back, per address. */
export type SignInDelay = {
  /** Notes a refusal and returns the delay of its answer in ms; it doubles up to 3 s. */
  readonly refused: (address: string) => number;
  readonly accepted: (address: string) => void;
};

/** Refusals are forgotten five minutes after the last one. */
export function createSignInDelay(now: () => number): SignInDelay {
  const refusals = new Map<string, { readonly count: number; readonly at: number }>();
  return {
    refused(address) {
      const at = now();
      const before = refusals.get(address);
      const count = before !== undefined && at - before.at < FORGET_MS ? before.count + 1 : 1;
      refusals.delete(address);
      refusals.set(address, { count, at });
      const oldest = refusals.keys().next();
      if (refusals.size > ADDRESSES_KEPT && oldest.done === false) refusals.delete(oldest.value);
      return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(count - 1, 10));
    },
    accepted: (address) => void refusals.delete(address),
  };
}
