import { describe, expect, it } from 'vitest';
import { durationText } from './import-result.ts';
import { timespanMs } from './publisher-interval.ts';
import { readPublishedNodes } from './published-nodes.ts';

const options = { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' };
const read = (entries: unknown, more = {}) =>
  readPublishedNodes(typeof entries === 'string' ? entries : JSON.stringify(entries), { ...options, ...more });
const tagsOf = (result: ReturnType<typeof read>) =>
  result.draft.servers.flatMap(({ equipment }) => equipment.flatMap(({ tags }) => tags));
const entry = (nodes: unknown[], more = {}) => ({
  EndpointUrl: 'opc.tcp://plc1:4840',
  UseSecurity: true,
  DataSetWriterGroup: 'Line1',
  OpcNodes: nodes,
  ...more,
});

describe('readPublishedNodes', () => {
  it('reads a file of 2.9 with comments, user name and settings per node', () => {
    const result = read(`\ufeff// written by hand
      [{ "EndpointUrl": "opc.tcp://plc1:4840", /* the press */ "UseSecurity": true,
         "OpcAuthenticationMode": "UsernamePassword", "OpcAuthenticationUsername": "u", "OpcAuthenticationPassword": "p//w",
         "DataSetWriterGroup": "Line1", "DataSetWriterId": "fast", "DataSetPublishingInterval": 1000,
         "OpcNodes": [ { "Id": "nsu=urn:plc;s=Oven.Temp", "DisplayName": "OvenTemp", "OpcSamplingInterval": 500,
           "QueueSize": 10, "HeartbeatInterval": 60, "SkipFirst": true, "DeadbandType": "Absolute", "DeadbandValue": 0.1,
           "DataChangeTrigger": "StatusValueTimestamp" }, ], }]`);
    expect(result.draft.servers).toMatchObject([
      {
        endpoint: 'opc.tcp://plc1:4840',
        securityMode: 'SignAndEncrypt',
        username: 'u',
        password: 'file:secrets/plc1-4840.password',
        equipment: [
          {
            path: 'Line1/fast',
            tags: [
              {
                name: 'OvenTemp',
                role: 'process',
                nodeId: 'nsu=urn:plc;s=Oven.Temp',
                samplingInterval: '500ms',
                publishingInterval: '1s',
                queueSize: 10,
                trigger: 'status-value-timestamp',
                isLive: true,
              },
            ],
          },
        ],
      },
    ]);
    const said = result.notes.map(({ message }) => message).join('\n');
    for (const word of ['heartbeats', 'SkipFirst', 'deadband', 'password is not copied']) expect(said).toContain(word);
    expect(JSON.stringify(result)).not.toContain('p//w');
  });

  it('warns loudly of an entry without security, which means None', () => {
    const { draft, notes } = read([{ EndpointUrl: 'opc.tcp://plc1:4840', OpcNodes: [{ Id: 'nsu=urn:plc;s=A' }] }]);
    expect(draft.servers[0]).toMatchObject({ securityMode: 'None' });
    expect(notes).toContainEqual(
      expect.objectContaining({ severity: 'high', message: expect.stringContaining('without any security') }),
    );
  });

  it('takes a Timespan before the integer, and integers as milliseconds', () => {
    const [spanned, plain] = tagsOf(
      read([
        entry([
          { Id: 'nsu=u;s=a', OpcSamplingInterval: 500, OpcSamplingIntervalTimespan: '00:00:02.500' },
          { Id: 'nsu=u;s=b', OpcSamplingInterval: 250 },
        ]),
      ]),
    );
    expect([spanned?.samplingInterval, plain?.samplingInterval]).toEqual(['2500ms', '250ms']);
  });

  it.each([
    ['00:00:01', 1000],
    ['1.02:03:04.5', 93_784_500],
    ['00:00:00.0000001', 0],
    ['25:00:00', null],
    ['soon', null],
  ])('reads the time span %s as %s ms', (text, ms) => {
    expect(timespanMs(text)).toBe(ms);
  });

  it('reads every way a node id may be written, also of 2.5', () => {
    const result = read([
      entry([
        { Id: 'nsu=urn:plc;s=A' },
        { Id: 'http://acme.com/plc#s=B' },
        { ExpandedNodeId: 'nsu=urn:plc;i=7' },
        { Id: 'i=2258' },
        { Id: 'nsu=urn:plc;s="DB_1"."Temp"' },
      ]),
      { EndpointUrl: 'opc.tcp://old:4840', UseSecurity: true, NodeId: { Identifier: 'nsu=urn:old;i=5' } },
    ]);
    expect(tagsOf(result).map(({ nodeId, name }) => [nodeId, name])).toEqual([
      ['nsu=urn:plc;s=A', 'A'],
      ['nsu=http://acme.com/plc;s=B', 'B'],
      ['nsu=urn:plc;i=7', '7'],
      ['i=2258', '2258'],
      ['nsu=urn:plc;s="DB_1"."Temp"', 'Temp'],
      ['nsu=urn:old;i=5', '5'],
    ]);
  });

  it('leaves node ids by index and browse paths as comments, and resolves indexes by the NamespaceArray', () => {
    const entries = [entry([{ Id: 'ns=2;s=A' }, { Id: 'ns=9;s=B' }, { Id: 'nsu=u;s=C', BrowsePath: ['D', 'E'] }])];
    const alone = read(entries);
    expect(tagsOf(alone).map(({ isLive }) => isLive)).toEqual([false, false, false]);
    expect(alone.notes.filter(({ severity }) => severity === 'high')).toHaveLength(3);
    const asked = tagsOf(
      read(entries, { namespacesOf: () => ['http://opcfoundation.org/UA/', 'urn:server', 'urn:plc'] }),
    );
    expect(asked.map(({ nodeId, isLive }) => [nodeId, isLive])).toEqual([
      ['nsu=urn:plc;s=A', true],
      ['ns=9;s=B', false],
      ['nsu=u;s=C', false],
    ]);
    expect(asked[1]?.remark).toContain('the server has no namespace 9');
  });

  it('takes the settings of a repeated group from its first entry', () => {
    const { notes, draft } = read([
      entry([{ Id: 'nsu=u;s=a' }], { DataSetPublishingInterval: 2000 }),
      entry([{ Id: 'nsu=u;s=b' }], { DataSetPublishingInterval: 9000, DataSetWriterId: 'second' }),
    ]);
    expect(draft.servers[0]?.equipment.flatMap(({ tags }) => tags.map((tag) => tag.publishingInterval))).toEqual([
      '2s',
      '2s',
    ]);
    expect(notes.map(({ message }) => message)).toContain(
      'the publishing interval of group "Line1" is the one of its first entry',
    );
  });

  it('skips what is no entry or node, says so, and keeps the good ones', () => {
    const result = read([null, 7, { OpcNodes: [] }, entry([null, 'x', { Id: 'nsu=u;s=good' }, { Id: 42 }])]);
    expect(tagsOf(result).filter(({ isLive }) => isLive)).toHaveLength(1);
    expect(result.notes.filter(({ severity }) => severity === 'high').length).toBeGreaterThanOrEqual(5);
  });

  it.each(['', '{', '{}', '"text"'])('refuses what is no such file: %s', (text) => {
    expect(() => read(text)).toThrow(/the file is no (JSON|published-nodes file)/);
  });

  it('writes durations the plant file understands', () => {
    expect([0, 0.5, 250, 1000, 2500, 60_000].map(durationText)).toEqual([
      '0ms',
      '0.5ms',
      '250ms',
      '1s',
      '2500ms',
      '60s',
    ]);
  });
});
