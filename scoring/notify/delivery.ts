import { setTimeout as wait } from 'node:timers/promises';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { Logger } from '../../broker/contract/deps.ts';
import { alertSeverities, type Alert, type AlertSeverity } from '../security/alert.ts';
import type { Channel } from './channel.ts';
import type { RecipientSection } from './config.ts';
import { newsOf, whenToTell, type Told } from './decision.ts';
import { messageOf, type MessageOptions, type News } from './message.ts';

/** What must outlive a restart. */
export type DeliveryState = {
  readonly told: readonly (readonly [string, Told])[];
  readonly waiting: readonly News[];
};

export type DeliveryOptions = {
  readonly recipient: RecipientSection;
  readonly channels: readonly Channel[];
  readonly message: MessageOptions;
  readonly log: Logger;
  readonly now: () => number;
  /** Waits between tries, ms; the last one is kept. */
  readonly retryMs: readonly number[];
  /** A channel failed (with the reason) or works again (null). */
  readonly onState: (channel: Channel, error: JoulegateError | null) => void;
  readonly onChange: () => void;
};

const ALERTS_KEPT = 5000;
const WAITING_KEPT = 1000;
const HOUR_MS = 3_600_000;

/**
 * The way of news to one recipient: what is due goes out as one message, so that a flood or an outage of the way becomes one message
 * and never a queue that grows. News leaves only after every channel has taken it or refused it for good.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #told: Map<string, Told>;
  /** By alert, in the order they came, with the earliest instant they may go out. */
  readonly #waiting = new Map<string, { readonly news: News; readonly at: number }>();
  #sent: number[] = [];
  #sending: Promise<void> | null = null;

  constructor(options: DeliveryOptions, state: DeliveryState | undefined) {
    this.#options = options;
    this.#told = new Map(state?.told ?? []);
    for (const news of state?.waiting ?? []) this.#put(news, options.now());
  }

  get state(): DeliveryState {
    return { told: [...this.#told], waiting: [...this.#waiting.values()].map(({ news }) => news) };
  }

  /** Takes an alert as it is now. With `silent` it counts as told. */
  note(alert: Alert, silent = false): void {
    const { recipient, now, onChange } = this.#options;
    const told = this.#told.get(alert.id);
    const kind = newsOf(alert, told, recipient);
    const waiting = this.#waiting.get(alert.id);
    if (kind === null) {
      // What still waits is told as it is when it goes out.
      if (waiting !== undefined) this.#waiting.set(alert.id, { ...waiting, news: { ...waiting.news, alert } });
      return;
    }
    this.#told.delete(alert.id);
    this.#told.set(alert.id, { kind, severity: alert.severity });
    const oldest = this.#told.keys().next();
    if (this.#told.size > ALERTS_KEPT && oldest.done !== true) this.#told.delete(oldest.value);
    if (!silent) {
      // An alert that is over before it was told stays one piece of news.
      const first = kind === 'cleared' && waiting !== undefined ? waiting.news.kind : kind;
      this.#put({ kind: first, alert }, now());
    }
    onChange();
  }

  /** Sends what is due, unless something is being sent. */
  tick(signal: AbortSignal): void {
    if (this.#sending !== null || this.#waiting.size === 0) return;
    const { message, now } = this.#options;
    const at = now();
    const due = [...this.#waiting.values()].filter((one) => one.at <= at).map(({ news }) => news);
    if (due.length === 0) return;
    this.#sent = [...this.#sent.filter((one) => one > at - HOUR_MS), at];
    this.#sending = this.#send(messageOf(due, message), due, signal).finally(() => {
      this.#sending = null;
    });
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  #put(news: News, at: number): void {
    const { recipient, message } = this.#options;
    const when = whenToTell(news.alert.severity, recipient, { at, zone: message.zone, sent: this.#sent });
    if (when.kind === 'never') return;
    this.#waiting.delete(news.alert.id);
    this.#waiting.set(news.alert.id, { news, at: when.kind === 'now' ? at : when.at });
    if (this.#waiting.size > WAITING_KEPT) this.#dropLeast();
  }

  /** Of too many the oldest of the lowest severity goes. */
  #dropLeast(): void {
    const rank = (severity: AlertSeverity): number => alertSeverities.indexOf(severity);
    let least: News | null = null;
    for (const { news } of this.#waiting.values())
      if (least === null || rank(news.alert.severity) < rank(least.alert.severity)) least = news;
    if (least !== null) this.#waiting.delete(least.alert.id);
  }

  async #send(message: ReturnType<typeof messageOf>, news: readonly News[], signal: AbortSignal): Promise<void> {
    const done = await Promise.all(this.#options.channels.map((channel) => this.#deliver(channel, message, signal)));
    if (done.includes(false)) return;
    for (const { alert, kind } of news) {
      const now = this.#waiting.get(alert.id);
      if (now?.news.kind === kind && now.news.alert.severity === alert.severity) this.#waiting.delete(alert.id);
    }
    this.#options.onChange();
  }

  /** false: given up because the service ends; the news stays. */
  async #deliver(channel: Channel, message: ReturnType<typeof messageOf>, signal: AbortSignal): Promise<boolean> {
    const { retryMs, onState, log, recipient } = this.#options;
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        await channel.send(message, signal);
        onState(channel, null);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const failure =
          error instanceof JoulegateError
            ? error
            : new JoulegateError('NOTIFICATION_FAILED', `${channel.name}: ${describeError(error)}`);
        onState(channel, failure);
        if (failure.code === 'NOTIFICATION_REFUSED') return true;
        if (tries === 0)
          log.warn({ recipient: recipient.name, channel: channel.name, error: failure.message }, 'notification failed');
        await wait(retryMs[Math.min(tries, retryMs.length - 1)] ?? HOUR_MS, undefined, { signal, ref: false }).catch(
          () => undefined,
        );
      }
    }
    return false;
  }
}
