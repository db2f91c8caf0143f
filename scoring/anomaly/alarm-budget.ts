const WEEK_MS = 7 * 86_400_000;

/**
 * An operator's budget of false alarms per machine and week as the share of healthy rows, one every `rowMs`, whose run above
 * the limit may start: the risk q of peaks over threshold.
 */
export function riskOf(falseAlarmsPerWeek: number, rowMs: number): number {
  return Math.max(1e-9, Math.min(0.05, (falseAlarmsPerWeek * rowMs) / WEEK_MS));
}

/** Rows of an episode above the limit: a score is smoothed, so exceedances come in runs of about this length. */
export const ROWS_PER_EPISODE = 15;
