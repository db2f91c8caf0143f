import type { OutboxState } from './outbox.ts';

/** Shares of the bounds at which the plant is told. */
const LEVELS = [0.5, 0.8, 1] as const;
/** A level counts as left only this far below it, so that one that sways is told once. */
const HYSTERESIS = 0.1;

export type OutboxNotice = {
  readonly kind: 'outbox-level' | 'data-lost';
  readonly severity: 'low' | 'medium' | 'high';
  readonly message: string;
};

/** Tells when the outbox reaches 50, 80 and 100 % of its bounds, and when damage of its file has cost messages. */
export class OutboxWatch {
  #level = 0;
  #damaged = 0;

  /** What is new since the last look. */
  look({ fill, damaged, depth, bytes }: Pick<OutboxState, 'fill' | 'damaged' | 'depth' | 'bytes'>): OutboxNotice[] {
    const notices = this.#reach(fill, `${depth} messages, ${(bytes / 1_048_576).toFixed(1)} MB`);
    if (damaged > this.#damaged) {
      notices.push({
        kind: 'data-lost',
        severity: 'high',
        message: `the outbox file was damaged: ${damaged - this.#damaged} messages in it cannot be read; the others are sent`,
      });
      this.#damaged = damaged;
    }
    return notices;
  }

  /** Old records had to go: the bounds are reached, whatever the next look finds. */
  dropped(count: number): OutboxNotice[] {
    return this.#reach(1, `the ${count} oldest messages had to go`);
  }

  #reach(fill: number, detail: string): OutboxNotice[] {
    const reached = LEVELS.filter((level) => fill >= level).length;
    const before = this.#level;
    if (reached > before) {
      this.#level = reached;
      const percent = Math.round((LEVELS[reached - 1] ?? 0) * 100);
      const severity = (['low', 'medium', 'high'] as const)[reached - 1] ?? 'high';
      return [
        { kind: 'outbox-level', severity, message: `the outbox has reached ${percent} % of its bounds: ${detail}` },
      ];
    }
    while (this.#level > 0 && fill < (LEVELS[this.#level - 1] ?? 0) - HYSTERESIS) this.#level -= 1;
    return [];
  }
}
