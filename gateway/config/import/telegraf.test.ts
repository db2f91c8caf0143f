import { describe, expect, it } from 'vitest';
import { goDurationMs } from './go-duration.ts';
import { readTelegraf } from './telegraf.ts';

const options = { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' };
const file = `
[agent]
  interval = "10s"
[[inputs.opcua_listener]]
  endpoint = "opc.tcp://plc1:4840"
  security_policy = "Basic256Sha256"
  security_mode = "SignAndEncrypt"
  subscription_interval = "1s"
  username = "reader"
  password = "hunter2"
  [[inputs.opcua_listener.group]]
    name = "oven"
    namespace_uri = "urn:plc"
    sampling_interval = "500ms"
    default_tags = { line = "L1", machine = "oven-3" }
    nodes = [
      { name = "temp", identifier_type = "s", identifier = "Oven.Temp" },
      { name = "energy_kwh", identifier_type = "i", identifier = "17", monitoring_params = { sampling_interval = "1m30s", queue_size = 20, data_change_filter = { trigger = "StatusValueTimestamp", deadband_type = "Percent", deadband_value = 2.0 } } },
    ]
  [[inputs.opcua_listener.browse.paths]]
    pattern = "Plant1/*/MV*"
[[inputs.opcua]]
  endpoint = "opc.tcp://plc2:4840"
  security_policy = "None"
  security_mode = "None"
  nodes = [ { name = "power", namespace = "3", identifier_type = "s", identifier = "P", default_tags = { unit = "kW" } }, { name = "flow", id = "ns=3;s=F" } ]
`;

describe('readTelegraf', () => {
  it('reads groups and nodes of both plugins with what they inherit', () => {
    const { draft } = readTelegraf(file, options);
    expect(draft.servers).toMatchObject([
      {
        endpoint: 'opc.tcp://plc1:4840',
        securityMode: 'SignAndEncrypt',
        securityPolicy: 'Basic256Sha256',
        username: 'reader',
        password: 'file:secrets/plc1-4840.password',
        equipment: [
          {
            path: 'L1/oven-3',
            tags: [
              { name: 'temp', nodeId: 'nsu=urn:plc;s=Oven.Temp', samplingInterval: '500ms', publishingInterval: '1s' },
              {
                name: 'energy_kwh',
                role: 'energy-counter',
                unit: 'kW.h',
                nodeId: 'nsu=urn:plc;i=17',
                samplingInterval: '90s',
                queueSize: 20,
                trigger: 'status-value-timestamp',
                isLive: true,
              },
            ],
          },
        ],
      },
      { endpoint: 'opc.tcp://plc2:4840', securityMode: 'None' },
    ]);
  });

  it('says what was not carried and copies no password', () => {
    const result = readTelegraf(file, options);
    const said = result.notes.map(({ message }) => message).join('\n');
    for (const word of [
      'browse globs',
      'deadband',
      'password is not copied',
      'any certificate',
      'without any security',
    ]) {
      expect(said).toContain(word);
    }
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('resolves indexes by the NamespaceArray of the server they belong to', () => {
    const namespacesOf = (endpoint: string) => (endpoint.includes('plc2') ? ['a', 'b', 'c', 'urn:two'] : undefined);
    const { draft } = readTelegraf(file, { ...options, namespacesOf });
    const tags = draft.servers[1]?.equipment.flatMap((entry) => entry.tags) ?? [];
    expect(tags.map(({ nodeId, isLive }) => [nodeId, isLive])).toEqual([
      ['nsu=urn:two;s=P', true],
      ['nsu=urn:two;s=F', true],
    ]);
  });

  it.each(['x = [', '[agent]\n'])('refuses what is no such file: %s', (text) => {
    expect(() => readTelegraf(text, options)).toThrow(/no TOML|no section/);
  });

  it.each([
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    [5, 5000],
    ['soon', undefined],
    [{}, undefined],
  ])('reads the duration %s', (text, ms) => {
    expect(goDurationMs(text)).toBe(ms);
  });
});
