/**
 * Topics of the wire contract. Data, metadata, status and connection follow OPC 10000-14 (PubSub) 7.3.4.7:
 * `<prefix>/json/<message type>/<publisher id>[/<writer group>[/<data set writer>]]`.
 * What the standard has no topic for (events, health, commits, resend requests) lives below `joulegate/`.
 */
export const DEFAULT_TOPIC_PREFIX = 'opcua';

/** A level of a topic must not hold `/`, `+`, `#`, NUL or `$` in front; equipment paths therefore travel with `.` for `/`. */
export function topicLevel(name: string): string {
  return name
    .replaceAll('/', '.')
    .replaceAll(/[+#\p{Cc}]/gu, '_')
    .replace(/^\$/, '_');
}

export type WriterAddress = {
  readonly publisherId: string;
  readonly writerGroup: string;
  readonly dataSetWriter: string;
};

export const topics = {
  data: (prefix: string, address: WriterAddress): string => writerTopic(prefix, 'data', address),
  metadata: (prefix: string, address: WriterAddress): string => writerTopic(prefix, 'metadata', address),
  status: (prefix: string, publisherId: string): string => `${prefix}/json/status/${topicLevel(publisherId)}`,
  connection: (prefix: string, publisherId: string): string => `${prefix}/json/connection/${topicLevel(publisherId)}`,
  event: (source: string): string => `joulegate/events/${topicLevel(source)}`,
  health: (service: string): string => `joulegate/health/${topicLevel(service)}`,
  commit: (publisherId: string, consumer: string): string =>
    `joulegate/commit/${topicLevel(publisherId)}/${topicLevel(consumer)}`,
  resend: (publisherId: string, consumer: string): string =>
    `joulegate/resend/${topicLevel(publisherId)}/${topicLevel(consumer)}`,
} as const;

/** Topic filters a reader of everything subscribes to. */
export const topicFilters = {
  data: (prefix: string): string => `${prefix}/json/data/#`,
  metadata: (prefix: string): string => `${prefix}/json/metadata/#`,
  status: (prefix: string): string => `${prefix}/json/status/+`,
  events: 'joulegate/events/+',
  health: 'joulegate/health/+',
  commits: (publisherId: string): string => `joulegate/commit/${topicLevel(publisherId)}/+`,
  resends: (publisherId: string): string => `joulegate/resend/${topicLevel(publisherId)}/+`,
} as const;

function writerTopic(prefix: string, messageType: 'data' | 'metadata', address: WriterAddress): string {
  const { publisherId, writerGroup, dataSetWriter } = address;
  return `${prefix}/json/${messageType}/${topicLevel(publisherId)}/${topicLevel(writerGroup)}/${topicLevel(dataSetWriter)}`;
}
