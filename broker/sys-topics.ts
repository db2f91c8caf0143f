import type { ServiceHealth } from './contract/health.ts';

/** The broker's figures under the `$SYS` topics that MQTT tools look for; retained, so that a new reader sees them at once. */
export function sysTopics(version: string, { figures }: ServiceHealth): Readonly<Record<string, string>> {
  const figure = (name: string): string => String(figures[name] ?? 0);
  return {
    '$SYS/broker/version': `joulegate ${version}`,
    '$SYS/broker/uptime': `${figure('uptimeSeconds')} seconds`,
    '$SYS/broker/clients/connected': figure('clients'),
    '$SYS/broker/clients/total': figure('sessions'),
    '$SYS/broker/connections/total': figure('connectionsTotal'),
    '$SYS/broker/messages/received': figure('publishedTotal'),
    '$SYS/broker/messages/stored': figure('queuedMessages'),
    '$SYS/broker/store/messages/bytes': figure('queuedBytes'),
    '$SYS/broker/retained messages/count': figure('retainedMessages'),
    '$SYS/broker/publish/messages/dropped': figure('droppedTotal'),
    '$SYS/broker/refused/total': figure('refusedTotal'),
  };
}
