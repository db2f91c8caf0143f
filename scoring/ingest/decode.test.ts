import { describe, expect, it } from 'vitest';
import type { DataSetMessage, FieldValue } from '../../broker/contract/data-message.ts';
import { decodeMessage } from './decode.ts';

const message = (payload: Record<string, FieldValue>): DataSetMessage => ({
  DataSetWriterId: 1,
  SequenceNumber: 1,
  Timestamp: '2026-03-02T08:00:00Z',
  MessageType: 'ua-deltaframe',
  Payload: payload,
});
const at = Date.parse('2026-03-02T08:00:00Z');

describe('values of a data set message', () => {
  it.each([
    ['a number', 1.5, 1.5],
    ['a whole number beyond 2^53', '9007199254740993', '9007199254740993'],
    ['a truth value', false, false],
    ['the number of an enumeration', { Value: 3, Name: 'Run' }, 3],
    ['the number of an enumeration without a name', { Value: 9, Name: null }, 9],
    ['the text of a localized text', { Text: 'Bracket', Locale: 'en' }, 'Bracket'],
  ])('%s is read', (_what, value, expected) => {
    expect(decodeMessage(message({ a: { Value: value } })).values).toEqual([
      { field: 'a', at, value: expected, statusCode: 0 },
    ]);
  });

  it.each([[[1, 2, 3]], [{ X: 1, Y: 2 }], [{ Value: 1, Name: 'a', X: 2 }], [{ Value: 1 }], [{}], [[]]])(
    '%j is passed over and counted, and harms nothing beside it',
    (value) => {
      expect(decodeMessage(message({ a: { Value: value }, b: { Value: 2 } }))).toEqual({
        values: [{ field: 'b', at, value: 2, statusCode: 0 }],
        refused: [],
        nonScalar: 1,
      });
    },
  );

  it.each(['NaN', 'Infinity', '-Infinity'])('%s is Bad, never a number', (value) => {
    expect(decodeMessage(message({ a: { Value: value } })).values).toMatchObject([
      { value: null, statusCode: 0x80_9e_00_00 },
    ]);
  });

  it('a Bad value stays Bad with its own status code', () => {
    const payload = { a: { Value: null, StatusCode: { Code: 0x80_0a_00_00 } } };
    expect(decodeMessage(message(payload)).values).toMatchObject([{ value: null, statusCode: 0x80_0a_00_00 }]);
  });

  it('seven digits of a second are understood', () => {
    const payload = { a: { Value: 1, SourceTimestamp: '2026-03-02T08:00:00.1239999Z' } };
    expect(decodeMessage(message(payload)).values).toMatchObject([{ at: at + 123 }]);
  });
});
