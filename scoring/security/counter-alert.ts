import type { AlertSignal } from './alert.ts';
import { rules } from './rules.ts';
import { signalOf } from './signal.ts';

/** What the ledger says of a counter step that no rollover, reset or glitch explains and that is in no sum. */
export type CounterProblem = {
  readonly tag: string;
  /** Event time, epoch ms. */
  readonly at: number;
  readonly message: string;
  readonly remedy: string;
};

/** The signal of an unexplained counter step of a machine; one alert per tag. */
export function counterProblemToSignal(equipment: string, problem: CounterProblem): AlertSignal {
  return signalOf(rules['counter-unexplained'], {
    at: problem.at,
    equipment,
    subject: problem.tag,
    message: `${problem.message}; ${problem.remedy}`,
  });
}
