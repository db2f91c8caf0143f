import { planOf } from './calendar.ts';
import { hashed } from './random.ts';

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
  'air-leak': 'compressed air is lost: more flow and power, less pressure for the same demand',
  'stuck-sensor': 'one sensor keeps its last value',
  'standby-waste': 'the machine reports standby but stays powered almost as when idle',
  'counter-reset': 'the energy counter starts again at 0',
  'bad-quality': 'one tag has status Bad',
  'clock-jump': 'source timestamps are an hour ahead at severity 1',
};

type Planned = {
  readonly kind: FaultKind;
  /** Machine and, where one tag is hit, that tag; the seed chooses among them. */
  readonly targets: readonly (readonly [path: string, tag?: string])[];
  /** Start and length as shares of the range. */
  readonly at: number;
  readonly length: number;
};

const plan: readonly Planned[] = [
  {
    kind: 'bearing-wear',
    targets: [['machining/cnc-line/cnc-1'], ['machining/cnc-line/cnc-2']],
    at: 0.06,
    length: 0.3,
  },
  { kind: 'air-leak', targets: [['utilities/media/compressor-1']], at: 0.45, length: 0.2 },
  {
    kind: 'stuck-sensor',
    targets: [
      ['plastics/moulding-line/imm-1', 'MouldTemperature'],
      ['plastics/moulding-line/imm-2', 'HydraulicOilTemperature'],
    ],
    at: 0.22,
    length: 0.2,
  },
  { kind: 'standby-waste', targets: [['body/press-line/press-1']], at: 0.62, length: 0.3 },
  {
    kind: 'counter-reset',
    targets: [['body/press-line/press-2'], ['plastics/moulding-line/dryer-1']],
    at: 0.5,
    length: 0,
  },
  {
    kind: 'bad-quality',
    targets: [
      ['electronics/smt-line/reflow-1', 'Zone4Temperature'],
      ['machining/cnc-line/washer-1', 'SprayPressure'],
    ],
    at: 0.35,
    length: 0.03,
  },
  {
    kind: 'clock-jump',
    targets: [['machining/cnc-line/cnc-3'], ['electronics/smt-line/placer-1']],
    at: 0.75,
    length: 0.02,
  },
];

/** Starts move by up to this share of the range with the seed. */
const JITTER = 0.04;

/**
 * One fault of each kind, spread over the range (epoch ms). The seed moves the starts a little and chooses the machines;
 * without one the plan is the same for every plant. Standby waste begins with a night (the
 * next one, or an earlier one where none follows within the range), since it shows only at rest.
 */
export function defaultFaultPlan(options: {
  readonly from: number;
  readonly to: number;
  readonly seed?: number;
}): readonly Fault[] {
  const { from, to, seed } = options;
  return plan.map(({ kind, targets, at, length }, index) => {
    const [path, tag] = targets[seed === undefined ? 0 : Math.floor(hashed(seed, index) * targets.length)] ?? [''];
    const moved = seed === undefined ? at : at + (hashed(seed, index + 100) - 0.5) * JITTER;
    const planned = Math.round(from + moved * (to - from));
    const start = kind === 'standby-waste' ? (firstRest(planned, to) ?? firstRest(from, planned) ?? planned) : planned;
    const end = Math.round(start + length * (to - from));
    return {
      kind,
      path,
      ...(tag === undefined ? {} : { tag }),
      id: `F${index + 1}`,
      from: start,
      to: end,
      severity: 1,
    };
  });
}

/** First instant from `from` on at which the press line rests for two more hours; null when none comes before `to`. */
function firstRest(from: number, to: number): number | null {
  for (let at = from; at < to; at += 600_000) {
    if (planOf(0, at) === 'rest' && planOf(0, at + 7_200_000) === 'rest') return at;
  }
  return null;
}
