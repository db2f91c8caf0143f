import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { LineCounter, parseDocument } from 'yaml';
import { Duration } from '../../broker/contract/duration.ts';
import { describeError, JoulegateError } from '../../broker/contract/error.ts';
import { LocalText } from '../../broker/contract/plant.ts';
import { TagDescription } from '../../broker/contract/tag.ts';

const { nodeId: _nodeId, dataType: _dataType, ...tagMembers } = TagDescription.properties;

const ReplayTag = Type.Object(
  {
    ...tagMembers,
    column: Type.String({ description: 'Column of the file.' }),
    accumulate: Type.Optional(
      Type.Enum(['amount', 'mean-power'], {
        description:
          'Serve a running counter instead of the cell. amount: the cell is added. mean-power: the cell is a mean in kW over the interval, kW × interval is added as kWh.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ReplayTag = Static<typeof ReplayTag>;

const ReplayEquipment = Type.Object(
  { path: Type.String(), kind: Type.Optional(Type.String()), displayName: Type.Optional(LocalText) },
  { additionalProperties: false },
);

/** Which column is which tag of which equipment. */
export const ReplayMap = Type.Object(
  {
    site: Type.String({ default: 'replay' }),
    timezone: Type.String({ default: 'Asia/Shanghai', description: 'Zone of days and months of the plant.' }),
    timestamp: Type.Object(
      { column: Type.String(), zone: Type.String({ default: 'UTC', description: 'Zone of times that name none.' }) },
      { additionalProperties: false },
    ),
    interval: Duration({ description: 'How long a row holds from its timestamp on.' }),
    equipment: Type.Object(
      {
        column: Type.String({ description: 'Column that tells the machine.' }),
        machines: Type.Record(Type.String(), ReplayEquipment, { description: 'Equipment by the value of the column.' }),
      },
      { additionalProperties: false },
    ),
    tags: Type.Array(ReplayTag, { minItems: 1 }),
  },
  { additionalProperties: false },
);
export type ReplayMap = Static<typeof ReplayMap>;

const check = Compile(ReplayMap);

/** Reads a map file. @throws JoulegateError CONFIG_UNREADABLE, or CONFIG_INVALID naming file, line and key. */
export async function loadReplayMap(file: string): Promise<ReplayMap> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new JoulegateError('CONFIG_UNREADABLE', `map ${file} cannot be read: ${describeError(error)}`, {
      cause: error,
    });
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [syntax] = document.errors;
  if (syntax !== undefined)
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${file}:${syntax.linePos?.[0].line ?? 1}: ${syntax.message.split('\n')[0] ?? ''}`,
    );
  const content: unknown = document.toJS();
  if (check.Check(content)) return content;
  const error = check.Errors(content).find((candidate) => candidate.message !== 'schema is false');
  const keys = (error?.instancePath ?? '').split('/').slice(1);
  const node: unknown =
    keys.length === 0
      ? document.contents
      : document.getIn(
          keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
          true,
        );
  const range =
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
      ? Number(node.range[0])
      : 0;
  throw new JoulegateError(
    'CONFIG_INVALID',
    `${file}:${lineCounter.linePos(range).line} ${keys.join('.')}: ${error?.message ?? 'does not fit'}; see seeds/maps/sme-manufacturing.yaml for an example`,
  );
}
