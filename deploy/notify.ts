import { resolve } from 'node:path';
import { JoulegateError } from '../broker/contract/error.ts';
import { testNotifications } from '../scoring/notify/notifier.ts';
import type { CommandContext } from './commands/context.ts';
import type { NotifyOptions } from './commands/notify.ts';
import { loadPlantConfig, requireSection } from './config/load.ts';

const TIMEOUT_MS = 60_000;

/** @throws JoulegateError CONFIG_INVALID, or NOTIFICATION_FAILED when a message was not accepted. */
export async function notifyCommand(
  { config: file, json }: NotifyOptions,
  { cwd, env, stdout, now }: CommandContext,
): Promise<void> {
  const config = await loadPlantConfig(resolve(cwd, file), { env, sections: ['scoring'] });
  const { notifications } = requireSection(config, 'scoring', file);
  if (notifications === undefined)
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${file} has no scoring.notifications; add recipients to be told of alerts`,
    );
  const { site, timezone } = config.plant;
  const results = await testNotifications(
    { section: notifications, site, zone: timezone, now },
    AbortSignal.timeout(TIMEOUT_MS),
  );
  if (json === true) stdout.write(`${JSON.stringify(results)}\n`);
  else
    for (const { recipient, channel, error } of results)
      stdout.write(`${recipient}  ${channel}  ${error ?? 'accepted'}\n`);
  const failed = results.filter(({ error }) => error !== null);
  if (failed.length > 0)
    throw new JoulegateError(
      'NOTIFICATION_FAILED',
      `${failed.length} of ${results.length} test messages were not accepted`,
    );
}
