import { JoulegateError } from '../../broker/contract/error.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';
import { RunningMoments } from './running-moments.ts';

/** What a single sensor is looked at for. */
export const sensorChecks = ['spike', 'rate', 'range', 'flatline', 'drift'] as const;
export type SensorCheck = (typeof sensorChecks)[number];

/** Which check of which sensor said most about the latest row. */
export type SensorFinding = { readonly sensor: number; readonly check: SensorCheck; readonly ratio: number };

const WARM_UP_ROWS = 100;
/** Rows before the largest and smallest value, and the longest run of equal ones, are known. */
const KNOWN_ROWS = 500;
/** Rows the usual level and the usual step fade over. */
const LEVEL_ROWS = 2000;
/** A value may lie outside what was seen by this part of the span, and equal values may go on for this many times as long. */
const RANGE_MARGIN = 0.1;
const FLAT_TIMES = 3;
const LEAST_FLAT = 30;
/** Smoothing of the forecast whose errors are summed, and reference value and decision interval of the tabular CUSUM in spreads. */
const FORECAST_WEIGHT = 0.1;
const CUSUM_SLACK = 0.5;
const CUSUM_LIMIT = 5;
/** A sum counts up to this many limits, so that the end of a shift is seen. */
const MOST_LIMITS = 2;
/** Rate at which a check may be exceeded by a healthy sensor. */
const RISK = 1e-3;
/** Spreads that no step and no spike below is unusual. */
const LEAST_SPREADS = 4;

class SensorState {
  readonly level = new RunningMoments(LEVEL_ROWS);
  readonly step = new RunningMoments(LEVEL_ROWS);
  readonly error = new RunningMoments(LEVEL_ROWS);
  forecast = 0;
  readonly limits = {
    spike: new AdaptiveLimit(RISK, LEAST_SPREADS),
    rate: new AdaptiveLimit(RISK, LEAST_SPREADS),
    drift: new AdaptiveLimit(RISK, CUSUM_LIMIT),
  };
  least = Number.POSITIVE_INFINITY;
  most = Number.NEGATIVE_INFINITY;
  longest = 0;
  flat = 0;
  up = 0;
  down = 0;
  values: number[] = [];

  save(): unknown {
    const { level, step, error, forecast, limits, least, most, longest, flat, up, down, values } = this;
    return {
      level: level.save(),
      step: step.save(),
      error: error.save(),
      limits: [limits.spike.save(), limits.rate.save(), limits.drift.save()],
      span: level.count > 0 ? [least, most] : [],
      plain: [longest, flat, up, down, forecast],
      values,
    };
  }

  static from(saved: SavedState): SensorState {
    const state = new SensorState();
    Object.assign(state, {
      level: RunningMoments.from(saved.level),
      step: RunningMoments.from(saved.step),
      error: RunningMoments.from(saved.error),
    });
    state.limits.spike.load(saved.limits[0] ?? []);
    state.limits.rate.load(saved.limits[1] ?? []);
    state.limits.drift.load(saved.limits[2] ?? []);
    [state.least = Number.POSITIVE_INFINITY, state.most = Number.NEGATIVE_INFINITY] = saved.span;
    [state.longest = 0, state.flat = 0, state.up = 0, state.down = 0, state.forecast = 0] = saved.plain;
    state.values = [...saved.values];
    return state;
  }
}

type SavedState = {
  readonly level: readonly number[];
  readonly step: readonly number[];
  readonly error: readonly number[];
  readonly limits: readonly (readonly number[])[];
  readonly span: readonly number[];
  readonly plain: readonly number[];
  readonly values: readonly number[];
};

/**
 * Checks of each sensor by itself, without training: gross range, rate of change, spike and flat line (QARTOD real-time quality
 * control, IOOS 2020) with limits that the sensor's own past sets, and slow drift by the tabular CUSUM (Page, Biometrika 41,
 * 1954) of forecast errors, since rows are autocorrelated (Alwan & Roberts, J. Bus. Econ. Stat. 6, 1988). The ratio is that of the check that says most.
 */
export class SensorChecks implements Detector {
  #states: SensorState[] = [];
  #row: Float64Array = new Float64Array();
  #findings: SensorFinding[] = [];

  /** The check that says most about the latest row; null before there is one. */
  get finding(): SensorFinding | null {
    return this.#findings[0] ?? null;
  }

  fit(rows: readonly Float64Array[]): void {
    this.#states = [];
    this.#findings = [];
    for (const row of rows) this.next(row);
  }

