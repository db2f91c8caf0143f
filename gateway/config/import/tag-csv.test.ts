import { describe, expect, it } from 'vitest';
import { readTagCsv } from './tag-csv.ts';

const options = { enterprise: 'acme', site: 'pudong', timezone: 'Asia/Shanghai' };
const endpoint = 'opc.tcp://plc1:4840';
const tagsOf = ({ draft }: ReturnType<typeof readTagCsv>) =>
  draft.servers.flatMap(({ equipment }) =>
    equipment.flatMap(({ path, tags }) => tags.map((tag) => ({ path, ...tag }))),
  );

describe('readTagCsv', () => {
  it('reads our own columns', () => {
    const result = readTagCsv(
      `\ufeffserver,nodeId,name,unit,sampling,deadband,path
${endpoint},nsu=urn:plc;s=P1.E,总电能,kWh,1s,,冲压/一线/1号机
${endpoint},"nsu=urn:plc;s=P1,T",温度,℃,500,0.5,冲压/一线/1号机
${endpoint},nsu=urn:plc;s=P1.X,,,soon,,
`,
      options,
    );
    expect(tagsOf(result)).toMatchObject([
      { path: '冲压/一线/1号机', name: '总电能', role: 'energy-counter', unit: 'kW.h', samplingInterval: '1s' },
      { name: '温度', role: 'process', unit: 'Cel', samplingInterval: '500ms', nodeId: 'nsu=urn:plc;s=P1,T' },
      { path: 'plc1-4840', name: 'P1.X' },
    ]);
    expect(result.notes.map(({ where }) => where)).toEqual(['line 3', 'line 4']);
  });

  it('reads an export of UaExpert', () => {
    const text = `#;Server;Node Id;Display Name;Value;Datatype\n1;plc;NS2|String|Demo.Power;Power;5;Double\n2;plc;NS0|Numeric|2258;Time;;DateTime\n`;
    const result = readTagCsv(text, { ...options, endpoint, namespacesOf: () => ['ua', 'srv', 'urn:demo'] });
    expect(tagsOf(result).map(({ nodeId }) => nodeId)).toEqual(['nsu=urn:demo;s=Demo.Power', 'i=2258']);
    expect(result.draft.servers[0]?.name).toBe('plc');
  });

  it('reads an export of Kepware with channel and device, and asks for them where they are missing', () => {
    const text = `Tag Name,Address,Data Type,Scan Rate,Eng Units,Description\n"Press.Energy",DB1.DBD0,Float,1000,kWh,\n`;
    const whole = tagsOf(readTagCsv(text, { ...options, endpoint, prefix: 'Channel1.Device1' }));
    expect(whole).toMatchObject([
      {
        path: 'Channel1/Device1/Press',
        name: 'Energy',
        nodeId: 'nsu=KEPServerEX;s=Channel1.Device1.Press.Energy',
        unit: 'kW.h',
        samplingInterval: '1s',
        isLive: true,
      },
    ]);
    const bare = readTagCsv(text, { ...options, endpoint });
    expect(tagsOf(bare)[0]?.isLive).toBe(false);
    expect(bare.notes[0]?.message).toContain('--prefix Channel1.Device1');
  });

  it('names rows without a server and files without a node id column', () => {
    expect(readTagCsv('nodeId,name\nnsu=u;s=a,a\n', options).notes[0]?.message).toContain('--endpoint');
    expect(() => readTagCsv('colour,size\nred,1\n', options)).toThrow(
      'the file has no column nodeId (its columns: colour, size)',
    );
  });
});
