import type { Logger } from '../broker/contract/deps.ts';
import type { ServiceHealth } from '../broker/contract/health.ts';
import type { ScoringCore } from './core.ts';
import type { MessageStream } from './ingest/stream.ts';
import type { LivePlant } from './live-plant.ts';
import type { PipelineIssue } from './pipeline.ts';
import type { ProblemBook } from './problem-book.ts';
import { counterProblemToSignal } from './security/counter-alert.ts';

/** A problem of the plant's data: on the health page, in the log, and as an alert when a counter cannot be explained. */
export function noteIssue(
  issue: PipelineIssue,
  { problems, live, log }: { readonly problems: ProblemBook; readonly live: LivePlant | null; readonly log: Logger },
): void {
  const where = issue.tag === '' ? issue.equipment : `${issue.equipment}/${issue.tag}`;
  const severity = issue.code === 'COUNTER_RESET' ? 'info' : 'warning';
  problems.raise({
    code: issue.code,
    severity,
    where,
    equipment: issue.equipment,
    message: issue.message,
    remedy: issue.remedy,
  });
  log.warn({ code: issue.code, where }, issue.message);
  if (issue.code === 'COUNTER_UNRESOLVED') live?.raise(counterProblemToSignal(issue.equipment, issue));
}

/** What scoring says of itself. */
export function ownHealth(options: {
  readonly core: ScoringCore;
  readonly stream: MessageStream;
  readonly problems: ProblemBook;
  readonly id: string;
  readonly version: string;
  readonly now: () => number;
  readonly state: ServiceHealth['state'];
  readonly startedAt: number;
}): ServiceHealth {
  const { core, stream, problems, now, state, startedAt } = options;
  const sinkFigures: Record<string, number> = {};
  for (const sink of core.sinks) {
    const { queued, sent, refused, dropped, error } = sink.status();
    Object.assign(sinkFigures, {
      influxQueued: queued,
      influxSent: sent,
      influxRefused: refused,
      influxDropped: dropped,
    });
    if (error === null) problems.clear('STORE_REFUSED', 'influx');
    else
      problems.raise({
        code: 'STORE_REFUSED',
        severity: 'error',
        where: 'influx',
        message: error.message,
        remedy: error.remedy,
      });
  }
  const list = problems.list();
  const bad = list.some((problem) => problem.severity !== 'info');
  return {
    service: 'scoring',
    id: options.id,
    version: options.version,
    state: state === 'running' && bad ? 'degraded' : state,
    at: now(),
    problems: list,
    figures: {
      machines: core.pipeline.scorers.length,
      valuesTotal: stream.values,
      duplicatesTotal: stream.duplicates,
      lostTotal: stream.lost,
      gapsTotal: stream.gaps,
      nonScalarTotal: stream.nonScalar,
      uptimeSeconds: Math.round((now() - startedAt) / 1000),
      ...sinkFigures,
    },
  };
}
