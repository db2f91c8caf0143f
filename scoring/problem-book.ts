import type { Problem } from '../broker/contract/health.ts';

/** Problems that are open now, counted, by code and place; bounded, so that a flood of them cannot grow. */
export class ProblemBook {
  readonly #service: string;
  readonly #now: () => number;
  readonly #problems = new Map<string, Problem>();
  readonly #capacity: number;

  constructor(service: string, now: () => number, capacity = 200) {
    this.#service = service;
    this.#now = now;
    this.#capacity = capacity;
  }

  /** Opens a problem or counts one more occurrence of it. */
  raise(
    problem: Pick<Problem, 'code' | 'severity' | 'where' | 'message' | 'remedy'> & { readonly equipment?: string },
  ): void {
    const key = `${problem.code}|${problem.where}`;
    const open = this.#problems.get(key);
    if (open === undefined && this.#problems.size >= this.#capacity) {
      const oldest = this.#problems.keys().next().value;
      if (oldest !== undefined) this.#problems.delete(oldest);
    }
    this.#problems.set(key, {
      ...problem,
      service: this.#service,
      since: open?.since ?? this.#now(),
      count: (open?.count ?? 0) + 1,
    });
  }

  /** It is well again. */
  clear(code: string, where: string): void {
    this.#problems.delete(`${code}|${where}`);
  }

  list(): Problem[] {
    return [...this.#problems.values()];
  }
}
