import type { SensorHistory, SensorRow, TimeRange } from '../metric-store.ts';
import type { Connection } from './connection.ts';
import { queries } from './queries.ts';
import { blockOf, SCORE_BLOCK_MS } from './schema.ts';
import { sensorRowValues, toSensorHistory } from './sensor-rows.ts';

/** Rows of sensor means, from which models are trained. Names of sensors are kept once for each set of them. */
export class EmbeddedSensors {
  readonly #connection: Connection;
  /** Numbers of sensor sets by object and names. */
  readonly #sets = new Map<string, number>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Sets numbered in a transaction that failed do not exist. */
  forget(): void {
    this.#sets.clear();
  }

  /** Writes a row of the object of that number; to be called in a transaction. */
  write({ sensors, row }: SensorRow, object: number): void {
    const names = JSON.stringify(sensors);
    const key = `${object} ${names}`;
    let set = this.#sets.get(key);
    if (set === undefined) {
      this.#connection.sql(queries.addSensorSet).run(object, names);
      set = Number(this.#connection.sql(queries.sensorSet).get(object, names)?.['id']);
      this.#sets.set(key, set);
    }
    this.#connection.sql(queries.writeSensorRow).run(...sensorRowValues(row, { object, sensors: set }));
  }

  read({ path, from, to }: { readonly path: string } & TimeRange): Promise<SensorHistory> {
    return this.#connection.read(() => {
      const object = this.#connection.sql(queries.object).get(path);
      if (object === undefined) return { sensors: [], rows: [] };
      const id = Number(object['id']);
      const sets = this.#connection.sql(queries.sensorSets).all(id);
      const parameters = [blockOf(from, SCORE_BLOCK_MS), blockOf(to, SCORE_BLOCK_MS), id, from, to];
      return toSensorHistory(
        this.#connection.cells(queries.readSensorRows, parameters),
        new Map(sets.map((set) => [Number(set['id']), JSON.parse(String(set['names'])) as string[]])),
      );
    });
  }
}
