/** What the ledger could not count, for the health page. */
export type LedgerIssue = {
  readonly code:
    | 'UNIT_UNKNOWN'
    | 'COUNTER_UNRESOLVED'
    | 'COUNTER_RESET'
    | 'COUNTER_STALLED'
    | 'VALUE_NOT_A_NUMBER'
    | 'VALUE_CONFLICT'
    | 'STATE_UNKNOWN';
  readonly tag: string;
  readonly at: number;
  readonly message: string;
  readonly remedy: string;
};

export type IssueText = { readonly message: string; readonly remedy: string };

const iso = (at: number): string => new Date(at).toISOString();

/** Texts of what happens to counters; `unit` is the unit of the tag or ''. */
export const counterIssueText = {
  unresolved: (value: number, unit: string, from: number): IssueText => ({
    message: `counter changed to ${value} ${unit} in a way no rollover, reset or rated maximum explains; nothing was added from ${iso(from)} on`,
    remedy: 'check modulus and ratedMax of the tag, or whether the meter was replaced',
  }),
  tooLong: (delta: number, unit: string, { from, to }: { readonly from: number; readonly to: number }): IssueText => ({
    message: `no value between ${iso(from)} and ${iso(to)}; ${delta} ${unit} counted meanwhile are in no sum`,
    remedy: 'book them by hand if they are needed; the series goes on from here',
  }),
  reset: (from: number, to: number): IssueText => ({
    message: `counter was reset between ${iso(from)} and ${iso(to)} and is counted from 0; what it had counted before the reset since the last sample is unknown`,
    remedy: 'nothing to do when the meter was reset on purpose',
  }),
  stalled: (hours: number, kw: number): IssueText => ({
    message: `counter has not moved for ${hours.toFixed(1)} h while the power is ${kw.toPrecision(4)} kW: it stands still, or is a 32-bit float whose step is too coarse`,
    remedy: 'read a counter in double precision (MeasurementID 1002 instead of 1001), or repair the meter',
  }),
  conflict: (kept: number, refused: number): IssueText => ({
    message: `two values for one instant: ${kept} was counted, ${refused} is left out`,
    remedy: 'check for two writers of the node, or a clock that was set back',
  }),
} as const;
