import { JoulegateError } from '../../broker/contract/error.ts';
import { calibrateRatio, type Detector, type Judgement, type SensorPart } from './detector.ts';

/**
 * How members are joined. `mean`: weighted geometric mean of the ratios, for members that see the same faults and differ in
 * their noise. `any`: the largest ratio, for members that see different faults. (Aggarwal & Sathe, SIGKDD Explor. 17(1), 2015.)
 */
export type Fusion = 'mean' | 'any';

export type Member = {
  readonly name: string;
  readonly detector: Detector;
  /** Weight in the mean, 0 leaves the member out; asked for after every row. Default 1. */
  readonly weight?: () => number;
};

/** Several detectors as one. Each ratio is calibrated to its own limit, so that they can be compared. */
export class Ensemble implements Detector {
  readonly #members: readonly Member[];
  readonly #fusion: Fusion;
  #leading: Detector | null = null;

  constructor(members: readonly Member[], fusion: Fusion) {
    this.#members = members;
    this.#fusion = fusion;
  }

  fit(rows: readonly Float64Array[]): void {
    for (const { detector } of this.#members) detector.fit(rows);
  }

  next(row: Float64Array): Judgement {
    const judged = this.#members.map((member) => ({ member, judgement: member.detector.next(row) }));
    // A member that cannot judge yet is left out; when none can, the first one's reason stands.
    const able = judged.filter(
      ({ judgement, member }) =>
        (judgement.degraded === undefined || judgement.degraded === 'sensor-missing') && weightOf(member) > 0,
    );
    const [first] = able;
    if (first === undefined) return judged[0]?.judgement ?? { score: 0, ratio: 0, degraded: 'no-data' };
    const leading = able.reduce((top, one) => (one.judgement.ratio > top.judgement.ratio ? one : top), first);
    this.#leading = leading.member.detector;
    const ratio = this.#fusion === 'any' ? leading.judgement.ratio : meanRatio(able);
    const missing = able.some(({ judgement }) => judgement.degraded === 'sensor-missing');
    return { score: calibrateRatio(ratio), ratio, ...(missing ? { degraded: 'sensor-missing' } : {}) };
  }

  /** Parts of the member that said most. */
  explain(): readonly SensorPart[] {
    return this.#leading?.explain() ?? [];
  }

  save(): unknown {
    return {
      kind: 'ensemble',
      members: Object.fromEntries(this.#members.map(({ name, detector }) => [name, detector.save()])),
    };
  }

  load(saved: unknown): void {
    const state = saved as { kind?: string; members?: Record<string, unknown> } | null;
    const missing = this.#members.find(({ name }) => !Object.hasOwn(state?.members ?? {}, name));
    if (state?.kind !== 'ensemble' || missing !== undefined) {
      throw new JoulegateError(
        'CONFIG_INVALID',
        `model data is not of the ensemble ${this.#members.map(({ name }) => name).join(' + ')}; train it anew`,
      );
    }
    for (const { name, detector } of this.#members) detector.load(state.members?.[name]);
  }
}

const weightOf = ({ weight }: Member): number => weight?.() ?? 1;

function meanRatio(judged: readonly { readonly member: Member; readonly judgement: Judgement }[]): number {
  let [sum, weights] = [0, 0];
  for (const { member, judgement } of judged) {
    const weight = weightOf(member);
    sum += weight * Math.log(Math.max(judgement.ratio, 1e-6));
    weights += weight;
  }
  return Math.exp(sum / weights);
}
