import { parse } from 'csv-parse/sync';
import { array, assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText } from './csv.ts';

describe('CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1+1', '|calc'])(
    'keeps the text %j from being a formula',
    (text) => {
      const [[field = ''] = []] = parse(csvText([[text]]), { trim: false });
      expect(field).toBe(`'${text}`);
    },
  );

  it('writes numbers as numbers, also negative ones, and nothing for null', () => {
    expect(csvText([[-1.5, 1e-7, null, true, 'a']])).toBe('-1.5,1e-7,,true,a\r\n');
  });

  it('is read back as it was written', () => {
    const text = string({ unit: 'grapheme' }).filter((value) => !/^[=+\-@\t\r\n|%＝＋－＠']/u.test(value));
    assert(
      property(array(array(text, { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
        expect(parse(csvText(rows), { trim: false, record_delimiter: '\r\n' })).toEqual(rows);
      }),
    );
  });
});
