import type { SystemEvent } from '../../../broker/contract/event.ts';
import type { WorkerEvent, WorkerStart } from '../protocol.ts';
import type { ServerEvent } from './event-fields.ts';

const SHORT = 128;
const SUBJECT = 512;
const LONG = 1024;
/** Control characters of a foreign text never reach a log, a screen or a SIEM. */
const clean = (text: string, most: number): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, most);

/** The five bands of severity that OPC 10000-5 6.4.2 and most clients show. */
function severityOf(severity: number): SystemEvent['severity'] {
  if (severity > 800) return 'critical';
  if (severity > 600) return 'high';
  if (severity > 400) return 'medium';
  return severity > 200 ? 'low' : 'info';
}

/**
 * An event of a server as an event of the contract: `server-alarm` for conditions, `server-audit` for audit events,
 * `server-event` for the rest.
 * @param typeName browse name of its event type
 * @param ended the condition was gone when we looked again, without the server having said so
 */
export function reportOf(
  server: WorkerStart['server'],
  event: ServerEvent,
  typeName: string,
  ended = false,
): WorkerEvent {
  const { condition, audit, sourceName, sourceNode, time } = event;
  const said = clean(event.message, 800) || clean(typeName, SHORT);
  const source = clean(sourceName, SHORT);
  const name = condition === null ? '' : clean(condition.name, SHORT);
  const state = condition === null ? '' : ended ? 'over while we were away' : stateText(condition);
  const words = [source, name, said]
    .filter((text, index, all) => text !== '' && all.indexOf(text) === index)
    .join(': ');
  return {
    kind: condition !== null ? 'server-alarm' : audit !== null ? 'server-audit' : 'server-event',
    severity: ended || condition?.active === false ? 'info' : severityOf(event.severity),
    message: clean(`${words}${state === '' ? '' : ` (${state})`}`, LONG),
    subject: clean(sourceNode || server.endpoint, SUBJECT),
    ...(audit !== null && audit.user !== '' ? { principal: clean(audit.user, SHORT) } : {}),
    detail: {
      server: server.name,
      eventType: clean(typeName, SHORT),
      sourceName: source,
      opcuaSeverity: event.severity,
      ...(event.locale === '' ? {} : { locale: clean(event.locale, 32) }),
      ...(time === null ? {} : { time: new Date(time).toISOString() }),
      ...(event.eventId === '' ? {} : { eventId: event.eventId.slice(0, SHORT) }),
      ...(condition === null
        ? {}
        : {
            conditionId: clean(condition.id, SUBJECT),
            condition: name,
            active: ended ? false : condition.active,
            acknowledged: condition.acked,
            confirmed: condition.confirmed,
            retain: ended ? false : condition.retain,
            ...(condition.branch === '' ? {} : { branch: clean(condition.branch, SHORT) }),
            ...(condition.comment === '' ? {} : { comment: clean(condition.comment, SUBJECT) }),
          }),
      ...(audit === null ? {} : { succeeded: audit.succeeded, auditEntry: clean(audit.entry, SHORT) }),
    },
  };
}

function stateText({ enabled, active, acked, confirmed }: NonNullable<ServerEvent['condition']>): string {
  const words = [
    enabled === false ? 'disabled' : null,
    active === null ? null : active ? 'active' : 'inactive',
    acked === null ? null : acked ? 'acknowledged' : 'unacknowledged',
    confirmed === true ? 'confirmed' : null,
  ];
  return words.filter((word) => word !== null).join(', ');
}
