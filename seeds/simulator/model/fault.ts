import { planOf } from './calendar.ts';

export const faultKinds = [
  'bearing-wear',
  'air-leak',
  'stuck-sensor',
  'standby-waste',
  'counter-reset',
  'bad-quality',
  'clock-jump',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault injected into one machine over a time, epoch ms. */
export type Fault = {
  readonly id: string;
  readonly kind: FaultKind;
  readonly path: string;
  readonly from: number;
  readonly to: number;
  /** 1 = as strong as described in `faultText`. */
  readonly severity: number;
  /** Tag that is hit, for stuck-sensor and bad-quality. */
  readonly tag?: string;
};

/** process: something is wrong with the machine and an anomaly score should rise. data: something is wrong with the values. */
export function faultClass(kind: FaultKind): 'process' | 'data' {
  switch (kind) {
    case 'bearing-wear':
    case 'air-leak':
    case 'stuck-sensor':
    case 'standby-waste':
      return 'process';
    case 'counter-reset':
    case 'bad-quality':
    case 'clock-jump':
      return 'data';
    default:
      return kind satisfies never;
  }
}

export const faultText: Readonly<Record<FaultKind, string>> = {
  'bearing-wear': 'vibration, bearing temperature and power rise over the first half and stay',
  'air-leak': 'compressed air is lost: more flow and power for the same demand',
  'stuck-sensor': 'one sensor keeps its last value',
  'standby-waste': 'the machine reports standby but stays powered almost as when idle',
  'counter-reset': 'the energy counter starts again at 0',
  'bad-quality': 'one tag has status Bad',
  'clock-jump': 'source timestamps are one hour ahead',
};

const plan = [
  { kind: 'bearing-wear', path: 'machining/cnc-line/cnc-1', at: 0.06, length: 0.3 },
  { kind: 'air-leak', path: 'utilities/media/compressor-1', at: 0.45, length: 0.2 },
  { kind: 'stuck-sensor', path: 'plastics/moulding-line/imm-1', tag: 'MouldTemperature', at: 0.22, length: 0.2 },
  { kind: 'standby-waste', path: 'body/press-line/press-1', at: 0.62, length: 0.3 },
  { kind: 'counter-reset', path: 'body/press-line/press-2', at: 0.5, length: 0 },
  { kind: 'bad-quality', path: 'electronics/smt-line/reflow-1', tag: 'Zone4Temperature', at: 0.35, length: 0.03 },
  { kind: 'clock-jump', path: 'machining/cnc-line/cnc-3', at: 0.75, length: 0.02 },
] as const satisfies readonly {
  readonly kind: FaultKind;
  readonly path: string;
  readonly tag?: string;
  readonly at: number;
  readonly length: number;
}[];

/** One fault of each kind, spread over the range. Standby waste begins with the next night, since it shows only at rest. */
export function defaultFaultPlan({ from, to }: { readonly from: number; readonly to: number }): readonly Fault[] {
  return plan.map(({ at, length, ...fault }, index) => {
    const planned = Math.round(from + at * (to - from));
    const start = fault.kind === 'standby-waste' ? nextRest(planned, to) : planned;
    return { ...fault, id: `F${index + 1}`, from: start, to: Math.round(start + length * (to - from)), severity: 1 };
  });
}

/** First instant from `from` on at which the press line rests for two more hours; `from` when none comes before `to`. */
function nextRest(from: number, to: number): number {
  for (let at = from; at < to; at += 600_000) {
    if (planOf(0, 0, at) === 'rest' && planOf(0, 0, at + 7_200_000) === 'rest') return at;
  }
  return from;
}
