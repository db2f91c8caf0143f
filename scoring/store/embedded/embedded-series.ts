import { windowSizes, type EnergyWindow, type EquipmentLevel, type WindowSize } from '../../energy/window.ts';
import {
  pointOf,
  rankObjects,
  revisedWindows,
  type LatestPoint,
  type RankedObject,
  type RankQuery,
  type RetentionEdges,
  type Revision,
  type RevisedWindow,
  type SeriesPoint,
  type SeriesQuery,
  type SeriesReader,
} from '../series.ts';
import type { TimeRange } from '../metric-store.ts';
import type { Connection } from './connection.ts';
import { toWindow, WINDOW_COLUMNS, windowValues, type Cells } from './rows.ts';
import { blockOf, windowBlockMs } from './schema.ts';

const FIGURES = WINDOW_COLUMNS.replace('block, object, ', '');
const METERED = '(r.covered_ms > 0 OR r.energy <> 0)';
const KNOWN = `(${METERED} OR r.output <> 0 OR r.scrap <> 0 OR r.run_ms + r.idle_ms + r.off_ms + r.other_ms > 0)`;

/** The columns of a SeriesPoint after `start`, by the rules of `figureOf`. */
const SUMS = `COUNT(*), ${['energy', 'idle', 'estimated'].map((name) => `SUM(CASE WHEN ${METERED} THEN r.${name} END)`).join(', ')},
  ${['output', 'scrap'].map((name) => `SUM(CASE WHEN ${KNOWN} THEN r.${name} END)`).join(', ')},
  SUM(r.run_ms), SUM(r.idle_ms), SUM(r.covered_ms), SUM(r.expected_ms)`;

const perSize = (text: (size: WindowSize) => string): Readonly<Record<WindowSize, string>> =>
  Object.fromEntries(windowSizes.map((size) => [size, text(size)])) as Record<WindowSize, string>;

/** Parameters: first block, last block, path, from, to, step. */
const steps = perSize(
  (size) => `WITH RECURSIVE filled(block) AS (
  SELECT MIN(block) FROM window_${size} WHERE block >= ?1
  UNION ALL
  SELECT (SELECT MIN(block) FROM window_${size} WHERE block > filled.block) FROM filled WHERE filled.block < ?2
)
SELECT (r.start - ((r.start % ?6) + ?6) % ?6) AS step, ${SUMS} FROM filled
  CROSS JOIN window_${size} r ON r.block = filled.block AND r.object = (SELECT id FROM object WHERE path = ?3) AND r.start >= ?4 AND r.start < ?5
  GROUP BY step ORDER BY step`,
);

/** Parameters: first block, last block, from, to, level. */
const ranked = perSize(
  (size) => `SELECT ?3, ${SUMS}, o.path FROM window_${size} r JOIN object o ON o.id = r.object
  WHERE r.block >= ?1 AND r.block <= ?2 AND r.start >= ?3 AND r.start < ?4 AND o.level = ?5 GROUP BY r.object`,
);

/** Walks the blocks of one object backwards until one of them holds it. Parameters: path, window size by name. */
const newest = perSize(
  (size) => `SELECT ${WINDOW_COLUMNS} FROM window_${size} WHERE object = ?1 AND block = ?2 ORDER BY start DESC LIMIT 1`,
);
const blocks = perSize((size) => `SELECT MAX(block) FROM window_${size} WHERE block < ?1`);

const keepRevision = (size: WindowSize): string => `INSERT OR IGNORE INTO revision (object, window, ${FIGURES})
  SELECT object, '${size}', ${FIGURES} FROM window_${size} WHERE block = ?1 AND object = ?2 AND start = ?3 AND final = 1 AND revision < ?4`;

/** Parameters: first block, last block, path, from, to. */
const revised = (size: RevisedWindow): string => `SELECT 0, object, ${FIGURES} FROM revision
  WHERE object = (SELECT id FROM object WHERE path = ?3) AND window = '${size}' AND start >= ?4 AND start < ?5
  UNION ALL SELECT ${WINDOW_COLUMNS} FROM window_${size}
  WHERE block >= ?1 AND block <= ?2 AND object = (SELECT id FROM object WHERE path = ?3) AND start >= ?4 AND start < ?5 AND final = 1
  ORDER BY start, revision`;

