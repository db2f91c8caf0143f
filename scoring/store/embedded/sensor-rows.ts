import type { Context, MachineRow } from '../../anomaly/machine-row.ts';
import type { SensorHistory } from '../metric-store.ts';
import type { Cells } from './rows.ts';
import { blockOf, SCORE_BLOCK_MS } from './schema.ts';

/** Columns of the sensor_row table in the order of `sensorRowValues`. */
export const SENSOR_ROW_COLUMNS = 'block, object, at, sensors, context, mixed, power, pieces, plant, numbers';

/** Values of a row. NaN, which SQLite has no number for, stays NaN inside the numbers and becomes NULL outside. */
export function sensorRowValues(
  row: MachineRow,
  { object, sensors }: { readonly object: number; readonly sensors: number },
): (number | string | null | Uint8Array)[] {
  const numbers = new DataView(new ArrayBuffer(4 * row.sensors.length));
  row.sensors.forEach((value, index) => numbers.setFloat32(4 * index, value, true));
  return [
    blockOf(row.at, SCORE_BLOCK_MS),
    object,
    row.at,
    sensors,
    row.context,
    row.mixed ? 1 : 0,
    Number.isFinite(row.powerKw) ? row.powerKw : null,
    finite(row.pieces),
    finite(row.plantKw),
    new Uint8Array(numbers.buffer),
  ];
}

/** Rows of one machine in the order of its newest set of sensors; what an older set lacks is NaN. */
export function toSensorHistory(cells: readonly Cells[], sets: ReadonlyMap<number, readonly string[]>): SensorHistory {
  const sensors = sets.get(Number(cells.at(-1)?.[3])) ?? [];
  const places = new Map([...sets].map(([id, names]) => [id, sensors.map((name) => names.indexOf(name))]));
  return { sensors, rows: cells.map((row) => toRow(row, places.get(Number(row[3])) ?? [])) };
}

function toRow(cells: Cells, places: readonly number[]): MachineRow {
  const [, , at, , context, mixed, power, pieces, plant, numbers] = cells;
  const bytes = numbers as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    at: at as number,
    context: String(context) as Context,
    mixed: mixed === 1,
    powerKw: typeof power === 'number' ? power : Number.NaN,
    pieces: pieces as number,
    plantKw: plant as number,
    sensors: Float64Array.from(places, (place) =>
      place === -1 || 4 * place >= bytes.byteLength ? Number.NaN : view.getFloat32(4 * place, true),
    ),
  };
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
