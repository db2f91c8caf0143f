import { defineConfig, type OxlintOverride } from 'oxlint';

/**
 * The import matrix of ARCHITECTURE.md, one complete row per folder: of several matching
 * overrides the last one replaces the rule, so no row may lean on another.
 */
const libraries = [
  'node-opcua*',
  'aedes*',
  'mqtt',
  'mqtt-packet',
  'ws',
  '@influxdata/*',
  'hyparquet*',
  '@tensorflow/*',
  'fastify',
  '@fastify/*',
  'node:sqlite',
  'yaml',
  'commander',
  'pino',
  'preact',
  'echarts',
  'hucre*',
  'pdfkit',
  'fontkit',
  'nodemailer',
];
const rooms = ['gateway', 'broker', 'scoring', 'seeds', 'deploy', 'tests'];

type Row = {
  readonly folder: string;
  /** Libraries of the table above that this folder may import. */
  readonly libs?: readonly string[];
  /** Folders of ours that this folder may import, beside its own files. */
  readonly ours?: readonly string[];
  /** Folders below an allowed room that stay closed. */
  readonly closed?: readonly string[];
};

const row = ({ folder, libs = [], ours = [], closed = [] }: Row): OxlintOverride => ({
  files: [`${folder}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: libraries.filter((library) => !libs.includes(library)),
            message: `${folder} may not import this library (see ARCHITECTURE.md, "Who may import whom").`,
          },
          {
            group: [
              ...rooms
                .filter((room) => !folder.startsWith(room) && !ours.includes(room))
                .map((room) => `**/${room}/**`),
              ...closed.map((room) => `**/${room}/**`),
              ...ours.filter((room) => room.includes('/')).map((room) => `!**/${room}/**`),
            ],
            message: `${folder} may not import that room (see ARCHITECTURE.md, "Who may import whom").`,
          },
        ],
      },
    ],
  },
});

const contract = ['broker/contract'];
const edges = ['ingest', 'store', 'api', 'reports', 'console'];

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'import', 'node', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['dist/**', 'scoring/console/generated/**', 'node_modules/**'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-unassigned-import': 'off',
    'unicorn/prefer-node-protocol': 'error',
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'typescript/no-floating-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'no-shadow': 'off',
    'promise/always-return': 'off',
    'no-unmodified-loop-condition': 'off',
    // Ambient const enums of libraries cannot be imported by erasable TypeScript.
    // Worker threads, not windows.
    'unicorn/require-post-message-target-origin': 'off',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
  },
  overrides: [
    row({ folder: 'broker/contract' }),
    row({ folder: 'broker', libs: ['aedes*', 'ws'] }),
    row({ folder: 'broker/access', libs: ['aedes*', 'mqtt-packet'] }),
    row({ folder: 'broker/bridge', libs: ['mqtt'] }),
    row({ folder: 'broker/sessions', libs: ['aedes*', 'mqtt-packet', 'node:sqlite'] }),
    row({ folder: 'gateway', ours: contract }),
    row({ folder: 'gateway/config', ours: contract, closed: ['opcua', 'outbox', 'publish'] }),
    row({ folder: 'gateway/tags', ours: contract, closed: ['opcua', 'outbox', 'publish'] }),
    row({ folder: 'gateway/opcua', libs: ['node-opcua*'], ours: contract, closed: ['outbox', 'publish'] }),
    row({ folder: 'gateway/outbox', libs: ['node:sqlite'], ours: contract, closed: ['opcua', 'publish', 'tags'] }),
    row({ folder: 'gateway/publish', libs: ['mqtt'], ours: contract, closed: ['opcua'] }),
    row({ folder: 'scoring', libs: [], ours: contract }),
    row({ folder: 'scoring/energy', closed: edges, ours: contract }),
    row({ folder: 'scoring/anomaly', closed: edges, ours: contract }),
    row({ folder: 'scoring/anomaly/tensor', libs: ['@tensorflow/*'], closed: edges, ours: contract }),
    row({ folder: 'scoring/security', closed: edges, ours: contract }),
    row({ folder: 'scoring/ingest', libs: ['mqtt'], ours: contract, closed: ['api', 'reports', 'console'] }),
    row({ folder: 'scoring/store', ours: contract, closed: ['api', 'reports', 'console', 'ingest'] }),
    row({
      folder: 'scoring/store/embedded',
      ours: contract,
      libs: ['node:sqlite'],
      closed: ['api', 'reports', 'console', 'ingest', 'influx'],
    }),
    row({
      folder: 'scoring/store/influx',
      libs: ['@influxdata/*', 'node:sqlite'],
      ours: contract,
      closed: ['api', 'reports', 'console', 'ingest', 'embedded'],
    }),
    row({
      folder: 'scoring/store/export',
      libs: ['hyparquet*'],
      ours: contract,
      closed: ['api', 'reports', 'console', 'ingest', 'influx', 'embedded'],
    }),
    row({
      folder: 'scoring/api',
      libs: ['fastify', '@fastify/*'],
      ours: contract,
      closed: ['reports', 'console', 'ingest', 'embedded', 'influx'],
    }),
    row({
      folder: 'scoring/reports',
      libs: ['hucre*', 'pdfkit', 'fontkit'],
      ours: contract,
      closed: ['api', 'console', 'ingest', 'embedded', 'influx'],
    }),
    row({
      folder: 'scoring/notify',
      libs: ['nodemailer'],
      ours: contract,
      closed: ['api', 'console', 'ingest', 'store', 'reports'],
    }),
    row({
      folder: 'scoring/console',
      libs: ['preact', 'echarts'],
      closed: ['energy', 'anomaly', 'security', 'ingest', 'store', 'reports'],
    }),
    row({ folder: 'seeds', libs: ['yaml'], ours: contract }),
    row({ folder: 'seeds/simulator', libs: ['yaml', 'node-opcua*'], ours: contract }),
    row({ folder: 'seeds/simulator/model', ours: contract }),
    row({
      folder: 'deploy',
      libs: ['yaml', 'commander', 'pino'],
      ours: ['gateway', 'broker', 'scoring', 'seeds'],
      closed: ['opcua', 'outbox', 'publish', 'access', 'ingest'],
    }),
    {
      files: ['**/*.test.ts', '**/*.contract.ts', 'tests/**/*.ts'],
      rules: {
        'no-restricted-imports': 'off',
        'max-lines': ['error', { max: 500, skipComments: true, skipBlankLines: true }],
      },
    },
    { files: ['*.config.ts', '**/vite.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
});
