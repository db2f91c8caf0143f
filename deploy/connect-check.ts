import { checkConnection, quietLibrary, type ConnectionReport } from '../gateway/tools.ts';
import { JoulegateError } from '../broker/contract/error.ts';
import type { CommandContext } from './commands/context.ts';
import type { PlantConfig } from './config/schema.ts';
import { gatewayApplicationUri, gatewayPkiDir } from './server-target.ts';

/**
 * Signs in to every server of a plant file and reads every node once; prints what it found and sets the exit code.
 * @throws JoulegateError USAGE for a plant file without a gateway.
 */
export async function connectCheck(
  { gateway }: PlantConfig,
  options: {
    readonly file: string;
    readonly counts: object;
    readonly warnings: readonly string[];
    readonly json: boolean;
    readonly data: string;
  },
  context: CommandContext,
): Promise<void> {
  const { file, counts, warnings, json, data } = options;
  if (gateway === undefined) {
    throw new JoulegateError('USAGE', `${file} has no section gateway, so there is no server to connect to`);
  }
  quietLibrary();
  const pkiDir = await gatewayPkiDir(data);
  const reports: ConnectionReport[] = [];
  for (const { equipment, ...server } of gateway.servers) {
    const tags = equipment.flatMap(({ path, tags }) => tags.map((tag) => ({ ...tag, equipment: path })));
    const target = { server, pkiDir, applicationUri: gatewayApplicationUri(gateway.publisherId) };
    const report = await checkConnection(target, tags, context.now);
    reports.push(report);
    if (!json) context.stdout.write(reportText(report));
  }
  const isOk = reports.every((report) => report.isOk);
  if (json) context.stdout.write(`${JSON.stringify({ ok: isOk, file, ...counts, warnings, servers: reports })}\n`);
  else {
    for (const warning of warnings) context.stderr.write(`warning: ${warning}\n`);
    const figures = Object.entries(counts).map(([name, count]) => `${String(count)} ${name}`);
    context.stdout.write(`${isOk ? 'OK' : 'NOT OK'} ${file}: ${figures.join(', ')}\n`);
  }
  if (!isOk) context.process.exitCode = 1;
}

const marks = { ok: 'ok  ', warning: 'warn', failed: 'FAIL' } as const;

function reportText({ server, endpoint, steps, findings }: ConnectionReport): string {
  const lines = [`${server} (${endpoint})`];
  for (const { name, state, text } of steps) lines.push(`  ${marks[state]} ${name.padEnd(12)} ${text}`);
  for (const { where, nodeId, status, closest, remedy } of findings) {
    lines.push(`  FAIL ${where}`, `       ${nodeId}: ${status}`);
    for (const other of closest) lines.push(`       near: ${other.nodeId} (${other.path})`);
    lines.push(`       ${remedy}`);
  }
  return `${lines.join('\n')}\n`;
}
