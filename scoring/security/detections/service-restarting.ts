import { createRecentCounter } from '../recent-counter.ts';
import type { Rule } from '../rules.ts';
import { signalOf } from '../signal.ts';
import type { DetectionCard } from './card.ts';

const WINDOW_MS = 600_000;
const MANY = 3;
const STEP_MS = 60_000;

const rule: Rule = {
  name: 'service-restarting',
  severity: 'high',
  technique: { id: 'T0881', name: 'Service Stop' },
  title: { en: 'Service starts again and again', zh: '服务反复重启' },
  ends: 'by-review',
};

/** The same service started three times within ten minutes. */
export const serviceRestarting: DetectionCard = {
  rule,
  catalogue: ['D42'],
  source: 'gateway and broker, start of the service',
  evidence: 'id of the service, number of starts',
  falsePositives: 'an update, a power supply that comes and goes',
  vector: {
    triggers: [0, 1, 2].map((step) => ({ kind: 'service-started', source: 'edge-1', afterMs: step * STEP_MS })),
    quiet: [0, 6, 12].map((step) => ({ kind: 'service-started', source: 'edge-1', afterMs: step * STEP_MS })),
  },
  create: () => {
    const recent = createRecentCounter({ windowMs: WINDOW_MS, cap: MANY, keys: 1000 });
    return {
      rule,
      kinds: ['service-started'],
      onEvent: ({ at, source, service }) =>
        recent.add(source, at) < MANY
          ? []
          : [
              signalOf(rule, {
                at,
                principal: source,
                message: `${service} "${source}" started ${MANY} times in 10 min`,
              }),
            ],
    };
  },
};