  next(row: Float64Array): Judgement {
    this.#row = row;
    let missing = 0;
    const findings: SensorFinding[] = [];
    row.forEach((value, sensor) => {
      const state = (this.#states[sensor] ??= new SensorState());
      if (!Number.isFinite(value)) missing += 1;
      else findings.push(topOf(state, value, sensor));
    });
    this.#findings = findings.sort((a, b) => b.ratio - a.ratio);
    if (missing === row.length) return { score: 0, ratio: 0, degraded: 'no-data' };
    if (this.#states.every(({ level }) => level.count <= WARM_UP_ROWS))
      return { score: 0, ratio: 0, degraded: 'warm-up' };
    const ratio = this.#findings[0]?.ratio ?? 0;
    const judged = { score: calibrateRatio(ratio), ratio };
    return missing > 0 ? { ...judged, degraded: 'sensor-missing' } : judged;
  }

  explain(): readonly SensorPart[] {
    const total = this.#findings.reduce((sum, { ratio }) => sum + ratio, 0);
    return this.#findings.map(({ sensor, ratio }) => ({
      sensor,
      share: total > 0 ? ratio / total : 1 / this.#findings.length,
      value: this.#row[sensor] ?? Number.NaN,
      expected: this.#states[sensor]?.level.mean ?? Number.NaN,
    }));
  }

  save(): unknown {
    return { kind: 'sensor-checks', states: this.#states.map((state) => state.save()) };
  }

  load(saved: unknown): void {
    const state = saved as { readonly kind?: string; readonly states?: readonly SavedState[] } | null;
    if (state?.kind !== 'sensor-checks' || state.states === undefined) {
      throw new JoulegateError('CONFIG_INVALID', 'model data is not of the detector "sensor-checks"; start it anew');
    }
    this.#states = state.states.map((one) => SensorState.from(one));
    this.#findings = [];
  }
}

/** Judges a value by what was before it, then learns from it. */
function topOf(state: SensorState, value: number, sensor: number): SensorFinding {
  const { level, step, limits, values } = state;
  const last = values.at(-1) ?? value;
  const middle = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? value;
  const usualStep = Math.max(step.spread, 1e-9 * Math.abs(level.mean), 1e-12);
  const spike = Math.abs(value - middle) / usualStep;
  const rate = Math.abs(value - last) / usualStep;
  const error = value - (values.length === 0 ? value : state.forecast);
  const away = (error - state.error.mean) / Math.max(state.error.spread, 1e-9 * Math.abs(level.mean), 1e-12);
  const most = MOST_LIMITS * Math.min(limits.drift.limit, 10 * CUSUM_LIMIT);
  state.up = Math.max(0, Math.min(most, state.up + away - CUSUM_SLACK));
  state.down = Math.max(0, Math.min(most, state.down - away - CUSUM_SLACK));
  const drift = Math.max(state.up, state.down);
  state.flat = values.length > 0 && value === last ? state.flat + 1 : 0;
  const warm = level.count > WARM_UP_ROWS;
  const known = level.count > KNOWN_ROWS;
  const margin = RANGE_MARGIN * (state.most - state.least);
  const outside = Math.max(state.least - value, value - state.most, 0);
  const ratios: Readonly<Record<SensorCheck, number>> = {
    spike: warm ? spike / limits.spike.limit : 0,
    rate: warm ? rate / limits.rate.limit : 0,
    drift: warm ? drift / limits.drift.limit : 0,
    range: known && margin > 0 ? Math.min(10, outside / margin) : 0,
    // A sensor that never moved cannot be stuck.
    flatline: known && state.most > state.least ? state.flat / Math.max(LEAST_FLAT, FLAT_TIMES * state.longest) : 0,
  };
  learn(state, value, { spike, rate, drift, step: value - last, error });
  return sensorChecks
    .map((check) => ({ sensor, check, ratio: ratios[check] }))
    .reduce((top, one) => (one.ratio > top.ratio ? one : top));
}

function learn(
  state: SensorState,
  value: number,
  seen: {
    readonly spike: number;
    readonly rate: number;
    readonly drift: number;
    readonly step: number;
    readonly error: number;
  },
): void {
  const { level, step, limits, values } = state;
  if (level.count > WARM_UP_ROWS / 2) {
    limits.spike.add(seen.spike);
    limits.rate.add(seen.rate);
    limits.drift.add(seen.drift);
  }
  level.add(value);
  state.error.add(seen.error);
  state.forecast = values.length === 0 ? value : state.forecast + FORECAST_WEIGHT * seen.error;
  if (values.length > 0) step.add(seen.step);
  state.least = Math.min(state.least, value);
  state.most = Math.max(state.most, value);
  if (level.count <= KNOWN_ROWS || state.flat < LEAST_FLAT) state.longest = Math.max(state.longest, state.flat);
  values.push(value);
  if (values.length > 5) values.shift();
}
