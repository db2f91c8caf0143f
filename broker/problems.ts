import type { Problem } from './contract/health.ts';

type Stated = Pick<Problem, 'code' | 'severity' | 'where' | 'message' | 'remedy'>;

/** What a person should look at now, by place. */
export class Problems {
  readonly #open = new Map<string, Problem>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Opens a problem, or counts one that is open already; true when it is new. */
  open(stated: Stated): boolean {
    const before = this.#open.get(stated.where);
    this.#open.set(stated.where, {
      ...stated,
      service: 'broker',
      since: before?.since ?? this.#now(),
      count: (before?.count ?? 0) + 1,
    });
    return before === undefined;
  }

  solved(where: string): void {
    this.#open.delete(where);
  }

  list(): Problem[] {
    return [...this.#open.values()];
  }
}
