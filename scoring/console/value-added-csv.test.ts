import { describe, expect, it } from 'vitest';
import { parseValueAdded } from './value-added-csv.ts';

const HEAD = 'month,nominal,priceIndex,status,source';

describe('a file of value added', () => {
  it('is read as spreadsheets write it: other order, semicolons, quotes, byte order mark, empty last lines', () => {
    const text =
      '\uFEFFsource;month;nominal;priceindex;status\r\n"ledger 7; ""final""";2026-01;1234.5;101.2;final\r\n\r\n';
    expect(parseValueAdded(text)).toEqual({
      rows: [{ month: '2026-01', nominal: 1234.5, priceIndex: 101.2, status: 'final', source: 'ledger 7; "final"' }],
      errors: [],
    });
  });

  it('names every faulty cell with its line and keeps the good rows', () => {
    const { rows, errors } = parseValueAdded(
      [
        HEAD,
        '2026-01,100,101,final,ledger',
        '2026-13,100,101,final,ledger',
        '2026-02,"1,000",101,final,ledger',
        '2026-03,100,0,guess,',
        '2026-01,100,101,final,ledger',
      ].join('\n'),
    );
    expect(rows.map(({ month }) => month)).toEqual(['2026-01']);
    expect(errors).toEqual([
      { line: 3, fault: 'month', value: '2026-13' },
      { line: 4, fault: 'nominal', value: '1,000' },
      { line: 5, fault: 'priceIndex', value: '0' },
      { line: 5, fault: 'status', value: 'guess' },
      { line: 5, fault: 'source', value: '' },
      { line: 6, fault: 'twice', value: '2026-01' },
    ]);
  });

  it('counts lines through a quoted line end', () => {
    const { errors } = parseValueAdded(`${HEAD}\n2026-01,1,1,final,"a\nb"\nx,1,1,final,c`);
    expect(errors).toEqual([{ line: 4, fault: 'month', value: 'x' }]);
  });

  it.each([
    ['', 'empty'],
    [HEAD, 'empty'],
    ['month,nominal\n2026-01,3', 'columns'],
    [`${HEAD}\n2026-01,-5,101,final,x`, 'nominal'],
    [`${HEAD}\n2026-01,0x10,101,final,x`, 'nominal'],
    [`${HEAD}\n2026-01,1e3,101,final,x`, 'nominal'],
  ])('%j is refused: %s', (text, fault) => {
    expect(parseValueAdded(text).errors[0]?.fault).toBe(fault);
    expect(parseValueAdded(text).rows).toEqual([]);
  });

  it('of more than 240 months is refused as a whole by the error', () => {
    const lines = Array.from(
      { length: 241 },
      (_, index) => `${1990 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')},1,1,final,x`,
    );
    expect(parseValueAdded([HEAD, ...lines].join('\n')).errors).toMatchObject([{ fault: 'too-many', value: '241' }]);
  });
});
