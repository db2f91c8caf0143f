import { array, assert, boolean, constantFrom, dictionary, double, letrec, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePlainValue, type PlainValue } from './plain-value.ts';

describe('the JSON of a value', () => {
  it('is JSON whatever the value', () => {
    const { value } = letrec<{ value: PlainValue }>((tie) => ({
      value: oneof(
        { maxDepth: 4 },
        double(),
        boolean(),
        string({ unit: 'binary' }),
        constantFrom(null),
        array(tie('value')),
        dictionary(string(), tie('value')),
      ),
    }));
    assert(
      property(value, (plain) => {
        const parsed: unknown = JSON.parse(encodePlainValue(plain));
        expect(encodePlainValue(parsed as PlainValue)).toBe(encodePlainValue(plain));
      }),
    );
  });
});
