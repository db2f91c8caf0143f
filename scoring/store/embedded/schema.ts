import type { DatabaseSync } from 'node:sqlite';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { windowSizes } from '../../energy/window.ts';

const windowTable = (size: string): string => `
CREATE TABLE window_${size} (
  object INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, final INTEGER NOT NULL, revision INTEGER NOT NULL,
  energy REAL NOT NULL, idle REAL NOT NULL, estimated REAL NOT NULL, output REAL NOT NULL, scrap REAL NOT NULL,
  run_ms REAL NOT NULL, idle_ms REAL NOT NULL, off_ms REAL NOT NULL, other_ms REAL NOT NULL,
  covered_ms REAL NOT NULL, expected_ms REAL NOT NULL, gap_ms REAL NOT NULL, unresolved INTEGER NOT NULL,
  PRIMARY KEY (start, object)
) WITHOUT ROWID;
CREATE INDEX window_${size}_object ON window_${size} (object, start);`;

/** Forward migrations; entry n brings a file from version n to n + 1. A released entry is never edited. */
export const migrations: readonly string[] = [
  `CREATE TABLE object (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, level TEXT NOT NULL);
${windowSizes.map(windowTable).join('\n')}
CREATE TABLE score (
  object INTEGER NOT NULL, at INTEGER NOT NULL, score REAL, reason TEXT, context TEXT NOT NULL, alarm INTEGER NOT NULL,
  model TEXT NOT NULL, contributions TEXT, PRIMARY KEY (at, object)
) WITHOUT ROWID;
CREATE INDEX score_object ON score (object, at);
CREATE TABLE episode (id TEXT PRIMARY KEY, path TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER, body TEXT NOT NULL);
CREATE INDEX episode_started ON episode (started);
CREATE TABLE alert (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, review TEXT NOT NULL, condition TEXT NOT NULL, equipment TEXT, last INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX alert_key ON alert (key, last);
CREATE INDEX alert_last ON alert (last);
CREATE TABLE checkpoint (name TEXT PRIMARY KEY, body TEXT NOT NULL);`,
];

/** Brings an opened file to the newest version. @throws JoulegateError STORE_FAILED for a file of a newer release. */
export function migrate(database: DatabaseSync, file: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new JoulegateError(
      'STORE_FAILED',
      `store ${file} has schema version ${version}, this release knows ${migrations.length}; start the newer release that wrote it`,
    );
  }
  for (let next = version; next < migrations.length; next += 1) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[next] ?? ''} PRAGMA user_version = ${next + 1}; COMMIT;`);
  }
}
