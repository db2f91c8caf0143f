/** Rows counted by label and alarm, without any point adjustment. */
export type Confusion = { readonly tp: number; readonly tn: number; readonly fp: number; readonly fn: number };

/** Counts one record. */
export function confusionOf(labels: readonly boolean[], alarms: readonly boolean[]): Confusion {
  const counts = { tp: 0, tn: 0, fp: 0, fn: 0 };
  labels.forEach((label, index) => {
    counts[label ? (alarms[index] === true ? 'tp' : 'fn') : alarms[index] === true ? 'fp' : 'tn'] += 1;
  });
  return counts;
}

/** Sum over records: SKAB's micro-average. */
export function addConfusion(a: Confusion, b: Confusion): Confusion {
  return { tp: a.tp + b.tp, tn: a.tn + b.tn, fp: a.fp + b.fp, fn: a.fn + b.fn };
}

/** F1, false-alarm rate and missed-alarm rate, the rates in percent. */
export function rates({ tp, tn, fp, fn }: Confusion): {
  readonly f1: number;
  readonly far: number;
  readonly mar: number;
} {
  return {
    f1: tp + fn + fp === 0 ? 0 : tp / (tp + (fn + fp) / 2),
    far: (100 * fp) / Math.max(1, fp + tn),
    mar: (100 * fn) / Math.max(1, fn + tp),
  };
}
