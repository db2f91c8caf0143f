import type { Problem } from '../../broker/contract/health.ts';
import type { AnomalyEpisode } from '../anomaly/score.ts';
import type { EquipmentNode, LiveEvent, LiveFigures, PlantHealth } from '../plant-view.ts';
import type { Alert } from '../security/alert.ts';
import type { AlertView, EpisodeView, EquipmentView, HealthAnswer, LiveFiguresView } from './schemas.ts';
import type { ZoneTime } from './zone-time.ts';

/** Health comes over the wire from other machines; later than this is no date a person can read. */
const LATEST_MS = Date.UTC(9999, 11, 30);

/** An object of the tree as the API shows it. */
export function viewEquipment(node: EquipmentNode, time: ZoneTime): EquipmentView {
  return {
    ...node,
    live: viewLive(node.live, time),
    tags: node.tags.map((tag) => ({ ...tag, value: finite(tag.value), at: instant(tag.at, time) })),
  };
}

/** An anomaly episode as the API shows it. */
export function viewEpisode(episode: AnomalyEpisode, time: ZoneTime): EpisodeView {
  return {
    ...episode,
    from: time.toIso(episode.from),
    to: instant(episode.to, time),
    peakAt: time.toIso(episode.peakAt),
    contributions: [...episode.contributions],
  };
}

/** An alert as the API shows it; its key stays inside. */
export function viewAlert(alert: Alert, time: ZoneTime): AlertView {
  const { key: _, shelved, links: _links, episode, learn, ruleVersion: _version, ...shown } = alert;
  return {
    ...shown,
    principal: alert.principal ?? null,
    incident: alert.incident ?? null,
    flood: alert.flood ?? null,
    episode:
      episode === undefined
        ? null
        : { ...episode, from: time.toIso(episode.from), to: instant(episode.to, time), rules: [...episode.rules] },
    learnable: learn !== undefined,
    equipment: alert.equipment ?? null,
    subject: alert.subject ?? null,
    technique: alert.technique ?? null,
    first: time.toIso(alert.first),
    last: time.toIso(alert.last),
    acknowledgedBy: alert.acknowledgedBy ?? null,
    acknowledgedAt: instant(alert.acknowledgedAt ?? null, time),
    disposition: alert.disposition ?? null,
    assignee: alert.assignee ?? null,
    shelvedUntil: instant(shelved?.until ?? null, time),
    version: alert.version ?? 0,
  };
}

/** Health of all services, newest problems as the services report them. */
export function viewHealth(health: PlantHealth, at: number, time: ZoneTime): HealthAnswer {
  const instantOf = (ms: number): string => time.toIso(Math.min(Math.max(ms, 0), LATEST_MS));
  const viewProblem = (problem: Problem) => ({ ...problem, since: instantOf(problem.since) });
  return {
    status: health.status,
    at: time.toIso(at),
    services: health.services.map(({ connections, ...service }) => ({
      ...service,
      at: instantOf(service.at),
      problems: service.problems.map(viewProblem),
      ...(connections === undefined
        ? {}
        : { connections: connections.map((one) => ({ ...one, since: instantOf(one.since) })) }),
    })),
    problems: health.problems.map(viewProblem),
  };
}

/** Payload of a live event under its name. */
export function viewEvent(event: LiveEvent, at: number, time: ZoneTime): unknown {
  switch (event.kind) {
    case 'equipment':
      return { items: event.nodes.map((node) => viewEquipment(node, time)) };
    case 'anomaly':
      return viewEpisode(event.episode, time);
    case 'alert':
      return viewAlert(event.alert, time);
    case 'health':
      return viewHealth(event.health, at, time);
    default:
      return event satisfies never;
  }
}

function viewLive(live: LiveFigures, time: ZoneTime): LiveFiguresView {
  return { ...live, at: instant(live.at, time) };
}

function instant(at: number | null, time: ZoneTime): string | null {
  return at === null ? null : time.toIso(at);
}

/** JSON has no NaN and no infinity; they are no value here. */
function finite<T>(value: T): T | null {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}
