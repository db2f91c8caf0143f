import { windowSizes, type WindowSize } from '../../energy/window.ts';
import { SCORE_COLUMNS, WINDOW_COLUMNS } from './rows.ts';
import { SENSOR_ROW_COLUMNS } from './sensor-rows.ts';

const from = (alias: string, columns: string): string => columns.replaceAll(/\w+/g, `${alias}.$&`);

/**
 * Rows of one object between two instants. Walks the blocks that exist in the range by seeking from one to the next, so
 * that neither a wide range nor a hole in the data costs anything. Parameters: first block, last block, object, from, to.
 */
const ofOneObject = (table: string, key: 'start' | 'at', columns: string): string => `
WITH RECURSIVE filled(block) AS (
  SELECT MIN(block) FROM ${table} WHERE block >= ?1
  UNION ALL
  SELECT (SELECT MIN(block) FROM ${table} WHERE block > filled.block) FROM filled WHERE filled.block < ?2
)
SELECT ${from('r', columns)} FROM filled
  CROSS JOIN ${table} r ON r.block = filled.block AND r.object = ?3 AND r.${key} >= ?4 AND r.${key} < ?5
  ORDER BY r.block, r.${key}`;

const ofAllObjects = (table: string): string => `
SELECT ${from('r', WINDOW_COLUMNS)} FROM ${table} r JOIN object o ON o.id = r.object
  WHERE r.block >= ?1 AND r.block <= ?2 AND r.start >= ?3 AND r.start < ?4 ORDER BY r.start, o.path`;

const replace = (table: string, columns: string): string =>
  `INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${columns.replaceAll(/\w+/g, '?')})`;

const perSize = (text: (table: string) => string): Readonly<Record<WindowSize, string>> =>
  Object.fromEntries(windowSizes.map((size) => [size, text(`window_${size}`)])) as Record<WindowSize, string>;

/** Statement texts, made once: the text is the key of the statement cache. */
export const queries = {
  writeWindow: perSize((table) => replace(table, WINDOW_COLUMNS)),
  readWindows: perSize((table) => ofOneObject(table, 'start', WINDOW_COLUMNS)),
  readAllWindows: perSize(ofAllObjects),
  extent: perSize(
    (table) => `SELECT
      (SELECT MIN(start) FROM ${table} WHERE block = (SELECT MIN(block) FROM ${table})) AS low,
      (SELECT MAX(start) FROM ${table} WHERE block = (SELECT MAX(block) FROM ${table})) AS high`,
  ),
  pruneRevisions: "DELETE FROM revision WHERE window = '1h' AND start < ?",
  pruneReplacedScores: 'DELETE FROM replaced_score WHERE at < ?',
  writeScore: replace('score', SCORE_COLUMNS),
  readScores: ofOneObject('score', 'at', SCORE_COLUMNS),
  writeSensorRow: replace('sensor_row', SENSOR_ROW_COLUMNS),
  readSensorRows: ofOneObject('sensor_row', 'at', SENSOR_ROW_COLUMNS),
  addSensorSet: 'INSERT OR IGNORE INTO sensor_set (object, names) VALUES (?, ?)',
  sensorSet: 'SELECT id FROM sensor_set WHERE object = ? AND names = ?',
  sensorSets: 'SELECT id, names FROM sensor_set WHERE object = ?',
  sensorPaths: 'SELECT DISTINCT o.path FROM object o JOIN sensor_set s ON s.object = o.id ORDER BY o.path',
  latestScores: `SELECT ${from('s', SCORE_COLUMNS)} FROM object o
    JOIN score s ON s.block = (o.scored_at - ((o.scored_at % ?1) + ?1) % ?1) / ?1 AND s.object = o.id AND s.at = o.scored_at
    ORDER BY o.path`,
  scored: 'UPDATE object SET scored_at = ?2 WHERE id = ?1',
  objects: 'SELECT id, path, level FROM object',
  object: 'SELECT id, level, scored_at FROM object WHERE path = ?',
  addObject: 'INSERT INTO object (path, level) VALUES (?, ?)',
  relevel: 'UPDATE object SET level = ?2 WHERE id = ?1',
  writeEpisode: 'INSERT OR REPLACE INTO episode (id, path, started, ended, body) VALUES (?, ?, ?, ?, ?)',
  /** Parameters: from, to, path ('' = all), limit. */
  readEpisodes: `SELECT body FROM episode WHERE started < ?2 AND (ended IS NULL OR ended >= ?1)
    AND (?3 = '' OR path = ?3 OR substr(path, 1, length(?3) + 1) = ?3 || '/')
    AND (?5 IS NULL OR started < ?5 OR (started = ?5 AND id > ?6)) ORDER BY started DESC, id LIMIT ?4`,
  writeCheckpoint:
    'INSERT INTO checkpoint (name, body) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET body = excluded.body',
  removeCheckpoint: 'DELETE FROM checkpoint WHERE name = ?',
  readCheckpoint: 'SELECT body FROM checkpoint WHERE name = ?',
  readCheckpoints: 'SELECT name, body FROM checkpoint WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name',
  saveAlert: `INSERT INTO alert (id, key, review, condition, equipment, last, body) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT(id) DO UPDATE SET key = excluded.key, review = excluded.review, condition = excluded.condition,
    equipment = excluded.equipment, last = excluded.last, body = excluded.body`,
  /** Parameters: 1 = only open ones, equipment ('' = all), limit. */
  listAlerts: `SELECT body FROM alert WHERE (?1 = 0 OR review <> 'closed') AND (?2 = '' OR equipment = ?2)
    AND (?4 IS NULL OR last < ?4 OR (last = ?4 AND id > ?5)) ORDER BY last DESC, id LIMIT ?3`,
  getAlert: 'SELECT body FROM alert WHERE id = ?',
  findOpenAlert: "SELECT body FROM alert WHERE key = ? AND review <> 'closed' ORDER BY last DESC LIMIT 1",
} as const;

/** Deletes up to `rows` rows before an instant, oldest block first. Parameters: last block, instant. */
export const pruneQuery = (table: string, key: 'start' | 'at', rows: number): string =>
  `DELETE FROM ${table} WHERE (block, object, ${key}) IN
    (SELECT block, object, ${key} FROM ${table} WHERE block <= ?1 AND ${key} < ?2 LIMIT ${rows})`;
