import { JoulegateError } from '../broker/contract/error.ts';
import type { MqttClientSection } from '../broker/contract/plant.ts';
import { readCredentials, type DataDir } from './data-dir.ts';

/**
 * The MQTT section with user name and password: those of the configuration, else the ones kept in the data folder
 * for `principal`.
 * @throws JoulegateError BROKER_REFUSED when there are none, saying where they come from.
 */
export async function withCredentials(
  mqtt: MqttClientSection,
  principal: string,
  dataDir: DataDir,
): Promise<MqttClientSection> {
  if (mqtt.username !== undefined && mqtt.password !== undefined) return mqtt;
  const name = mqtt.username ?? principal;
  const kept = await readCredentials(dataDir, name);
  if (kept === null) {
    throw new JoulegateError(
      'BROKER_REFUSED',
      `no MQTT credentials for "${name}": ${dataDir.at('credentials', `${name}.json`)} is missing; "joulegate broker" writes it at its first start (copy it here when the broker runs elsewhere), or set mqtt.username and mqtt.password in the configuration`,
    );
  }
  return { ...mqtt, ...kept };
}
