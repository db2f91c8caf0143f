import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeError, JoulegateError } from '../broker/contract/error.ts';
import { readSeed } from './read-seed.ts';

const IsoDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const Text = Type.String({ minLength: 1 });
const Basis = Type.Enum(['calorific', 'equivalent']);

/** A versioned set of conversion factors as files in seeds/factors, or of the plant, have it. */
export const FactorSetFile = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9-]+$' }),
    series: Type.String({ pattern: '^[a-z0-9-]+$', description: 'Editions of one series follow one another.' }),
    quantity: Type.Enum(['kgce', 'kgCO2']),
    source: Text,
    edition: Text,
    region: Text,
    validFrom: IsoDate,
    validTo: Type.Union([IsoDate, Type.Null()]),
    factors: Type.Array(
      Type.Object(
        {
          carrier: Text,
          unit: Text,
          basis: Basis,
          value: Type.Number({ minimum: 0 }),
          medium: Type.Optional(Type.Boolean()),
          source: Text,
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
);
export type FactorSetFile = Static<typeof FactorSetFile>;

const Level = Type.Enum(['sharp', 'peak', 'flat', 'valley', 'deep-valley']);
const Months = Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), { minItems: 1 });
const Spans = Type.Array(Type.Object({ level: Level, from: Text, to: Text }, { additionalProperties: false }), {
  minItems: 1,
});

/** A time-of-use tariff as files in seeds/tariffs have it. */
export const TariffFile = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9-]+$' }),
    source: Text,
    validFrom: IsoDate,
    validTo: Type.Union([IsoDate, Type.Null()]),
    seasons: Type.Array(Type.Object({ months: Months, spans: Spans }, { additionalProperties: false }), {
      minItems: 1,
    }),
    overlays: Type.Array(
      Type.Object(
        { months: Months, days: Type.Array(Type.Enum(['workday', 'rest-day', 'holiday'])), spans: Spans },
        { additionalProperties: false },
      ),
    ),
    ratios: Type.Array(
      Type.Object(
        {
          months: Months,
          ratio: Type.Object(
            {
              sharp: Type.Optional(Type.Number()),
              peak: Type.Optional(Type.Number()),
              flat: Type.Optional(Type.Number()),
              valley: Type.Optional(Type.Number()),
              'deep-valley': Type.Optional(Type.Number()),
            },
            { additionalProperties: false },
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
    holidays: Type.Array(IsoDate),
    makeUpWorkdays: Type.Array(IsoDate),
  },
  { additionalProperties: false },
);
export type TariffFile = Static<typeof TariffFile>;

const factorCheck = Compile(FactorSetFile);
const tariffCheck = Compile(TariffFile);

/**
 * Reads every factor set (`*.yaml`) of a folder; without one, the sets that are shipped. What a set must hold beyond its
 * form is judged by the caller's `problems` (scoring/energy/conversion.ts), so that one rule serves files and imports.
 * @throws JoulegateError SEED_INVALID naming file, line, key and remedy.
 */
export async function loadFactorSets(
  problems: (set: FactorSetFile) => readonly string[],
  folder: string = fileURLToPath(new URL('./factors/', import.meta.url)),
): Promise<FactorSetFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new JoulegateError('SEED_INVALID', `factor sets cannot be read: ${describeError(error)}`, { cause: error });
  });
  const sets: FactorSetFile[] = [];
  for (const name of names.filter((file) => file.endsWith('.yaml')).sort())
    sets.push(await loadFactorSet(join(folder, name), problems));
  return sets;
}

/** Reads one factor set. @throws JoulegateError SEED_INVALID naming file, line, key and remedy. */
export async function loadFactorSet(
  file: string,
  problems: (set: FactorSetFile) => readonly string[],
): Promise<FactorSetFile> {
  return readSeed(file, factorCheck, problems);
}

/**
 * Reads a tariff; `id` names a shipped one, `file` one of the plant.
 * @throws JoulegateError SEED_INVALID naming file, line, key and remedy, also for hours that do not add up to 24.
 */
export async function loadTariff(
  from: { readonly id: string } | { readonly file: string },
  problems: (plan: TariffFile) => readonly string[],
): Promise<TariffFile> {
  const file =
    'file' in from
      ? from.file
      : fileURLToPath(new URL(`./tariffs/${encodeURIComponent(from.id)}.yaml`, import.meta.url));
  return readSeed(file, tariffCheck, problems);
}
