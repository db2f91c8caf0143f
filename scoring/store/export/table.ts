import { figureOf } from '../../energy/figure.ts';
import { windowLengthMs, windowSizes, type EnergyWindow, type WindowSize } from '../../energy/window.ts';
import type { AnomalyScore } from '../../anomaly/score.ts';
import type { MetricStore, TimeRange } from '../metric-store.ts';

export type Cell = string | number | boolean | Date | null;
export type ColumnType = 'time' | 'text' | 'number' | 'integer' | 'boolean';

export type Column<Row> = {
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (row: Row) => Cell;
};

/** Rows of a store under named and typed columns, in pieces that fit into memory. */
export type ExportTable = {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly pieces: () => AsyncGenerator<readonly (readonly Cell[])[]>;
};

export const exportKinds = ['windows', 'scores'] as const;
export type ExportKind = (typeof exportKinds)[number];

export type ExportQuery = TimeRange & {
  readonly kind: ExportKind;
  readonly window: WindowSize;
  /** Only this object and what lies below it; '' = all. */
  readonly path: string;
};

/** Windows of one piece; 1,000 machines have some 100,000 rows in it. */
const PIECE_WINDOWS = 96;

/** The table of a query. Unknown figures are null, never 0. */
export function exportTable(store: MetricStore, query: ExportQuery): ExportTable {
  return query.kind === 'windows'
    ? tableOf(windowColumns, () => windowPieces(store, query))
    : tableOf(scoreColumns, () => scorePieces(store, query));
}

export const isWindowSize = (text: string): text is WindowSize => (windowSizes as readonly string[]).includes(text);

function tableOf<Row>(columns: readonly Column<Row>[], rows: () => AsyncGenerator<readonly Row[]>): ExportTable {
  return {
    columns,
    async *pieces() {
      for await (const piece of rows()) yield piece.map((row) => columns.map(({ of }) => of(row)));
    },
  };
}

async function* windowPieces(
  store: MetricStore,
  { from, to, window, path }: ExportQuery,
): AsyncGenerator<readonly EnergyWindow[]> {
  const extent = await store.extent();
  if (extent === null) return;
  const last = Math.min(to, extent.to + 1);
  const step = PIECE_WINDOWS * windowLengthMs[window];
  for (let start = Math.max(from, extent.from); start < last; start += step) {
    const rows = await store.readAllWindows({ window, from: start, to: Math.min(last, start + step) });
    const wanted = path === '' ? rows : rows.filter((row) => isBelow(row.path, path));
    if (wanted.length > 0) yield wanted;
  }
}

async function* scorePieces(
  store: MetricStore,
  { from, to, path }: ExportQuery,
): AsyncGenerator<readonly AnomalyScore[]> {
  for (const newest of await store.latestScores()) {
    if (path !== '' && !isBelow(newest.path, path)) continue;
    const rows = await store.readScores({ path: newest.path, from, to });
    if (rows.length > 0) yield rows;
  }
}

const isBelow = (path: string, above: string): boolean => path === above || path.startsWith(`${above}/`);

type Seen = { readonly row: EnergyWindow; readonly figure: ReturnType<typeof figureOf> };
const seen = (name: string, type: ColumnType, of: (seen: Seen) => Cell): Column<EnergyWindow> => ({
  name,
  type,
  of: (row) => of({ row, figure: figureOf(row) }),
});

const windowColumns: readonly Column<EnergyWindow>[] = [
  { name: 'start', type: 'time', of: (row) => new Date(row.start) },
  { name: 'end', type: 'time', of: (row) => new Date(row.end) },
  { name: 'path', type: 'text', of: (row) => row.path },
  { name: 'level', type: 'text', of: (row) => row.level },
  { name: 'window', type: 'text', of: (row) => row.window },
  { name: 'final', type: 'boolean', of: (row) => row.state === 'final' },
  { name: 'revision', type: 'integer', of: (row) => row.revision },
  seen('energy_kwh', 'number', ({ figure }) => figure.energyKwh),
  seen('idle_kwh', 'number', ({ figure }) => figure.idleKwh),
  seen('estimated_kwh', 'number', ({ row, figure }) => (figure.energyKwh === null ? null : row.estimatedKwh)),
  seen('output', 'number', ({ figure }) => figure.output),
  seen('scrap', 'number', ({ figure }) => figure.scrap),
  seen('sec_kwh_per_unit', 'number', ({ figure }) => figure.sec),
  seen('reason', 'text', ({ figure }) => figure.reason),
  seen('coverage', 'number', ({ figure }) => figure.coverage),
  seen('class', 'text', ({ figure }) => figure.class),
  seen('run_hours', 'number', ({ figure }) => figure.runHours),
  seen('idle_hours', 'number', ({ figure }) => figure.idleHours),
  seen('off_hours', 'number', ({ figure }) => figure.offHours),
  seen('other_hours', 'number', ({ figure }) => figure.otherHours),
];

const scoreColumns: readonly Column<AnomalyScore>[] = [
  { name: 'at', type: 'time', of: (row) => new Date(row.at) },
  { name: 'path', type: 'text', of: (row) => row.path },
  { name: 'score', type: 'number', of: (row) => row.score },
  { name: 'reason', type: 'text', of: (row) => row.reason ?? null },
  { name: 'context', type: 'text', of: (row) => row.context },
  { name: 'alarm', type: 'boolean', of: (row) => row.alarm },
  { name: 'model', type: 'text', of: (row) => row.model },
];
