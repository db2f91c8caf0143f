import type { HealthAnswer } from '../answers.ts';
import { useConsole } from '../console-context.ts';
import { formatInstant } from '../format.ts';
import { t } from '../i18n/text.ts';

type Problem = HealthAnswer['problems'][number];
const weight = { error: 0, warning: 1, info: 2 } as const;

/** Health in one word; opens the list of problems with what to do about each. */
export function HealthBadge() {
  const { state } = useConsole();
  const loaded = state.health.value;
  const health = loaded.state === 'loading' ? null : loaded.value;
  const words =
    health === null
      ? t('health.unknown')
      : health.problems.length === 0 && health.status === 'ok'
        ? t('health.ok')
        : t(health.status === 'down' ? 'health.down' : 'health.degraded', { count: health.problems.length });
  const problems = [...(health?.problems ?? [])].sort((a, b) => weight[a.severity] - weight[b.severity]);
  return (
    <div class="health">
      <button
        type="button"
        class={`health-badge health-${health?.status ?? 'unknown'}`}
        popovertarget="health-problems"
      >
        <span class="health-mark" aria-hidden="true" />
        {words}
      </button>
      <div id="health-problems" class="health-problems" popover="auto" role="dialog" aria-label={t('health.title')}>
        <div class="health-head">
          <h2>{t('health.title')}</h2>
          <button type="button" class="button button-quiet" popovertarget="health-problems" popovertargetaction="hide">
            {t('page.close')}
          </button>
        </div>
        {problems.length === 0 && <p class="quiet">{t('health.none')}</p>}
        <ul class="problem-list">
          {problems.map((problem) => (
            <ProblemItem key={`${problem.service}|${problem.code}|${problem.where}`} problem={problem} />
          ))}
        </ul>
        {health !== null && (
          <p class="service-list quiet">
            {t('health.services')}:{' '}
            {health.services.map((one) => `${one.id} (${t(`health.state.${one.state}`)})`).join(' · ')}
          </p>
        )}
      </div>
    </div>
  );
}

function ProblemItem({ problem }: { readonly problem: Problem }) {
  const since = formatInstant(problem.since);
  return (
    <li class={`problem problem-${problem.severity}`}>
      <p>
        <span class={`tag tag-${problem.severity}`}>{t(`health.severity.${problem.severity}`)}</span>{' '}
        <strong>{problem.message}</strong>
      </p>
      <p class="quiet">
        {problem.service} · {problem.where} · {t('health.since', { since, count: problem.count })}
      </p>
      <p>
        <span class="quiet">{t('health.remedy')}:</span> {problem.remedy}
      </p>
    </li>
  );
}
