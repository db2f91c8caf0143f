import { DateTime } from 'luxon';
import type { Alert, AlertSeverity } from '../security/alert.ts';
import type { NotificationKind } from './decision.ts';

export type NotifyLanguage = 'zh' | 'en';

/** One piece of news about one alert. */
export type News = { readonly kind: NotificationKind; readonly alert: Alert };

/** What a channel sends: texts are plain and safe to put into any of them. */
export type Message = {
  readonly title: string;
  readonly lines: readonly string[];
  readonly link: string | null;
  readonly news: readonly News[];
};

const severities: Readonly<Record<NotifyLanguage, Readonly<Record<AlertSeverity, string>>>> = {
  en: { info: 'info', low: 'low', medium: 'medium', high: 'high', critical: 'critical' },
  zh: { info: '信息', low: '低', medium: '中', high: '高', critical: '严重' },
};

const words = {
  en: {
    raised: (severity: string, title: string) => `[${severity}] ${title}`,
    overBy: ' (over)',
    cleared: (title: string) => `[over] ${title}`,
    many: (count: number) => `${count} alerts`,
    where: 'Equipment',
    since: 'First seen',
    count: 'Occurrences',
    technique: 'Technique',
    test: 'Joulegate test message',
    tested: 'Notifications reach you.',
    more: (count: number) => `… and ${count} more`,
  },
  zh: {
    raised: (severity: string, title: string) => `【${severity}】${title}`,
    overBy: '（已恢复）',
    cleared: (title: string) => `【已恢复】${title}`,
    many: (count: number) => `${count} 条报警`,
    where: '设备',
    since: '首次出现',
    count: '次数',
    technique: '技术',
    test: 'Joulegate 测试消息',
    tested: '您可以收到通知。',
    more: (count: number) => `……另有 ${count} 条`,
  },
} as const;

const MOST_LINES = 20;
const LONGEST_LINE = 300;

export type MessageOptions = {
  readonly language: NotifyLanguage;
  readonly zone: string;
  readonly site: string;
  readonly consoleUrl: string | null;
};

/** One message of one or many pieces of news. */
export function messageOf(news: readonly News[], { language, zone, site, consoleUrl }: MessageOptions): Message {
  const text = words[language];
  const [first] = news;
  const head = ({ kind, alert }: News): string =>
    kind === 'raised'
      ? text.raised(severities[language][alert.severity], alert.title[language]) +
        (alert.condition === 'cleared' ? text.overBy : '')
      : text.cleared(alert.title[language]);
  const time = (at: number): string => DateTime.fromMillis(at, { zone }).toFormat('yyyy-MM-dd HH:mm:ss ZZ');
  const isOne = news.length === 1 && first !== undefined;
  const title = isOne ? head(first) : text.many(news.length);
  const lines = isOne
    ? [
        first.alert.message,
        ...(first.alert.equipment === undefined ? [] : [`${text.where}: ${first.alert.equipment}`]),
        `${text.since}: ${time(first.alert.first)}`,
        ...(first.alert.count > 1 ? [`${text.count}: ${first.alert.count}`] : []),
        ...(first.alert.technique === undefined
          ? []
          : [`${text.technique}: ${first.alert.technique.id} ${first.alert.technique.name}`]),
      ]
    : [
        ...news
          .slice(0, MOST_LINES)
          .map((one) => `${head(one)} · ${one.alert.equipment ?? '—'} · ${time(one.alert.last)}`),
        ...(news.length > MOST_LINES ? [text.more(news.length - MOST_LINES)] : []),
      ];
  return { title: plainLine(`${site}: ${title}`), lines: lines.map(plainLine), link: consoleUrl, news };
}

/** What a recipient gets to see whether the way to them works. */
export function testMessage({ language, site, consoleUrl }: MessageOptions): Message {
  const text = words[language];
  return { title: plainLine(`${site}: ${text.test}`), lines: [text.tested], link: consoleUrl, news: [] };
}

/** One line without what could end a header, turn the direction of writing or hide: names come from machines. */
const plainLine = (text: string): string => {
  const plain = text.replaceAll(/[\p{Cc}\u2028\u2029\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]+/gu, ' ').trim();
  return plain.length > LONGEST_LINE ? `${plain.slice(0, LONGEST_LINE).toWellFormed()}…` : plain;
};
