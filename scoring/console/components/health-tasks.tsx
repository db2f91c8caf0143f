import { useConsole } from '../console-context.ts';
import { formatInstant } from '../format.ts';
import type { HealthTask } from '../health-tasks.ts';
import { nameIn, plainName, t, textOf } from '../i18n/text.ts';
import { language } from '../preferences.ts';
import { formatRoute } from '../route.ts';
import { Empty } from './load-state.tsx';

/** What to do, worst first. */
export function HealthTasks({ tasks }: { readonly tasks: readonly HealthTask[] }) {
  return (
    <>
      <h3 id="tasks-title">
        {t('tasks.title')} <span class="quiet">{tasks.length > 0 && t('tasks.count', { count: tasks.length })}</span>
      </h3>
      {tasks.length === 0 ? (
        <Empty>
          <p>{t('tasks.none')}</p>
        </Empty>
      ) : (
        <ul class="task-list" data-testid="health-tasks">
          {tasks.map((task) => (
            <Task key={task.key} task={task} />
          ))}
        </ul>
      )}
    </>
  );
}

function Task({ task }: { readonly task: HealthTask }) {
  return (
    <li class={`task task-${task.severity}`}>
      <p class="task-head">
        <span class={`tag tag-${task.severity}`}>{t(`health.severity.${task.severity}`)}</span>{' '}
        <strong>
          {task.kind === 'problem' ? textOf('problem', task.problem.code) : t(`task.${task.kind}`, task.values)}
        </strong>
      </p>
      <p class="task-place">
        <Place task={task} />
      </p>
      <p class="task-next">
        <span class="quiet">{t('tasks.next')}:</span> <NextStep task={task} />
      </p>
    </li>
  );
}

function Place({ task }: { readonly task: HealthTask }) {
  const { state } = useConsole();
  const node = task.path === null ? undefined : state.nodes.get(task.path)?.peek();
  const where = task.kind === 'problem' ? `${task.problem.service} · ${task.problem.where}` : task.where;
  return (
    <>
      {node !== undefined && (
        <>
          <a href={formatRoute({ screen: 'plant', path: node.path })}>{nameIn(node.displayName, node.name)}</a>{' '}
        </>
      )}
      <span class="quiet">{plainName(where)}</span>
      {task.kind === 'problem' && (
        <span class="quiet">
          {' · '}
          {t('health.since', { since: formatInstant(task.problem.since), count: task.problem.count })}
        </span>
      )}
    </>
  );
}

/** Services write English; in Chinese their words stand below what their code means. */
function NextStep({ task }: { readonly task: HealthTask }) {
  if (task.kind !== 'problem') return <>{t(`task.${task.kind}.next`)}</>;
  const { code, message, remedy } = task.problem;
  const general = textOf('remedy', code);
  const isKnown = general !== code;
  return (
    <>
      {language.value === 'zh' && isKnown ? general : plainName(remedy)}
      <span class="task-original quiet" lang="en">
        {t('tasks.original')}: {message}
        {language.value === 'zh' && isKnown && ` – ${remedy}`}
      </span>
    </>
  );
}
