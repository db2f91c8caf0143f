import { topicLevel } from '../contract/topic.ts';
import type { User } from './users.ts';

export const CLIENT_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
/** Topics a client asked for before, with the answer; more are asked again. */
const REMEMBERED = 2000;

export type TopicBounds = { readonly maxTopicBytes: number; readonly maxTopicLevels: number };

/** What a signed-in client may do. Everything is refused unless a rule allows it. */
export type Access = {
  readonly mayPublish: (topic: string) => boolean;
  /** A filter is allowed when everything it can match is allowed; one with wildcards only to users who may use them. */
  readonly maySubscribe: (filter: string) => boolean;
  /** Whether a message may be handed over: the topic lies under a filter the user may subscribe to. */
  readonly mayReceive: (topic: string) => boolean;
};

type Rules = {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly wildcards: boolean;
};

/** Rules of a role; the prefix of the data topics is one level of the plant's choice. */
function roleRules({ role }: User): Rules {
  switch (role) {
    case 'gateway':
      return {
        publish: [
          '+/json/data/%u/#',
          '+/json/metadata/%u/#',
          '+/json/status/%u',
          '+/json/connection/%u',
          'joulegate/events/%u',
          'joulegate/health/%u',
        ],
        subscribe: ['joulegate/commit/%u/+', 'joulegate/resend/%u/+'],
        wildcards: true,
      };
    case 'scoring':
      return {
        publish: ['joulegate/commit/+/%u', 'joulegate/resend/+/%u', 'joulegate/events/%u', 'joulegate/health/%u'],
        subscribe: ['+/json/#', 'joulegate/events/+', 'joulegate/health/+'],
        wildcards: true,
      };
    case 'viewer':
      return { publish: [], subscribe: ['+/json/#', 'joulegate/events/+', 'joulegate/health/+'], wildcards: true };
    case 'device':
    case 'bridge':
      return { publish: [], subscribe: [], wildcards: false };
    default:
      return role satisfies never;
  }
}

/** The rights of a user on one connection: those of the role and the user's own, `%u` and `%c` put in. */
export function accessOf(user: User, clientId: string, bounds: TopicBounds): Access {
  const role = roleRules(user);
  const fill = (filter: string): string =>
    filter.replaceAll('%u', topicLevel(user.username)).replaceAll('%c', clientId);
  const publish = [...role.publish, ...(user.publish ?? [])].map(fill);
  const subscribe = [...role.subscribe, ...(user.subscribe ?? [])].map(fill);
  const wildcards = user.wildcards ?? role.wildcards;
  return {
    mayPublish: remember((topic) => isTopic(topic, bounds) && publish.some((filter) => covers(filter, topic))),
    maySubscribe: (filter) =>
      isFilter(filter, bounds) &&
      (wildcards || !/[+#]/.test(filter)) &&
      subscribe.some((allowed) => covers(allowed, filter)),
    mayReceive: remember((topic) => subscribe.some((allowed) => covers(allowed, topic))),
  };
}

function remember(decide: (topic: string) => boolean): (topic: string) => boolean {
  const known = new Map<string, boolean>();
  return (topic) => {
    const before = known.get(topic);
    if (before !== undefined) return before;
    const decision = decide(topic);
    if (known.size >= REMEMBERED) known.clear();
    known.set(topic, decision);
    return decision;
  };
}

/** Why a topic or filter cannot be taken at all; `invalid-text`: broken UTF-8, NUL or characters that deceive a reader. */
export type TextFault = 'invalid-text' | 'too-long' | 'too-deep';

/** What is wrong with a topic or a filter as such. [MQTT-1.5.3-1], [MQTT-1.5.3-2] */
export function textFault(topic: string, { maxTopicBytes, maxTopicLevels }: TopicBounds): TextFault | null {
  if (topic === '' || /[\p{Cc}\p{Cf}\uFFFD]/u.test(topic)) return 'invalid-text';
  if (topic.length > maxTopicBytes || Buffer.byteLength(topic) > maxTopicBytes) return 'too-long';
  return topic.split('/').length > maxTopicLevels ? 'too-deep' : null;
}

/** Whether the topic is one that may be published at all: no wildcard, no control character, bounded, not the broker's own. */
export function isTopic(topic: string, bounds: TopicBounds): boolean {
  return textFault(topic, bounds) === null && !/[+#]/.test(topic) && !topic.startsWith('$SYS/');
}

/** Whether wildcards stand where they may. [MQTT-4.7.1-2], [MQTT-4.7.1-3] */
export function isFilter(filter: string, bounds: TopicBounds): boolean {
  if (textFault(filter, bounds) !== null) return false;
  const levels = filter.split('/');
  return levels.every((level, index) =>
    level.includes('#') ? level === '#' && index === levels.length - 1 : !level.includes('+') || level === '+',
  );
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
