import { alertSeverities, type Alert, type AlertSignal, type FloodEpisode } from './alert.ts';
import { rules } from './rules.ts';
import { signalOf } from './signal.ts';

const WINDOW_MS = 600_000;
/** New alerts of low and medium severity within ten minutes from which on they are folded into one. */
export const FLOOD_BEGINS = 20;
/** The flood is over when no more than this many came within ten minutes. */
export const FLOOD_ENDS = 5;
const SHOWN_RULES = 5;
const MOST_ASSETS = 10_000;

/** What the watch says of a signal: stands alone, or is folded into the flood. */
export type FloodWatch = {
  /** Whether a new alert is folded into the flood. High and critical ones always stand alone. */
  readonly takes: (alert: Alert, at: number) => boolean;
  /** Counts further signals of alerts that are folded. */
  readonly count: (signals: number) => void;
  /** The episode as it stands, null when there is none. Ends it when it is over at `at`; told once with its end. */
  readonly episode: (at: number) => FloodEpisode | null;
};

type Running = {
  readonly from: number;
  readonly firstOut: string;
  readonly assets: Set<string>;
  readonly rules: Map<string, number>;
  alerts: number;
  signals: number;
  peak: number;
};

/** Watches how fast new alerts come. `at` is the clock of this machine, epoch ms: what counts is what people see. */
export function createFloodWatch(): FloodWatch {
  const recent: number[] = [];
  let oldest = '';
  let running: Running | null = null;
  const rate = (at: number): number => {
    while (recent.length > 0 && at - (recent[0] ?? at) >= WINDOW_MS) recent.shift();
    return recent.length;
  };
  return {
    takes(alert, at) {
      if (alertSeverities.indexOf(alert.severity) > alertSeverities.indexOf('medium')) return false;
      if (rate(at) === 0) oldest = alert.id;
      recent.push(at);
      const now = rate(at);
      if (running === null && now > FLOOD_BEGINS) {
        running = { from: at, firstOut: oldest, assets: new Set(), rules: new Map(), alerts: 0, signals: 0, peak: 0 };
      }
      if (running === null) return false;
      running.peak = Math.max(running.peak, now);
      running.alerts += 1;
      running.signals += alert.count;
      running.rules.set(alert.rule, (running.rules.get(alert.rule) ?? 0) + 1);
      const asset = alert.equipment ?? alert.subject;
      if (asset !== undefined && running.assets.size < MOST_ASSETS) running.assets.add(asset);
      return true;
    },
    count(signals) {
      if (running !== null) running.signals += signals;
    },
    episode(at) {
      if (running === null) return null;
      const over = rate(at) <= FLOOD_ENDS;
      const { assets, rules: byRule, ...rest } = running;
      const found = {
        ...rest,
        to: over ? at : null,
        assets: assets.size,
        rules: [...byRule]
          .map(([rule, alerts]) => ({ rule, alerts }))
          .sort((one, other) => other.alerts - one.alerts)
          .slice(0, SHOWN_RULES),
      };
      if (over) running = null;
      return found;
    },
  };
}

/** The signal of the alert that stands for a flood. */
export function floodSignal(episode: FloodEpisode, at: number): AlertSignal {
  const most = episode.rules.map(({ rule, alerts }) => `${rule} ${alerts}`).join(', ');
  return signalOf(rules['alert-flood'], {
    at,
    condition: episode.to === null ? 'active' : 'cleared',
    message: `${episode.alerts} alerts of low and medium severity about ${episode.assets} assets are folded into this one; at most ${episode.peak} new ones in 10 min; most by ${most}`,
  });
}

/** Links a flood alert would join other alerts by: none, or it would pull everything into one incident. */
export function isFlood(signal: Pick<AlertSignal, 'rule'>): boolean {
  return signal.rule === rules['alert-flood'].name;
}
