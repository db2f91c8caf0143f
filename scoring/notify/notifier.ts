import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import type { Logger } from '../../broker/contract/deps.ts';
import type { Problem } from '../../broker/contract/health.ts';
import type { Alert } from '../security/alert.ts';
import type { Channel } from './channel.ts';
import type { NotificationsSection, RecipientSection } from './config.ts';
import { Delivery, type DeliveryState } from './delivery.ts';
import { createHookChannel } from './hook-channel.ts';
import { createMailChannel } from './mail-channel.ts';
import { testMessage, type MessageOptions } from './message.ts';

export type NotifierOptions = {
  readonly section: NotificationsSection;
  /** Name of the plant in messages. */
  readonly site: string;
  readonly zone: string;
  /** What was told and what waits, across a restart. */
  readonly file: string;
  readonly problems: {
    readonly raise: (problem: Pick<Problem, 'code' | 'severity' | 'where' | 'message' | 'remedy'>) => void;
    readonly clear: (code: string, where: string) => void;
  };
  readonly log: Logger;
  readonly now: () => number;
  /** Waits between tries, ms. */
  readonly retryMs?: readonly number[];
};

const RETRY_MS = [5000, 30_000, 120_000, 600_000, 1_800_000];
const TICK_MS = 1000;
const PROBLEM = 'NOTIFICATION_FAILED';

/** Tells people of alerts: who, when and in which words the section says. Never holds up whoever raises alerts. */
export class Notifier implements AsyncDisposable {
  readonly #options: NotifierOptions;
  readonly #deliveries: ReadonlyMap<string, Delivery>;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #isDirty = false;
  #saving: Promise<void> = Promise.resolve();

  private constructor(options: NotifierOptions, states: ReadonlyMap<string, DeliveryState>) {
    this.#options = options;
    this.#deliveries = new Map(
      options.section.recipients.map((recipient) => [
        recipient.name,
        new Delivery(
          {
            recipient,
            channels: channelsOf(recipient, options.section, options.now),
            message: messageOptions(recipient, options),
            log: options.log,
            now: options.now,
            retryMs: options.retryMs ?? RETRY_MS,
            onState: (channel, error) => this.#noteState(recipient, channel, error),
            onChange: () => {
              this.#isDirty = true;
            },
          },
          states.get(recipient.name),
        ),
      ]),
    );
  }

  /**
   * @param open alerts that are open now: news to whoever was not told of them before the last stop; at the very first start they
   * are old news.
   * @throws JoulegateError CONFIG_INVALID for a recipient without a way, an unknown hook or a way that is not safe.
   */
  static async open(options: NotifierOptions, open: readonly Alert[]): Promise<Notifier> {
    const states = await readStates(options);
    const notifier = new Notifier(options, states ?? new Map());
    for (const alert of open) {
      for (const delivery of notifier.#deliveries.values()) delivery.note(alert, states === null);
    }
    notifier.#isDirty = true;
    await notifier.#save();
    return notifier;
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** An alert that is new or has changed. */
  note(alert: Alert): void {
    for (const delivery of this.#deliveries.values()) delivery.note(alert);
  }

  /** Sends what is due now and keeps what has changed. */
  tick(): void {
    for (const delivery of this.#deliveries.values()) delivery.tick(this.#closing.signal);
    if (this.#isDirty) this.#saving = this.#saving.then(() => this.#save());
  }

  /** Resolves when nothing is being sent or written. */
  async settled(): Promise<void> {
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.settled()));
    await this.#saving;
  }

  /** What waits is kept for the next start. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#closing.abort();
    await this.settled();
    await this.#save();
  }

  #noteState({ name }: RecipientSection, channel: Channel, error: JoulegateError | null): void {
    const { problems } = this.#options;
    const where = `${name}: ${channel.name}`;
    if (error === null) problems.clear(PROBLEM, where);
    else
      problems.raise({
        code: PROBLEM,
        severity: 'warning',
        where,
        message: error.message,
        remedy: 'check scoring.notifications and try it with "joulegate notify"',
      });
  }

  async #save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const { file, log } = this.#options;
    const draft = `${file}.${randomUUID()}`;
    try {
      const states = [...this.#deliveries].map(([name, { state }]) => [name, state]);
      await writeFile(draft, JSON.stringify(Object.fromEntries(states)), { mode: 0o600, flush: true });
      await rename(draft, file);
    } catch (error) {
      this.#isDirty = true;
      log.warn({ file, err: describeError(error) }, 'state of notifications could not be kept');
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }
}

/** Sends a test message to everybody. @returns for each way its error, or null. @throws JoulegateError CONFIG_INVALID. */
export async function testNotifications(
  options: Pick<NotifierOptions, 'section' | 'site' | 'zone' | 'now'>,
  signal: AbortSignal,
): Promise<readonly { readonly recipient: string; readonly channel: string; readonly error: string | null }[]> {
  const ways = options.section.recipients.flatMap((recipient) =>
    channelsOf(recipient, options.section, options.now).map((channel) => ({ recipient, channel })),
  );
  return Promise.all(
    ways.map(async ({ recipient, channel }) => ({
      recipient: recipient.name,
      channel: channel.name,
      error: await channel
        .send(testMessage(messageOptions(recipient, options)), signal)
        .then(() => null, describeError),
    })),
  );
}

const messageOptions = (
  { language }: RecipientSection,
  { section, site, zone }: Pick<NotifierOptions, 'section' | 'site' | 'zone'>,
): MessageOptions => ({ language, zone, site, consoleUrl: section.consoleUrl ?? null });

function channelsOf(recipient: RecipientSection, section: NotificationsSection, now: () => number): Channel[] {
  const place = `scoring.notifications.recipients "${recipient.name}"`;
  const channels = (recipient.hooks ?? []).map((id) => {
    const hook = section.hooks?.find((one) => one.id === id);
    if (hook !== undefined) return createHookChannel(hook, now);
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${place}: there is no hook "${id}"; add it under scoring.notifications.hooks`,
    );
  });
  if (recipient.mail !== undefined) {
    if (section.mail === undefined)
      throw new JoulegateError(
        'CONFIG_INVALID',
        `${place} has mail addresses, but there is no scoring.notifications.mail; add the SMTP server`,
      );
    channels.push(createMailChannel(section.mail, recipient.mail));
  }
  if (channels.length === 0)
    throw new JoulegateError('CONFIG_INVALID', `${place} has no way to be told; add mail or hooks`);
  return channels;
}

/** null at the very first start, and when the file cannot be read: telling everything again would be a flood. */
async function readStates({ file, log }: NotifierOptions): Promise<ReadonlyMap<string, DeliveryState> | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, DeliveryState>));
  } catch (error) {
    log.warn({ file, err: describeError(error) }, 'state of notifications is damaged and begins anew');
    return null;
  }
}
