import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { connectionStates, type ConnectionHealth, type ServiceHealth } from '../broker/contract/health.ts';

/** Figures of `health()` that only rise. */
const counters: Readonly<Record<string, string>> = {
  valuesTotal: 'Values received from OPC UA servers.',
  badTotal: 'Values received with a Bad status.',
  historyTotal: 'Values read from the history of servers to fill gaps.',
  serverLostTotal: 'Losses that servers reported: overflows of their queues and notifications that never came.',
  droppedTotal: 'Messages the outbox had to drop.',
  appendErrorsTotal: 'Commits of the outbox that failed.',
  messagesTotal: 'DataSetMessages made.',
  sentTotal: 'Records that the broker has acknowledged.',
  sessionsTotal: 'Sessions opened at OPC UA servers.',
  workerRestartsTotal: 'Connection workers that had to be started again.',
};
const gauges: Readonly<Record<string, string>> = {
  outboxDepth: 'Records in the outbox.',
  outboxBytes: 'Bytes in the outbox.',
  outboxDamagedTotal: 'Messages lost to damage of the outbox file.',
  unwrittenMsMax: 'Longest time that values were in memory only, ms.',
  serversConnected: 'Connections that are running.',
  ownCertificateDaysLeft: "Days until the gateway's own certificate ends.",
};

/** What is shown of each connection. */
const perServer: readonly {
  readonly name: string;
  readonly help: string;
  readonly of: (connection: ConnectionHealth) => number;
}[] = [
  {
    name: 'joulegate_gateway_subscriptions',
    help: 'Subscriptions with monitored items.',
    of: ({ reading }) => reading.subscriptions,
  },
  {
    name: 'joulegate_gateway_monitored_items',
    help: 'Tags with a monitored item.',
    of: ({ reading }) => reading.items,
  },
  { name: 'joulegate_gateway_polled_tags', help: 'Tags that are read in rounds.', of: ({ reading }) => reading.polled },
  {
    name: 'joulegate_gateway_server_sessions_total',
    help: 'Sessions opened since the start.',
    of: ({ sessions }) => sessions,
  },
  {
    name: 'joulegate_gateway_server_repairs_total',
    help: 'Connections repaired within a session.',
    of: ({ repairs }) => repairs,
  },
];

/** `valuesTotal` → `joulegate_gateway_values_total`. */
const metricName = (figure: string): string =>
  `joulegate_gateway_${figure.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;

export type GatewayMetrics = {
  readonly registry: Registry;
  /** Notes how long a record took from the call of publish to its PUBACK, in seconds. */
  readonly observePublish: (seconds: number) => void;
};

/** Metrics of a gateway for Prometheus; `health` is read at each scrape, so nothing is counted twice. */
export function createMetrics(health: () => ServiceHealth): GatewayMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  for (const [figure, help] of [...Object.entries(counters), ...Object.entries(gauges)]) {
    // A total is kept elsewhere and only shown here, hence a gauge for each.
    registers[0]?.registerMetric(
      new Gauge({
        name: metricName(figure),
        help,
        registers: [],
        collect() {
          this.set(health().figures[figure] ?? 0);
        },
      }),
    );
  }
  const publish = new Histogram({
    name: 'joulegate_gateway_publish_seconds',
    help: 'From the call of publish to the acknowledgement of the broker.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'joulegate_gateway_connection_state',
      help: '1 for the state a connection is in.',
      labelNames: ['server', 'state'],
      registers: [],
      collect() {
        this.reset();
        for (const { name, state } of health().connections ?? []) {
          for (const other of connectionStates) this.set({ server: name, state: other }, other === state ? 1 : 0);
        }
      },
    }),
  );
  for (const { name, help, of } of perServer) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['server'],
        registers: [],
        collect() {
          this.reset();
          for (const connection of health().connections ?? []) this.set({ server: connection.name }, of(connection));
        },
      }),
    );
  }
  registry.registerMetric(
    new Gauge({
      name: 'joulegate_gateway_tags',
      help: 'Tags by server and state.',
      labelNames: ['server', 'state'],
      registers: [],
      collect() {
        this.reset();
        for (const { name, tags } of health().connections ?? [])
          for (const [state, count] of Object.entries(tags)) this.set({ server: name, state }, count);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'joulegate_gateway_server_clock_skew_seconds',
      help: 'Clock of the server less that of the gateway.',
      labelNames: ['server'],
      registers: [],
      collect() {
        this.reset();
        for (const { name, clockSkewMs } of health().connections ?? [])
          if (clockSkewMs !== null) this.set({ server: name }, clockSkewMs / 1000);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'joulegate_gateway_problems',
      help: 'Problems that are open, by code.',
      labelNames: ['code'],
      registers: [],
      collect() {
        this.reset();
        for (const { code } of health().problems) this.inc({ code });
      },
    }),
  );
  return { registry, observePublish: (seconds) => publish.observe(seconds) };
}
