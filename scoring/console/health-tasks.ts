import type { HealthAnswer } from './answers.ts';
import type { DataQualityAnswer } from './answers.ts';

type Quality = DataQualityAnswer['items'][number];
export type TaskKind =
  | 'meter-dead'
  | 'meter-bad'
  | 'meter-waiting'
  | 'meter-none'
  | 'low-coverage'
  | 'gap'
  | 'unresolved'
  | 'late'
  | 'estimated'
  | 'clock-server'
  | 'clock-browser'
  | 'outbox-behind'
  | 'outbox-lost'
  | 'broker-queue';

/** One thing a person should do something about. */
export type HealthTask = {
  readonly key: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Machine it is about; null = a service or the whole plant. */
  readonly path: string | null;
} & (
  | { readonly kind: 'problem'; readonly problem: HealthAnswer['problems'][number] }
  | { readonly kind: TaskKind; readonly values: Readonly<Record<string, string | number>>; readonly where: string }
);

/** Shorter gaps are filled by the counter itself, as estimated energy within the class. */
const GAP_SECONDS = 900;
const ESTIMATED_SHARE = 0.05;
const SKEW_MS = 2000;
const OUTBOX_RECORDS = 2000;
const QUEUED_MESSAGES = 10_000;

const order = { error: 0, warning: 1, info: 2 } as const;

/**
 * Everything to look at, worst first: open problems of the services, and what the data themselves show.
 * @param clockOffsetMs server clock less browser clock
 */
export function healthTasks(
  health: HealthAnswer | null,
  quality: DataQualityAnswer | null,
  clockOffsetMs: number,
): readonly HealthTask[] {
  const problems: readonly HealthTask[] = (health?.problems ?? []).map((problem) => ({
    key: `${problem.service}|${problem.code}|${problem.where}`,
    severity: problem.severity,
    path: problem.equipment ?? null,
    kind: 'problem',
    problem,
  }));
  const clock: HealthTask[] =
    Math.abs(clockOffsetMs) > SKEW_MS
      ? [task('clock-browser', 'info', { where: '', values: { seconds: Math.round(Math.abs(clockOffsetMs) / 1000) } })]
      : [];
  return [
    ...problems,
    ...(quality?.items ?? []).flatMap(tasksOfMachine),
    ...(health?.services ?? []).flatMap(tasksOfService),
    ...clock,
  ].sort((a, b) => order[a.severity] - order[b.severity]);
}

type Found = {
  readonly where: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly path?: string;
};

const task = (kind: TaskKind, severity: HealthTask['severity'], { where, values, path }: Found): HealthTask => ({
  key: `${kind}|${path ?? where}`,
  kind,
  severity,
  where,
  values,
  path: path ?? null,
});

function tasksOfMachine(item: Quality): HealthTask[] {
  const { path, meter } = item;
  const add = (kind: TaskKind, severity: HealthTask['severity'], values: Found['values'] = {}) =>
    task(kind, severity, { where: path, path, values });
  const tags = item.meterTags.join(', ');
  const tasks: HealthTask[] = [];
  if (meter === 'dead')
    tasks.push(add('meter-dead', 'error', { tags, since: item.meterAt?.slice(0, 16).replace('T', ' ') ?? '' }));
  if (meter === 'bad') tasks.push(add('meter-bad', 'error', { tags }));
  if (meter === 'waiting') tasks.push(add('meter-waiting', 'warning', { tags }));
  if (meter === 'none') tasks.push(add('meter-none', 'info'));
  if (item.days.none > 0) tasks.push(add('low-coverage', 'warning', { days: item.days.none }));
  if (item.worstGapSeconds > GAP_SECONDS)
    tasks.push(add('gap', 'warning', { minutes: Math.round(item.worstGapSeconds / 60), on: item.worstGapOn ?? '' }));
  if (item.unresolved > 0) tasks.push(add('unresolved', 'warning', { steps: item.unresolved }));
  if ((item.estimatedShare ?? 0) > ESTIMATED_SHARE)
    tasks.push(add('estimated', 'info', { percent: Math.round((item.estimatedShare ?? 0) * 100) }));
  if (item.restatedDays > 0) tasks.push(add('late', 'info', { days: item.restatedDays }));
  return tasks;
}

function tasksOfService({ id, figures, connections = [] }: HealthAnswer['services'][number]): HealthTask[] {
  const figure = (name: string) => figures[name] ?? 0;
  const tasks = connections.flatMap(({ name, clockSkewMs }) =>
    clockSkewMs !== null && Math.abs(clockSkewMs) > SKEW_MS
      ? [
          task('clock-server', 'warning', {
            where: `${id}/${name}`,
            values: { seconds: Math.round(clockSkewMs / 1000) },
          }),
        ]
      : [],
  );
  const add = (kind: TaskKind, values: Found['values']) => tasks.push(task(kind, 'warning', { where: id, values }));
  if (figure('outboxDepth') > OUTBOX_RECORDS) add('outbox-behind', { records: figure('outboxDepth') });
  const lost = figure('outboxDamagedTotal') + (connections.length > 0 ? figure('droppedTotal') : 0);
  if (lost > 0) add('outbox-lost', { records: lost });
  if (figure('queuedMessages') > QUEUED_MESSAGES) add('broker-queue', { messages: figure('queuedMessages') });
  return tasks;
}
