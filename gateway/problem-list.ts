import type { Problem } from '../broker/contract/health.ts';
import type { WorkerProblem } from './opcua/protocol.ts';

const CAPACITY = 500;

/** Problems of the gateway that are open now, counted. */
export class ProblemList {
  readonly #problems = new Map<string, Problem>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param scope server section it comes from; two of them may have the same endpoint
   * @returns true when it was not open before.
   */
  raise(problem: WorkerProblem, scope = ''): boolean {
    const key = `${scope}|${problem.code}|${problem.where}`;
    const open = this.#problems.get(key);
    if (open === undefined && this.#problems.size >= CAPACITY) return false;
    this.#problems.set(key, {
      ...problem,
      service: 'gateway',
      since: open?.since ?? this.#now(),
      count: (open?.count ?? 0) + 1,
    });
    return open === undefined;
  }

  /** @returns true when it was open. */
  clear(code: string, where: string, scope = ''): boolean {
    return this.#problems.delete(`${scope}|${code}|${where}`);
  }

  /** Nothing more is to be said of a server section. */
  clearScope(scope: string): void {
    for (const key of this.#problems.keys()) if (key.startsWith(`${scope}|`)) this.#problems.delete(key);
  }

  list(): Problem[] {
    return [...this.#problems.values()];
  }
}
