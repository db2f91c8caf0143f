import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, screens } from './route.ts';

describe('the address of the page', () => {
  it.each(screens)('of the screen %s is read back with its object', (screen) => {
    for (const path of ['', 'body/press line/100 %', '车身/冲压线', '<script>/#?', 'a‮b']) {
      expect(parseRoute(formatRoute({ screen, path }))).toEqual({ screen, path });
    }
  });

  it('without a screen shows the object in the plant', () => {
    expect(parseRoute('#/body/press-line')).toEqual({ screen: 'plant', path: 'body/press-line' });
    expect(parseRoute('')).toEqual({ screen: 'plant', path: '' });
  });

  it('that is broken shows the plant', () => {
    expect(parseRoute('#/%E0%A4%A')).toEqual({ screen: 'plant', path: '' });
  });
});
