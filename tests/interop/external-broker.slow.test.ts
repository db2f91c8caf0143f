import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataType } from 'node-opcua';
import { expect, it } from 'vitest';
import { loadPlantConfig } from '../../deploy/config/load.ts';
import { startGateway } from '../../gateway/main.ts';
import { startScoring } from '../../scoring/main.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { openTestServer, TEST_NAMESPACE } from '../support/opcua-test-server.ts';
import { eventually, recordingLog, temporaryFolder } from '../support/stack.ts';
import { loadReportFont } from '../../seeds/load-font.ts';
import { accountRules } from '../../deploy/account-rules.ts';

const PASSWORD = 'external-password-0123456789';

it('gateway and scoring work over a mosquitto, with no broker of ours, and scoring commits what its store holds', async () => {
  await using folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const user of ['edge-1', 'scoring'])
    spawnSync('mosquitto_passwd', ['-b', ...(user === 'edge-1' ? ['-c'] : []), at('passwd'), user, PASSWORD]);
  writeFileSync(
    at('acl'),
    [
      'user edge-1',
      'topic write +/json/+/edge-1/#',
      'topic write +/json/+/edge-1',
      'topic write joulegate/events/edge-1',
      'topic write joulegate/health/edge-1',
      'topic read joulegate/commit/edge-1/+',
      'topic read joulegate/resend/edge-1/+',
      'user scoring',
      'topic read +/json/#',
      'topic read joulegate/#',
      'topic write joulegate/commit/+/scoring',
      'topic write joulegate/resend/+/scoring',
      'topic write joulegate/events/scoring',
      'topic write joulegate/health/scoring',
      '',
    ].join('\n'),
  );
  await using mosquitto = await startMosquitto({
    folder: folder.path,
    lines: ['allow_anonymous false', `password_file ${at('passwd')}`, `acl_file ${at('acl')}`],
  });
  let energy = 100;
  await using server = await openTestServer({
    build: (namespace, addressSpace) => {
      const variable = namespace.addVariable({
        organizedBy: addressSpace.rootFolder.objects,
        browseName: 'Energy',
        nodeId: 's=Energy',
        dataType: DataType.Double,
        minimumSamplingInterval: 50,
        value: { dataType: DataType.Double, value: energy },
      });
      const timer = setInterval(
        () => variable.setValueFromSource({ dataType: DataType.Double, value: (energy += 0.1) }),
        100,
      );
      addressSpace.registerShutdownTask(() => clearInterval(timer));
    },
  });
  const file = at('plant.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      plant: { enterprise: 'acme', site: 'pudong' },
      gateway: {
        publisherId: 'edge-1',
        servers: [
          {
            name: 'plc',
            endpoint: server.endpoint,
            equipment: [
              {
                path: 'body/line-1/press',
                tags: [
                  { name: 'energy', role: 'energy-counter', unit: 'kWh', nodeId: `nsu=${TEST_NAMESPACE};s=Energy` },
                ],
              },
            ],
          },
        ],
      },
      scoring: { id: 'scoring' },
    }),
  );
  const config = await loadPlantConfig(file, { env: {} });
  if (config.gateway === undefined || config.scoring === undefined) throw new Error('a section is missing');
  const mqtt = (username: string) => ({
    url: `mqtt://127.0.0.1:${mosquitto.port}`,
    topicPrefix: 'opcua',
    username,
    password: PASSWORD,
  });
  const deps = (name: string) => ({ log: recordingLog(), now: Date.now, dataDir: at(name), version: 'test' });
  await using scoring = await startScoring(
    {
      plant: config.plant,
      scoring: { ...config.scoring, mqtt: mqtt('scoring'), api: { host: '127.0.0.1', port: 0, openLoopback: false } },
      consoleDir: null,
    },
    {
      ...deps('scoring'),
      apiToken: 'test-token-0123456789abcdef0123456789abcdef',
      founding: new Map(),
      accounts: await accountRules(config.scoring.energy, config.plant.timezone, 'plant.yaml'),
      reportFont: loadReportFont,
    },
  );
  await using gateway = await startGateway(
    { plant: config.plant, gateway: { ...config.gateway, mqtt: mqtt('edge-1') } },
    deps('gateway'),
  );
  await eventually('values in scoring', () => (scoring.health().figures['valuesTotal'] ?? 0) > 20, 30_000);
  // Records leave the outbox when scoring has committed them, over the same broker.
  await eventually('commits', () => {
    const { outboxDepth = 0, messagesTotal = 0 } = gateway.health().figures;
    return outboxDepth < Math.max(messagesTotal, 10) && outboxDepth < 10;
  });
  expect(scoring.health().figures['lostTotal']).toBe(0);
});
