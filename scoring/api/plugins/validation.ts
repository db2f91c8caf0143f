import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { ApiError } from '../api-error.ts';

/**
 * Checks requests with TypeBox: query texts are converted and defaulted, bodies are taken as they are.
 * A refusal names the parameter, what was given and what is allowed; parameters that do not exist are refused too,
 * because a misspelt one would silently answer another question.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  const isBody = httpPart === 'body';
  const known: Readonly<Record<string, unknown>> =
    (schema as { properties?: Record<string, unknown> }).properties ?? {};
  return (input: unknown) => {
    const value = isBody ? input : Value.Default(schema, Value.Convert(schema, { ...Object(input) }));
    const stray =
      httpPart === 'querystring' ? Object.keys(Object(value)).find((key) => !Object.hasOwn(known, key)) : undefined;
    if (stray !== undefined) {
      const names = Object.keys(known).join(', ');
      return {
        error: new ApiError('QUERY_INVALID', {
          en: `query parameter "${shorten(stray)}" is not known; use ${names}`,
          zh: `未知的查询参数 "${shorten(stray)}"；可用参数：${names}`,
        }),
      };
    }
    if (check.Check(value)) return { value };
    const [first] = check.Errors(value);
    const name = first?.instancePath.split('/')[1] ?? '';
    const given = name === '' ? value : (Object(value) as Record<string, unknown>)[name];
    const allowed = allowedValues(known[name]);
    const text = shorten(JSON.stringify(given) ?? 'nothing');
    const reason = first?.message ?? 'is not valid';
    const where = isBody ? { en: 'body member', zh: '请求体成员' } : { en: 'parameter', zh: '参数' };
    return {
      error: new ApiError(isBody ? 'PAYLOAD_INVALID' : 'QUERY_INVALID', {
        en: `${where.en} "${name}": ${text} ${allowed === null ? reason : `is not allowed; use one of ${allowed}`}`,
        zh: `${where.zh} "${name}"：${text} ${allowed === null ? `无效（${reason}）` : `不允许；可用值：${allowed}`}`,
      }),
    };
  };
};

function allowedValues(schema: unknown): string | null {
  const { enum: values, type, minimum, maximum } = Object(schema) as Record<string, unknown>;
  if (Array.isArray(values)) return values.join(', ');
  if (type === 'boolean') return 'true, false';
  if (type === 'integer' && typeof minimum === 'number' && typeof maximum === 'number')
    return `${minimum} to ${maximum}`;
  return null;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
