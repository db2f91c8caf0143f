import { topicLevel } from '../contract/topic.ts';
import type { User } from './users.ts';

/** Longest topic and deepest tree a client may use. */
export const MAX_TOPIC_BYTES = 512;
export const MAX_TOPIC_LEVELS = 16;
export const CLIENT_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Filters a user may publish to; the prefix of the data topics is one level of the plant's choice. */
function publishFilters({ username, role }: User): readonly string[] {
  const own = topicLevel(username);
  switch (role) {
    case 'gateway':
      return [
        `+/json/data/${own}/#`,
        `+/json/metadata/${own}/#`,
        `+/json/status/${own}`,
        `+/json/connection/${own}`,
        `joulegate/events/${own}`,
        `joulegate/health/${own}`,
      ];
    case 'scoring':
      return [
        `joulegate/commit/+/${own}`,
        `joulegate/resend/+/${own}`,
        `joulegate/events/${own}`,
        `joulegate/health/${own}`,
      ];
    case 'viewer':
      return [];
    default:
      return role satisfies never;
  }
}

/** Filters a user may subscribe to, or to parts of. */
function subscribeFilters({ username, role }: User): readonly string[] {
  const own = topicLevel(username);
  switch (role) {
    case 'gateway':
      return [`joulegate/commit/${own}/+`, `joulegate/resend/${own}/+`];
    case 'scoring':
    case 'viewer':
      return ['+/json/#', 'joulegate/events/+', 'joulegate/health/+'];
    default:
      return role satisfies never;
  }
}

/** Whether the topic is one that may be published at all: no wildcard, no control character, bounded. */
export function isTopic(topic: string): boolean {
  return (
    topic.length > 0 &&
    Buffer.byteLength(topic) <= MAX_TOPIC_BYTES &&
    topic.split('/').length <= MAX_TOPIC_LEVELS &&
    !/[+#\p{Cc}\p{Cf}\uFFFD]/u.test(topic)
  );
}

export function mayPublish(user: User, topic: string): boolean {
  return isTopic(topic) && publishFilters(user).some((filter) => covers(filter, topic));
}

/** A filter is allowed when everything it can match is allowed. */
export function maySubscribe(user: User, filter: string): boolean {
  if (filter === '' || Buffer.byteLength(filter) > MAX_TOPIC_BYTES || filter.split('/').length > MAX_TOPIC_LEVELS)
    return false;
  return subscribeFilters(user).some((allowed) => covers(allowed, filter));
}

/** Whether a message may be handed to a user: the topic lies under a filter the user may subscribe to. */
export function mayReceive(user: User, topic: string): boolean {
  return subscribeFilters(user).some((allowed) => covers(allowed, topic));
}

/** Whether every topic that `inner` (a topic or a filter) stands for matches `outer`. [MQTT-4.7] */
export function covers(outer: string, inner: string): boolean {
  const outerLevels = outer.split('/');
  const innerLevels = inner.split('/');
  for (let index = 0; index < outerLevels.length; index += 1) {
    const level = outerLevels[index];
    if (level === '#') return innerLevels.length >= index && !(index === 0 && inner.startsWith('$'));
    const given = innerLevels[index];
    if (given === undefined || given === '#') return false;
    if (level !== '+' && level !== given) return false;
    if (level === '+' && index === 0 && given.startsWith('$')) return false;
  }
  return outerLevels.length === innerLevels.length;
}
