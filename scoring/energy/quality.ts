/** OPC UA status codes: top bits 00 Good, 01 Uncertain, 10 Bad (OPC 10000-4, 7.39). */
export type Quality = 'good' | 'uncertain' | 'bad';

export function qualityOf(statusCode: number): Quality {
  const severity = statusCode >>> 30;
  return severity === 0 ? 'good' : severity === 1 ? 'uncertain' : 'bad';
}

/** Knobs of OPC 10000-13 (aggregate configuration), by their names there. */
export type QualityOptions = {
  readonly treatUncertainAsBad: boolean;
  /** Share of good time from which a window is good, percent. */
  readonly percentDataGood: number;
  /** Share of bad time from which a window is bad, percent. */
  readonly percentDataBad: number;
};

export const defaultQuality: QualityOptions = { treatUncertainAsBad: true, percentDataGood: 80, percentDataBad: 100 };

export type WindowQuality = {
  /** provisional: what a person may look at while the window is not final. */
  readonly provisional: Quality;
  /** incomplete: the final window has no figure. */
  readonly final: 'complete' | 'incomplete';
};

/** Quality of a window from the time it holds each quality, ms. Uncertain values alone make nothing final. */
export function judgeWindowQuality(
  time: { readonly good: number; readonly uncertain: number; readonly bad: number },
  options: QualityOptions = defaultQuality,
): WindowQuality {
  const total = time.good + time.uncertain + time.bad;
  const goodTime = time.good + (options.treatUncertainAsBad ? 0 : time.uncertain);
  const good = total > 0 ? (goodTime / total) * 100 : 0;
  const bad = total > 0 ? (time.bad / total) * 100 : 100;
  return {
    provisional: good >= options.percentDataGood ? 'good' : bad >= options.percentDataBad ? 'bad' : 'uncertain',
    final: good >= options.percentDataGood ? 'complete' : 'incomplete',
  };
}

/** A value with all that decides between two of the same source timestamp. */
export type StampedValue = { readonly value: number; readonly statusCode: number; readonly serverTimestamp: number };

/** Of two values for one instant the better quality counts, then the later server time; `conflict` is for the log. */
export function chooseValue(
  first: StampedValue,
  second: StampedValue,
): { readonly chosen: StampedValue; readonly conflict: boolean } {
  const conflict = first.value !== second.value || first.statusCode !== second.statusCode;
  const rank = { good: 0, uncertain: 1, bad: 2 };
  const difference = rank[qualityOf(first.statusCode)] - rank[qualityOf(second.statusCode)];
  const later = second.serverTimestamp > first.serverTimestamp;
  return { chosen: difference > 0 || (difference === 0 && later) ? second : first, conflict };
}

const HOUR = 3_600_000;

/** Whether source and server time disagree by more than a limit; names the classic, local time stamped as UTC. */
export function clockAlarm(
  sourceTimestamp: number,
  serverTimestamp: number,
  limitMs: number,
): { readonly skewMs: number; readonly suspicion: string } | null {
  const skewMs = sourceTimestamp - serverTimestamp;
  if (Math.abs(skewMs) <= limitMs) return null;
  const hours = Math.round(skewMs / HOUR);
  const whole = hours !== 0 && Math.abs(skewMs - hours * HOUR) <= Math.min(limitMs, 60_000);
  return {
    skewMs,
    suspicion: whole
      ? `the source is ${Math.abs(hours)} h ${hours > 0 ? 'ahead' : 'behind'}: local time stamped as UTC?`
      : `the source is ${Math.abs(Math.round(skewMs / 1000))} s ${skewMs > 0 ? 'ahead' : 'behind'}: set its clock`,
  };
}
