import type { Alert } from '../security/alert.ts';

/** Severity of syslog (RFC 5424, table 2) and of CEF (0 to 10) for each severity of an alert. */
const scale = {
  info: { syslog: 6, cef: 1 },
  low: { syslog: 5, cef: 3 },
  medium: { syslog: 4, cef: 5 },
  high: { syslog: 3, cef: 8 },
  critical: { syslog: 2, cef: 10 },
} as const satisfies Record<Alert['severity'], { syslog: number; cef: number }>;

/** Facility "log audit". */
const FACILITY = 13;
/** Private enterprise number for documentation (RFC 5612): the product has none of its own. */
const ENTERPRISE = 32_473;
/** Longest value of one field, in characters, so that a record stays below what receivers take (RFC 5425: 8192 octets). */
const FIELD_LENGTH = 512;

/** What is the same in every record of one service. */
export type RecordOrigin = { readonly host: string; readonly site: string; readonly version: string };

/**
 * An alert as one syslog message of RFC 5424 whose text is one CEF record (CEF:0). Whatever an alert's text holds,
 * the record stays one line and its fields stay apart.
 */
export function syslogRecord(alert: Alert, origin: RecordOrigin): string {
  const { syslog } = scale[alert.severity];
  const header = `<${FACILITY * 8 + syslog}>1 ${new Date(alert.last).toISOString()} ${name(origin.host, 255)} joulegate - ${name(alert.rule, 32)}`;
  const data = `[alert@${ENTERPRISE} ${Object.entries({
    id: alert.id,
    condition: alert.condition,
    review: alert.review,
    count: String(alert.count),
    site: origin.site,
  })
    .map(([key, value]) => `${key}="${plain(value).replaceAll(/["\\\]]/g, String.raw`\$&`)}"`)
    .join(' ')}]`;
  return `${header} ${data} ${cefRecord(alert, origin)}`;
}

/** The CEF record of an alert, without a syslog header. */
export function cefRecord(alert: Alert, { site, version }: RecordOrigin): string {
  const header = [
    'CEF:0',
    'Joulegate',
    'Joulegate',
    version,
    alert.rule,
    alert.title.en,
    String(scale[alert.severity].cef),
  ];
  const fields: Record<string, string | undefined> = {
    externalId: alert.id,
    start: String(alert.first),
    end: String(alert.last),
    cnt: String(alert.count),
    msg: alert.message,
    cs1Label: 'site',
    cs1: site,
    ...(alert.equipment === undefined ? {} : { cs2Label: 'equipment', cs2: alert.equipment }),
    ...(alert.subject === undefined ? {} : { cs3Label: 'subject', cs3: alert.subject }),
    ...(alert.technique === undefined ? {} : { cs4Label: 'attackTechnique', cs4: alert.technique.id }),
    cs5Label: 'condition',
    cs5: `${alert.condition}/${alert.review}`,
  };
  const extension = Object.entries(fields).map(
    ([key, value = '']) => `${key}=${plain(value).replaceAll(/[\\=]/g, String.raw`\$&`)}`,
  );
  return [...header.map((part) => plain(part).replaceAll(/[\\|]/g, String.raw`\$&`)), extension.join(' ')].join('|');
}

/** A name of the syslog header: printable ASCII without blanks. */
function name(text: string, length: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, length) || '-';
}

function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u{2028}\u{2029}]/gu, ' ')
    .slice(0, FIELD_LENGTH)
    .toWellFormed();
}
