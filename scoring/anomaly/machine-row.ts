import type { MachineState } from '../../broker/contract/tag.ts';

/** Operating contexts a residual's spread is learnt for. */
export const contexts = ['run', 'idle', 'off', 'other'] as const;
export type Context = (typeof contexts)[number];

/** The context a machine state belongs to. */
export function contextOf(state: MachineState): Context {
  switch (state) {
    case 'run':
      return 'run';
    case 'idle':
    case 'standby':
      return 'idle';
    case 'off':
      return 'off';
    case 'alarm':
    case 'changeover':
    case 'unknown':
      return 'other';
    default:
      return state satisfies never;
  }
}

/** Means of one machine over one interval. */
export type MachineRow = {
  /** End of the interval, epoch ms. */
  readonly at: number;
  readonly context: Context;
  /** The state changed within the interval: means mix two states and are neither learnt nor judged. */
  readonly mixed: boolean;
  /** kW; NaN when the machine has no power tag. */
  readonly powerKw: number;
  /** Pieces counted in the interval. */
  readonly pieces: number;
  /** Power of the rest of the plant, kW: what a shared utility has to serve. */
  readonly plantKw: number;
  /** In the order of the detector's sensors; NaN = no value. */
  readonly sensors: Float64Array;
};
