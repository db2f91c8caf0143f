/** The value below which a share `q` of the sorted numbers lies, linearly interpolated. */
export function quantile(sorted: readonly number[] | Float64Array, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}

/**
 * Level that is exceeded with probability `p`, by peaks over threshold: a generalised Pareto distribution fitted by
 * moments to the excesses over the 95 % quantile (Hosking & Wallis, Technometrics 29, 1987). Never below the largest
 * value that was exceeded as often as `p` in the sample itself.
 */
export function tailLevel(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const start = quantile(sorted, 0.95);
  const excesses = sorted.filter((value) => value > start).map((value) => value - start);
  const empirical = quantile(sorted, 1 - p);
  if (excesses.length < 10) return empirical;
  const mean = excesses.reduce((sum, value) => sum + value, 0) / excesses.length;
  const variance = excesses.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (excesses.length - 1);
  if (!(variance > 0)) return empirical;
  // A shape above 0.3 comes from too few independent peaks and would give an absurd limit.
  const shape = Math.min(0.3, 0.5 * (1 - mean ** 2 / variance));
  const scale = mean * (1 - shape);
  const ratio = p / 0.05;
  const level =
    Math.abs(shape) < 1e-6 ? start - scale * Math.log(ratio) : start + (scale / shape) * (ratio ** -shape - 1);
  return Math.max(level, empirical);
}
