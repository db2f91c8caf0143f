import { describe, expect, it } from 'vitest';
import { serverOf } from '../tests/support/gateway-rig.ts';
import { compareMatches, globsOf, withLockedTags } from './browsed-tags.ts';
import type { BrowseConfig } from './config/schema.ts';

const node = (text: string) => `nsu=urn:plc;s=${text}`;
const found = (glob: string, ...paths: readonly string[]) => ({
  key: `hall/line/press|${glob}`,
  nodes: paths.map((path) => ({ path: path.split('/'), nodeId: node(path) })),
  isWhole: true,
  isCut: false,
});
const server = (browse: BrowseConfig[], tags: readonly string[] = []) =>
  serverOf('plc', 'opc.tcp://127.0.0.1:4840', [], {
    equipment: [
      {
        path: 'hall/line/press',
        browse,
        tags: tags.map((name) => ({ name, role: 'process' as const, nodeId: node(name) })),
      },
    ],
  });
const glob = 'Plant/*/Power';

describe('the tags of a glob', () => {
  it('are locked at the first look, named by what the glob leaves open', () => {
    const { lock, changes } = compareMatches(server([{ glob }]), [found(glob, 'Plant/M1/Power', 'Plant/M2/Power')], {});
    expect(lock).toEqual({
      plc: {
        [`hall/line/press|${glob}`]: [
          { name: 'M1.Power', nodeId: node('Plant/M1/Power') },
          { name: 'M2.Power', nodeId: node('Plant/M2/Power') },
        ],
      },
    });
    expect(changes).toMatchObject([{ glob, isTaken: true, gone: [] }]);
  });

  it('wait when they are new later, and are proposed', () => {
    const first = compareMatches(server([{ glob }]), [found(glob, 'Plant/M1/Power')], {}).lock;
    const later = compareMatches(server([{ glob }]), [found(glob, 'Plant/M2/Power')], first);
    expect(later.lock).toBe(first);
    expect(later.proposed['plc']).toEqual({
      [`hall/line/press|${glob}`]: [{ name: 'M2.Power', nodeId: node('Plant/M2/Power') }],
    });
    expect(later.changes).toMatchObject([
      { isTaken: false, added: [{ name: 'M2.Power' }], gone: [{ name: 'M1.Power' }] },
    ]);
  });

  it('are taken at once where the configuration says so, but none is given up', () => {
    const browse = [{ glob, whenChanged: 'add' as const }];
    const first = compareMatches(server(browse), [found(glob, 'Plant/M1/Power')], {}).lock;
    const later = compareMatches(server(browse), [found(glob, 'Plant/M2/Power')], first);
    expect(later.lock['plc']?.[`hall/line/press|${glob}`]?.map(({ name }) => name)).toEqual(['M1.Power', 'M2.Power']);
    expect(later.changes).toMatchObject([{ isTaken: true, gone: [{ name: 'M1.Power' }] }]);
  });

  it('are not said to be gone when the tree was not browsed to its end', () => {
    const first = compareMatches(server([{ glob }]), [found(glob, 'Plant/M1/Power')], {}).lock;
    const later = compareMatches(server([{ glob }]), [{ ...found(glob), isWhole: false }], first);
    expect(later).toMatchObject({ lock: first, proposed: first, changes: [] });
  });

  it('keep out of the way of tags that have a name or a node already', () => {
    const one = server([{ glob: 'Power*' }], ['Plant.PowerA', 'Plant/PowerB']);
    const { lock } = compareMatches(one, [found('Power*', 'Plant/PowerA', 'Plant/PowerB', 'Plant/PowerC')], {});
    const [resolved] = withLockedTags([one], lock);
    expect(resolved?.equipment[0]?.tags.map(({ name }) => name)).toEqual([
      'Plant.PowerA',
      'Plant/PowerB',
      'Plant.PowerA-2',
      'Plant.PowerC',
    ]);
  });

  it('are sampled as the glob says', () => {
    const one = server([{ glob, role: 'state', samplingInterval: '250ms', max: 3 }]);
    const { lock } = compareMatches(one, [found(glob, 'Plant/M1/Power')], {});
    expect(globsOf(one)).toEqual([{ key: `hall/line/press|${glob}`, glob, max: 3 }]);
    expect(withLockedTags([one], lock)[0]?.equipment[0]?.tags).toEqual([
      { name: 'M1.Power', nodeId: node('Plant/M1/Power'), role: 'state', samplingInterval: '250ms' },
    ]);
  });

  it('leave equipment out until it has one', () => {
    expect(withLockedTags([server([{ glob }])], {})[0]?.equipment).toEqual([]);
  });
});
