/** Deterministic random numbers from a 32-bit seed (mulberry32). */
export type Random = {
  /** Evenly in [0,1). */
  readonly uniform: () => number;
  /** Roughly normal, mean 0, spread 1: three uniforms, which is enough for sensor noise and cheap. */
  readonly normal: () => number;
};

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { uniform, normal: () => (uniform() + uniform() + uniform() - 1.5) * 2 };
}

/** One number in [0,1) for a seed and a key, e.g. the day's demand; the same whenever it is asked for. */
export function hashed(seed: number, key: number): number {
  return createRandom(Math.imul(seed ^ 0x9e_37_79_b9, 0x85_eb_ca_6b) ^ Math.imul(key, 0xc2_b2_ae_35)).uniform();
}