const isRevised = (size: WindowSize): size is RevisedWindow => (revisedWindows as readonly WindowSize[]).includes(size);

/** Keeps the final row that a restated one is about to replace. Called inside the transaction that replaces it. */
export function keepReplaced(connection: Connection, row: EnergyWindow, object: number): void {
  if (row.revision === 0 || !isRevised(row.window)) return;
  const [block = 0] = windowValues(row, object);
  connection.sql(keepRevision(row.window)).run(block, object, row.start, row.revision);
}

/** Series of the embedded store, over the store's own connection. */
export class EmbeddedSeries implements SeriesReader {
  readonly #connection: Connection;
  readonly #prune: (edges: RetentionEdges) => Promise<void>;

  constructor(connection: Connection, prune: (edges: RetentionEdges) => Promise<void>) {
    this.#connection = connection;
    this.#prune = prune;
  }

  readSeries({ path, window, from, to, every = 1 }: SeriesQuery): Promise<SeriesPoint[]> {
    return this.#connection.read(() =>
      this.#connection.cells(steps[window], [...blocksOf({ from, to }, window), path, from, to, every]).map(toPoint),
    );
  }

  rank({ window, level, from, to, ...order }: RankQuery): Promise<RankedObject[]> {
    return this.#connection.read(() => {
      const rows = this.#connection.cells(ranked[window], [...blocksOf({ from, to }, window), from, to, level]);
      return rankObjects(
        rows.map((cells) => ({ ...toPoint(cells), path: String(cells[11]) })),
        order,
      );
    });
  }

  latest({ window }: { readonly window: WindowSize }): Promise<LatestPoint[]> {
    return this.#connection.read(() => {
      const missing = new Map(
        this.#connection
          .sql('SELECT id, path, level FROM object ORDER BY path')
          .all()
          .map((row) => [
            Number(row['id']),
            { path: String(row['path']), level: String(row['level']) as EquipmentLevel },
          ]),
      );
      const found: LatestPoint[] = [];
      for (let edge: number | null = Number.MAX_SAFE_INTEGER; edge !== null && missing.size > 0;) {
        const [cells] = this.#connection.cells(blocks[window], [edge]);
        edge = typeof cells?.[0] === 'number' ? cells[0] : null;
        if (edge === null) break;
        for (const [id, { path, level }] of missing) {
          const [row] = this.#connection.cells(newest[window], [id, edge]);
          if (row === undefined) continue;
          missing.delete(id);
          found.push({ ...pointOf(toWindow(row, { path, level, window })), path, level });
        }
      }
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    });
  }

  revisions({
    path,
    window,
    from,
    to,
  }: { readonly path: string; readonly window: RevisedWindow } & TimeRange): Promise<Revision[]> {
    return this.#connection.read(() =>
      this.#connection
        .cells(revised(window), [...blocksOf({ from, to }, window), path, from, to])
        .map((cells) => toWindow(cells, { path, level: 'equipment', window }))
        .map((row) => ({ revision: row.revision, ...pointOf(row) })),
    );
  }

  deleteBefore(edges: RetentionEdges): Promise<void> {
    return this.#prune(edges);
  }
}

const blocksOf = ({ from, to }: TimeRange, window: WindowSize): [number, number] => [
  blockOf(from, windowBlockMs[window]),
  blockOf(to, windowBlockMs[window]),
];

const HOUR_MS = 3_600_000;

function toPoint(cells: Cells): SeriesPoint {
  return {
    start: cells[0] as number,
    windows: cells[1] as number,
    energyKwh: cells[2] as number | null,
    idleKwh: cells[3] as number | null,
    estimatedKwh: cells[4] as number | null,
    output: cells[5] as number | null,
    scrap: cells[6] as number | null,
    runHours: (cells[7] as number) / HOUR_MS,
    idleHours: (cells[8] as number) / HOUR_MS,
    coveredMs: cells[9] as number,
    expectedMs: cells[10] as number,
  };
}
