import { Type, type Static } from 'typebox';
import { NotificationsSection, SyslogSection } from './notify/config.ts';
import { Duration } from '../broker/contract/duration.ts';
import { MqttClientSection } from '../broker/contract/plant.ts';
import { Carrier } from '../broker/contract/tag.ts';
import { TargetSection } from './target-config.ts';

export { BaselineVariable, TargetSection } from './target-config.ts';

const ClockTime = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', examples: ['20:00'] });

/** What a plant has agreed for its energy accounts. */
export const EnergySection = Type.Object(
  {
    factorSets: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Further factor sets (YAML files of the plant), beside those that are shipped.',
      }),
    ),
    electricityEquivalent: Type.Optional(
      Type.Object(
        {
          kgcePerKwh: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
          source: Type.String({ minLength: 1, description: 'Decree or bill the rate is from.' }),
        },
        {
          additionalProperties: false,
          description: "等价值 of electricity: last year's rate of generation. Left out: no figure on that basis.",
        },
      ),
    ),
    boughtMedia: Type.Optional(
      Type.Array(Carrier, {
        description:
          'Energy-carrying media (耗能工质) that are bought and count as energy, e.g. water. Left out: none, they are made on site.',
        examples: [['water']],
      }),
    ),
    shifts: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String({ minLength: 1 }), from: ClockTime, to: ClockTime },
          { additionalProperties: false },
        ),
        { description: 'Shifts in local time that follow one another around the clock.' },
      ),
    ),
    dayStartsAt: Type.Optional(
      Type.String({
        pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
        description: 'Start of the production day. Default 00:00.',
      }),
    ),
    meterReadingDay: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31,
        description: 'Day of the month the meters are read (抄表日). Default 1.',
      }),
    ),
    mainMeters: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), {
        description:
          'Path of a line or area → path of the equipment that is its main meter. Its energy is that of the meter; what lies below breaks it down and leaves a residual.',
        examples: [{ 'body/press-line': 'body/press-line/feeder-1' }],
      }),
    ),
    independent: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Paths whose energy is no part of what is above them, e.g. a tenant.',
      }),
    ),
    allocations: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ minLength: 1, maxLength: 64 }),
            utility: Type.String({ minLength: 1, description: 'Path of the shared utility, e.g. a compressor house.' }),
            version: Type.String({
              minLength: 1,
              description: 'Version of the agreement; it stands beside every allocated kWh.',
            }),
            driver: Type.Optional(
              Type.Enum(['sub-meter', 'run-time-rated', 'good-output', 'fixed-share'], {
                description: 'The only driver to use. Left out: the first of this list that is known of all consumers.',
              }),
            ),
            approved: Type.Optional(
              Type.String({
                pattern: '^\\d{4}-\\d{2}-\\d{2}$',
                description: 'Day on which fixed shares were approved; without it they are not used.',
              }),
            ),
            consumers: Type.Array(
              Type.Object(
                {
                  path: Type.String({ minLength: 1 }),
                  ratedKw: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
                  meter: Type.Optional(
                    Type.String({ minLength: 1, description: 'Equipment that measures what this consumer takes.' }),
                  ),
                  share: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
                },
                { additionalProperties: false },
              ),
              { minItems: 1 },
            ),
          },
          { additionalProperties: false },
        ),
        { description: 'Shared utilities and the rule by which their energy is given to those they serve.' },
      ),
    ),
    tariff: Type.Optional(
      Type.Object(
        {
          plan: Type.String({
            default: 'shanghai-two-part',
            description: 'Id of a shipped tariff, or a YAML file of the plant.',
          }),
          flatPriceYuan: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              description: 'Flat price per kWh. Left out: energy by period, no cost.',
            }),
          ),
          holidays: Type.Optional(Type.Array(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }))),
          makeUpWorkdays: Type.Optional(Type.Array(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }))),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type EnergySection = Static<typeof EnergySection>;

