type Segment = readonly [from: number, to: number];

/** The thresholds the surface is taken at. */
const THRESHOLDS = 250;

/**
 * Volume under the precision-recall surface: area under precision-recall with label borders softened by every width from
 * 0 to `window` rows, averaged (Paparrizos et al., PVLDB 15(11), 2022; 250 thresholds as in TSB-AD). NaN without any label.
 */
export function vusPr(labels: readonly boolean[], scores: readonly number[], window: number): number {
  const n = labels.length;
  const segments = segmentsOf(labels);
  if (segments.length === 0) return Number.NaN;
  const positives = labels.filter(Boolean).length;
  const falling = [...scores].sort((a, b) => b - a);
  const thresholds = Array.from(
    { length: THRESHOLDS },
    (_, k) => falling[Math.floor((k * (n - 1)) / (THRESHOLDS - 1))] ?? 0,
  );
  const predicted = countsFrom(falling, thresholds);
  const outer = widen(segments, window, n);
  const inside = outer
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, k) => from + k))
    .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  let sum = 0;
  for (let width = 0; width <= window; width += 1) {
    const soft = softLabels(labels, segments, width);
    const ranges = widen(segments, width, n);
    const hits = hitsPerThreshold(inside, labels, soft, scores, thresholds);
    const peaks = ranges.map(([from, to]) =>
      scores.slice(from, to + 1).reduce((peak, score) => Math.max(peak, score), Number.NEGATIVE_INFINITY),
    );
    let recallBefore = 0;
    thresholds.forEach((threshold, k) => {
      const { truePositive = 0, size = 0 } = hits[k] ?? {};
      const found = peaks.filter((peak) => peak >= threshold).length / ranges.length;
      const recall = Math.min(1, truePositive / ((positives + size) / 2)) * found;
      sum += (recall - recallBefore) * (truePositive / Math.max(1, predicted[k] ?? 1));
      recallBefore = recall;
    });
  }
  return sum / (window + 1);
}

function segmentsOf(labels: readonly boolean[]): Segment[] {
  const segments: Segment[] = [];
  let from = -1;
  for (let i = 0; i <= labels.length; i += 1) {
    if (labels[i] === true && from === -1) from = i;
    if (labels[i] !== true && from !== -1) {
      segments.push([from, i - 1]);
      from = -1;
    }
  }
  return segments;
}

function widen(segments: readonly Segment[], width: number, n: number): Segment[] {
  const half = Math.floor(width / 2);
  const out: [number, number][] = [];
  segments.forEach(([from, to], index) => {
    const last = out.at(-1);
    const before = segments[index - 1];
    const end = Math.min(to + half, n - 1);
    if (last !== undefined && before !== undefined && before[1] + half >= from - half) last[1] = end;
    else out.push([Math.max(from - half, 0), end]);
  });
  return out;
}

function softLabels(labels: readonly boolean[], segments: readonly Segment[], width: number): Float64Array {
  const soft = Float64Array.from(labels, Number);
  const half = Math.floor(width / 2);
  for (const [from, to] of segments) {
    for (let d = 1; d <= half; d += 1) {
      const weight = Math.sqrt(1 - d / width);
      if (to + d < soft.length) soft[to + d] = Math.min(1, (soft[to + d] ?? 0) + weight);
      if (from - d >= 0) soft[from - d] = Math.min(1, (soft[from - d] ?? 0) + weight);
    }
  }
  return soft;
}

function hitsPerThreshold(
  order: readonly number[],
  labels: readonly boolean[],
  soft: Float64Array,
  scores: readonly number[],
  thresholds: readonly number[],
): { readonly truePositive: number; readonly size: number }[] {
  const positives = order.filter((index) => labels[index] === true).length;
  let at = 0;
  let truePositive = 0;
  let softSize = 0;
  return thresholds.map((threshold) => {
    for (; at < order.length && (scores[order[at] ?? 0] ?? 0) >= threshold; at += 1) {
      const index = order[at] ?? 0;
      truePositive += soft[index] ?? 0;
      if (labels[index] !== true) softSize += soft[index] ?? 0;
    }
    return { truePositive, size: positives + softSize };
  });
}

/** How many of the falling scores reach each of the falling thresholds. */
function countsFrom(falling: readonly number[], thresholds: readonly number[]): number[] {
  let count = 0;
  return thresholds.map((threshold) => {
    while (count < falling.length && (falling[count] ?? 0) >= threshold) count += 1;
    return count;
  });
}
