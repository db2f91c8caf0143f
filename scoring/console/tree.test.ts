import { describe, expect, it } from 'vitest';
import { moveOf, visibleRows, type TreeNode } from './tree.ts';

const nodes: readonly TreeNode[] = [
  { path: '', parent: null, text: 'pudong 浦东工厂' },
  { path: 'stamping', parent: '', text: 'stamping 冲压' },
  { path: 'stamping/line-1', parent: 'stamping', text: 'line-1' },
  { path: 'stamping/line-1/press-1', parent: 'stamping/line-1', text: 'press-1 1号冲压机' },
  { path: 'stamping/line-1/press-2', parent: 'stamping/line-1', text: 'press-2 2号冲压机' },
  { path: 'utilities', parent: '', text: 'utilities 公用' },
  { path: 'utilities/chiller', parent: 'utilities', text: 'chiller 冷水机组' },
];
const open = { search: '', collapsed: new Set<string>() };
const pathsOf = (options: { search: string; collapsed: ReadonlySet<string> }) =>
  visibleRows(nodes, options).map(({ path }) => path);

describe('the visible rows', () => {
  it('are all of them, with level and place among their siblings', () => {
    const rows = visibleRows(nodes, open);
    expect(rows.map(({ path }) => path)).toEqual(nodes.map(({ path }) => path));
    expect(rows.map(({ level }) => level)).toEqual([1, 2, 3, 4, 4, 2, 3]);
    expect(rows[4]).toMatchObject({ position: 2, siblings: 2, expandable: false, expanded: false });
  });

  it('leave out what lies below a collapsed row', () => {
    expect(pathsOf({ search: '', collapsed: new Set(['stamping']) })).toEqual([
      '',
      'stamping',
      'utilities',
      'utilities/chiller',
    ]);
  });

  it('show a match with all above it, even when it is collapsed', () => {
    const expected = ['', 'stamping', 'stamping/line-1', 'stamping/line-1/press-2'];
    expect(pathsOf({ search: '2号', collapsed: new Set(['stamping']) })).toEqual(expected);
    expect(pathsOf({ search: 'PRESS-2', collapsed: new Set() })).toEqual(expected);
  });

  it('show all below a matching area, but not the whole plant for a match of the site', () => {
    expect(pathsOf({ search: 'utilities', collapsed: new Set() })).toEqual(['', 'utilities', 'utilities/chiller']);
    expect(pathsOf({ search: '浦东', collapsed: new Set() })).toEqual(['']);
  });

  it('are none when nothing matches', () => {
    expect(pathsOf({ search: 'lathe', collapsed: new Set() })).toEqual([]);
  });

  it('keep a row whose parent is not known', () => {
    const rows = visibleRows([{ path: 'a/b', parent: 'a', text: 'b' }], open);
    expect(rows).toMatchObject([{ path: 'a/b', level: 1 }]);
  });
});

describe('the arrow keys', () => {
  const rows = visibleRows(nodes, { search: '', collapsed: new Set(['utilities']) });

  it('go up and down, and stop at both ends', () => {
    expect(moveOf('ArrowDown', '', rows)).toEqual({ kind: 'focus', path: 'stamping' });
    expect(moveOf('ArrowUp', '', rows)).toBeNull();
    expect(moveOf('ArrowDown', 'utilities', rows)).toBeNull();
    expect(moveOf('End', '', rows)).toEqual({ kind: 'focus', path: 'utilities' });
  });

  it('open, close, and go into and out of a branch', () => {
    expect(moveOf('ArrowRight', 'utilities', rows)).toEqual({ kind: 'expand', path: 'utilities' });
    expect(moveOf('ArrowRight', 'stamping', rows)).toEqual({ kind: 'focus', path: 'stamping/line-1' });
    expect(moveOf('ArrowLeft', 'stamping', rows)).toEqual({ kind: 'collapse', path: 'stamping' });
    expect(moveOf('ArrowLeft', 'stamping/line-1/press-2', rows)).toEqual({ kind: 'focus', path: 'stamping/line-1' });
    expect(moveOf('ArrowRight', 'stamping/line-1/press-1', rows)).toBeNull();
  });
});