/** Month reports. */
export const ReportsSection = Type.Object(
  {
    formats: Type.Array(Type.Enum(['xlsx', 'pdf', 'csv']), {
      default: ['xlsx', 'pdf'],
      description: 'Written by itself for each complete month, into <data>/scoring/reports; [] = none.',
    }),
    languages: Type.Array(Type.Enum(['zh', 'en']), { default: ['zh'] }),
    quotas: Type.Array(
      Type.Object(
        {
          path: Type.String({ description: 'Equipment path; empty = site.' }),
          basis: Type.Enum(['calorific', 'equivalent'], { description: 'The basis the standard names.' }),
          advanced: Type.Number({ exclusiveMinimum: 0, description: 'Grade 1 (先进值), kgce per equivalent unit.' }),
          access: Type.Number({ exclusiveMinimum: 0, description: 'Grade 2 (准入值).' }),
          limit: Type.Number({ exclusiveMinimum: 0, description: 'Grade 3 (限定值).' }),
          source: Type.String({ minLength: 1, description: 'Standard and clause.' }),
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Energy quotas (单位产品能耗限额) whose grade the report shows.' },
    ),
  },
  { additionalProperties: false },
);
export type ReportsSection = Static<typeof ReportsSection>;

export const InfluxSection = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', examples: ['http://127.0.0.1:8086'] }),
    database: Type.String({ default: 'joulegate', description: 'InfluxDB 1.x database, or bucket of 2.x/3.' }),
    org: Type.Optional(Type.String({ description: 'InfluxDB 2.x organisation.' })),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    token: Type.Optional(Type.String({ description: 'InfluxDB 2.x/3 token; use file:PATH or ${ENV}.' })),
    retention: Type.Optional(
      Duration({ description: 'Age limit given to a database or bucket that is created; 2000d. Default: for ever.' }),
    ),
    gzip: Type.Optional(
      Type.Boolean({ description: 'Packs what is sent. Default: unless InfluxDB runs on this machine.' }),
    ),
    queueMegabytes: Type.Number({
      default: 256,
      minimum: 1,
      description: 'Durable queue for what the server has not accepted yet.',
    }),
  },
  { additionalProperties: false },
);
export type InfluxSection = Static<typeof InfluxSection>;

/** Section `scoring` of plant.yaml. */
export const ScoringSection = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$', default: 'scoring' }),
    mqtt: Type.Optional(MqttClientSection),
    api: Type.Optional(
      Type.Object(
        {
          host: Type.String({ default: '127.0.0.1' }),
          port: Type.Integer({ default: 8700, minimum: 0, maximum: 65_535 }),
          openLoopback: Type.Boolean({
            default: false,
            description:
              'true: requests from this machine may read without signing in. Only ever on with a loopback host; the demo sets it.',
          }),
          requestsPerMinute: Type.Optional(
            Type.Integer({
              minimum: 10,
              description: 'Requests a minute and address; more are answered 429. Default 1200.',
            }),
          ),
          tls: Type.Optional(
            Type.Object({ certFile: Type.String(), keyFile: Type.String() }, { additionalProperties: false }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    influx: Type.Optional(InfluxSection),
    maxGap: Duration({ default: '5m', description: 'Longest gap between two good samples that counts as measured.' }),
    lateness: Duration({ default: '2m', description: 'A window is final this long after its end in event time.' }),
    anomaly: Type.Optional(
      Type.Object(
        {
          rowInterval: Duration({
            default: '1m',
            description: 'One row of sensor means per machine and interval is scored.',
          }),
          trainingRows: Type.Integer({
            default: 7200,
            minimum: 500,
            description: 'Rows of a machine (all states) a model is fitted on.',
          }),
          minimumRows: Type.Integer({
            default: 1440,
            minimum: 200,
            description: 'Rows before the first model is fitted.',
          }),
          falseAlarmsPerWeek: Type.Number({
            default: 1,
            exclusiveMinimum: 0,
            description: 'Alarm budget per machine and week that sets the threshold.',
          }),
        },
        { additionalProperties: false },
      ),
    ),
    retention: Type.Optional(
      Type.Object(
        {
          minute: Duration({ default: '60d', description: '1-minute windows and scores.' }),
          quarter: Duration({ default: '400d', description: '15-minute windows.' }),
          hour: Duration({ default: '3650d', description: 'Hour windows; days are kept for ever.' }),
        },
        { additionalProperties: false },
      ),
    ),
    energy: Type.Optional(EnergySection),
    reports: Type.Optional(ReportsSection),
    notifications: Type.Optional(NotificationsSection),
    syslog: Type.Optional(SyslogSection),
    targets: Type.Array(TargetSection, { default: [] }),
  },
  { additionalProperties: false },
);
export type ScoringSection = Static<typeof ScoringSection>;
