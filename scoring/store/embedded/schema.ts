import type { DatabaseSync } from 'node:sqlite';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { windowSizes, type WindowSize } from '../../energy/window.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Rows of one block and object lie side by side: appending touches only the newest block, and a trend of one object
 * reads one run of rows per block without a second index.
 */
export const windowBlockMs = {
  '1m': HOUR_MS,
  '15m': DAY_MS,
  '1h': 7 * DAY_MS,
  '1d': 365 * DAY_MS,
} as const satisfies Record<WindowSize, number>;

export const SCORE_BLOCK_MS = HOUR_MS;

const WINDOW_FIGURES = `end INTEGER NOT NULL, final INTEGER NOT NULL, revision INTEGER NOT NULL,
  energy REAL NOT NULL, idle REAL NOT NULL, estimated REAL NOT NULL, output REAL NOT NULL, scrap REAL NOT NULL,
  run_ms REAL NOT NULL, idle_ms REAL NOT NULL, off_ms REAL NOT NULL, other_ms REAL NOT NULL,
  covered_ms REAL NOT NULL, expected_ms REAL NOT NULL, gap_ms REAL NOT NULL, unresolved INTEGER NOT NULL`;

const SCORE_FIGURES = `score REAL, reason TEXT, context TEXT NOT NULL, alarm INTEGER NOT NULL,
  model TEXT NOT NULL, contributions TEXT`;

const timeFirstWindows = (size: WindowSize): string => `
CREATE TABLE window_${size} (object INTEGER NOT NULL, start INTEGER NOT NULL, ${WINDOW_FIGURES}, PRIMARY KEY (start, object)) WITHOUT ROWID;
CREATE INDEX window_${size}_object ON window_${size} (object, start);`;

/** Rebuilds a time-first table in blocks. Figures keep their order, so that the copy is `SELECT block, *`. */
const intoBlocks = (
  name: string,
  { key, figures, blockMs }: { readonly key: 'start' | 'at'; readonly figures: string; readonly blockMs: number },
): string => `
DROP INDEX ${name}_object;
ALTER TABLE ${name} RENAME TO ${name}_before;
CREATE TABLE ${name} (block INTEGER NOT NULL, object INTEGER NOT NULL, ${key} INTEGER NOT NULL, ${figures}, PRIMARY KEY (block, object, ${key})) WITHOUT ROWID;
INSERT INTO ${name} SELECT (${key} - ((${key} % ${blockMs}) + ${blockMs}) % ${blockMs}) / ${blockMs}, * FROM ${name}_before;
DROP TABLE ${name}_before;`;

/** Forward migrations; entry n brings a file from version n to n + 1. A released entry is never edited. */
export const migrations: readonly string[] = [
  `CREATE TABLE object (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, level TEXT NOT NULL);
${windowSizes.map(timeFirstWindows).join('\n')}
CREATE TABLE score (object INTEGER NOT NULL, at INTEGER NOT NULL, ${SCORE_FIGURES}, PRIMARY KEY (at, object)) WITHOUT ROWID;
CREATE INDEX score_object ON score (object, at);
CREATE TABLE episode (id TEXT PRIMARY KEY, path TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER, body TEXT NOT NULL);
CREATE INDEX episode_started ON episode (started);
CREATE TABLE alert (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, review TEXT NOT NULL, condition TEXT NOT NULL, equipment TEXT, last INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX alert_key ON alert (key, last);
CREATE INDEX alert_last ON alert (last);
CREATE TABLE checkpoint (name TEXT PRIMARY KEY, body TEXT NOT NULL);`,
  `ALTER TABLE object ADD COLUMN scored_at INTEGER;
UPDATE object SET scored_at = (SELECT MAX(at) FROM score WHERE object = object.id);
${windowSizes.map((size) => intoBlocks(`window_${size}`, { key: 'start', figures: WINDOW_FIGURES, blockMs: windowBlockMs[size] })).join('\n')}
${intoBlocks('score', { key: 'at', figures: SCORE_FIGURES, blockMs: SCORE_BLOCK_MS })}`,
  `CREATE TABLE revision (object INTEGER NOT NULL, window TEXT NOT NULL, start INTEGER NOT NULL, ${WINDOW_FIGURES},
  PRIMARY KEY (object, window, start, revision)) WITHOUT ROWID;`,
  `CREATE TABLE sensor_set (id INTEGER PRIMARY KEY, object INTEGER NOT NULL, names TEXT NOT NULL, UNIQUE (object, names));
CREATE TABLE sensor_row (block INTEGER NOT NULL, object INTEGER NOT NULL, at INTEGER NOT NULL, sensors INTEGER NOT NULL,
  context TEXT NOT NULL, mixed INTEGER NOT NULL, power REAL, pieces REAL NOT NULL, plant REAL NOT NULL, numbers BLOB NOT NULL,
  PRIMARY KEY (block, object, at)) WITHOUT ROWID;`,
  `CREATE TABLE replaced_score (object INTEGER NOT NULL, at INTEGER NOT NULL, revision INTEGER NOT NULL, ${SCORE_FIGURES},
  PRIMARY KEY (object, at, revision)) WITHOUT ROWID;
CREATE TABLE replaced_episode (object INTEGER NOT NULL, started INTEGER NOT NULL, replaced_at INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (object, started, replaced_at, id)) WITHOUT ROWID;
CREATE TABLE conversion (object INTEGER NOT NULL, day INTEGER NOT NULL, revision INTEGER NOT NULL, written_at INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (object, day, revision)) WITHOUT ROWID;`,
];

/** Number of the block an instant lies in. */
export const blockOf = (at: number, blockMs: number): number => Math.floor(at / blockMs);

/** Version of an opened file; 0 is an empty one. */
export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

/**
 * Checks that this release can read an opened file and brings it to the newest version unless it may only be read.
 * @throws JoulegateError STORE_FAILED for a file of a newer release, or of an older one that may only be read.
 */
export function migrate(database: DatabaseSync, { file, readOnly }: { file: string; readOnly: boolean }): void {
  const version = schemaVersion(database);
  const newest = migrations.length;
  if (version > newest) {
    throw new JoulegateError(
      'STORE_FAILED',
      `store ${file} has schema version ${version}, this release knows ${newest}; start the newer release that wrote it`,
    );
  }
  if (readOnly && version < newest) {
    throw new JoulegateError(
      'STORE_FAILED',
      `store ${file} has schema version ${version}, this release reads ${newest}; start scoring once, which brings it up`,
    );
  }
  for (let next = version; next < newest; next += 1) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[next] ?? ''} PRAGMA user_version = ${next + 1}; COMMIT;`);
  }
}
