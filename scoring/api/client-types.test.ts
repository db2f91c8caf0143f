import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiTypes } from '../../tests/support/api-document.ts';
import { renderApiTypes } from '../../tests/support/api-types.ts';

describe('the typed client of the console', () => {
  it('is what the OpenAPI document says; run "npm run generate:client" when it is not', async () => {
    const file = join(import.meta.dirname, '../console/generated/api-types.ts');
    expect(await readFile(file, 'utf8')).toBe(await apiTypes());
  });

  it('has a type for everything a schema may say, and unknown for the rest', () => {
    const schema = {
      type: 'object',
      required: ['a', 'odd-name'],
      properties: {
        a: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
        'odd-name': { type: 'array', items: { enum: ['x', 'y'] } },
        map: { type: 'object', patternProperties: { '^.*$': { type: 'number' } } },
        free: {},
        kind: { const: 'z' },
      },
    };
    const text = renderApiTypes({
      paths: {
        '/api/v1/thing/{id}': {
          get: {
            parameters: [{ in: 'query', name: 'from', schema: { type: 'string' } }],
            responses: { 200: { content: { 'application/json': { schema } } } },
          },
          delete: { responses: { 204: {} } },
        },
        '/metrics': { get: { responses: { 200: { content: { 'text/plain': { schema: { type: 'string' } } } } } } },
      },
    });
    expect(text).toContain('readonly "thing/{id}": {');
    expect(text).toContain('readonly from?: string;');
    expect(text).toContain('readonly a: number | null;');
    expect(text).toContain('readonly "odd-name": ("x" | "y")[];');
    expect(text).toContain('readonly map?: Readonly<Record<string, number>>;');
    expect(text).toContain('readonly free?: unknown;');
    expect(text).toContain('readonly kind?: "z";');
    expect(text).toContain('readonly answer: null;');
    expect(text).not.toContain('metrics');
  });
});
