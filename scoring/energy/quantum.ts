/**
 * Sums are kept as whole numbers of 10⁻⁹ kWh (or pieces): whole numbers add up to the same total in any order, so windows
 * always add up to their counter and children to their parent. Exact up to 9 million kWh per window.
 */
const PER_UNIT = 1e9;

/** Amount as a whole number of 10⁻⁹ units. */
export const toNano = (amount: number): number => Math.round(amount * PER_UNIT);

/** The decimal a whole number of 10⁻⁹ units stands for, correctly rounded. */
export const fromNano = (nano: number): number => nano / PER_UNIT;

/** Part of a whole amount, rounded the same way for what is added and for what is taken back. */
export const wholePart = (amount: number, part: number, whole: number): number =>
  Math.sign(amount) * Math.round((Math.abs(amount) * part) / whole);

/** Σ of amounts that come from whole numbers, exact. */
export const exactTotal = (amounts: Iterable<number>): number => {
  let total = 0;
  for (const amount of amounts) total += toNano(amount);
  return fromNano(total);
};

/**
 * Splits an amount by weights so that the parts add up to it exactly (largest remainder at 10⁻⁹).
 * @returns null when no weight is greater than 0, or one is negative or not finite.
 */
export function splitExactly(amount: number, weights: readonly number[]): number[] | null {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(whole > 0) || !Number.isFinite(whole) || weights.some((weight) => weight < 0)) return null;
  const total = toNano(amount);
  const shares = weights.map((weight) => (total * weight) / whole);
  const parts = shares.map(Math.floor);
  const missing = total - parts.reduce((sum, part) => sum + part, 0);
  const order = shares.map((share, index) => ({ index, rest: share - Math.floor(share) }));
  order.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (let i = 0; i < Math.abs(missing); i += 1) {
    const index = order[i % order.length]?.index ?? 0;
    parts[index] = (parts[index] ?? 0) + Math.sign(missing);
  }
  return parts.map(fromNano);
}
