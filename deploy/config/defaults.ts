import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

type ObjectNode = TSchema & { readonly properties?: Readonly<Record<string, ObjectNode>>; readonly items?: unknown };

/**
 * Fills in the schema's defaults. An optional sub-object that is missing is filled in as well
 * when its defaults alone make it valid (api, outbox, retention), and left out when they do not (influx, tls).
 */
export function withDefaults(schema: TSchema, value: unknown): unknown {
  return fillObjects(schema, Value.Default(schema, value));
}

function fillObjects(schema: ObjectNode, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const filled = value as Record<string, unknown>;
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    if (member.properties === undefined) continue;
    if (filled[key] === undefined) {
      const made = makeFromDefaults(member);
      if (made !== undefined) filled[key] = made;
    } else {
      filled[key] = fillObjects(member, filled[key]);
    }
  }
  return filled;
}

function makeFromDefaults(schema: ObjectNode): unknown {
  const hasDefault = Object.values(schema.properties ?? {}).some((member) => 'default' in member);
  if (!hasDefault) return undefined;
  const made = withDefaults(schema, {});
  return Value.Check(schema, made) ? made : undefined;
}
