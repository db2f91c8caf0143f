import type { SystemEvent } from '../../../broker/contract/event.ts';

/** What a refused publish, subscription or will was after. */
export type DenialKind = 'foreign-publish' | 'retained-overwrite' | 'will-abuse' | 'harvesting' | 'other';

/** Topic of a publisher's data stream; the publisher id is the first level after the kind of message. */
const PUBLISHER_TOPIC = /\/json\/(?:data|metadata|status|connection)\/([^/]+)/;

/** Which one of the detections over refused topics an event belongs to; exactly one, so that one act is one alert. */
export function denialKind({ message, subject = '', principal }: SystemEvent): DenialKind {
  if (message.startsWith('will ')) return 'will-abuse';
  if (message.startsWith('subscribe ')) return isHarvest(subject) ? 'harvesting' : 'other';
  if (message.startsWith('retained ')) return 'retained-overwrite';
  const publisher = PUBLISHER_TOPIC.exec(subject)?.[1];
  return publisher !== undefined && publisher !== principal ? 'foreign-publish' : 'other';
}

function isHarvest(filter: string): boolean {
  const levels = filter.split('/');
  return levels[0] === '$SYS' || levels.slice(0, 2).some((level) => level === '#' || level === '+');
}
