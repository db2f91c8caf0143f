import type { CommandContext } from './commands/context.ts';
import { readCredentials, type DataDir } from './data-dir.ts';
import type { PlantSetup } from './up-plan.ts';

const VIEWER = 'viewer';

/** Says that everything runs and where: for people on stderr, with `json` one line on stdout. */
export async function reportReady(report: {
  readonly url: string | null;
  readonly token: string;
  readonly setup: PlantSetup;
  readonly dataDir: DataDir;
  readonly json: boolean;
  readonly context: CommandContext;
}): Promise<void> {
  const { url, token, setup, dataDir, json, context } = report;
  const config = setup.config();
  const opcua = config.gateway?.servers[0]?.endpoint ?? null;
  const mqtt = setup.mqttUrl();
  const viewer = mqtt === null ? null : await readCredentials(dataDir, VIEWER);
  if (json) {
    const answer = { url, token, mqtt: mqtt === null ? null : withUser(mqtt, viewer), opcua, dataDir: dataDir.path };
    context.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const prefix = config.gateway?.mqtt?.topicPrefix ?? 'opcua';
  const lines = [
    '',
    '  Joulegate is running. Stop it with Ctrl-C.',
    '',
    ...(url === null ? [] : [`  Console    ${url}`, `  API token  ${dataDir.at('credentials', 'api-token')}`]),
    ...(mqtt === null
      ? []
      : [`  MQTT       ${mqtt}, user ${VIEWER}`, `             ${subscribeCommand(mqtt, prefix, dataDir)}`]),
    ...(opcua === null ? [] : [`  OPC UA     ${opcua}`]),
    `  Data       ${dataDir.path}`,
    '',
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
}

function withUser(mqtt: string, viewer: { readonly username: string; readonly password: string } | null): string {
  if (viewer === null) return mqtt;
  const { protocol, host } = new URL(mqtt);
  return `${protocol}//${encodeURIComponent(viewer.username)}:${encodeURIComponent(viewer.password)}@${host}`;
}

/** Reads the password out of its file, so that it stands in no terminal and no shell history. */
function subscribeCommand(mqtt: string, prefix: string, dataDir: DataDir): string {
  const { hostname, port } = new URL(mqtt);
  const file = dataDir.at('credentials', `${VIEWER}.json`).replaceAll("'", String.raw`'\''`);
  const password = String.raw`"$(sed 's/.*"password":"\([^"]*\)".*/\1/' '${file}')"`;
  return `mosquitto_sub -h ${hostname} -p ${port || '1883'} -u ${VIEWER} -P ${password} -t '${prefix}/json/#' -v`;
}
