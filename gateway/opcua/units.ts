import { AttributeIds, makeBrowsePath, type ClientSession } from 'node-opcua';
import type { EngineeringUnits } from '../../broker/contract/metadata-message.ts';
import type { FieldFacts } from '../tags/field-facts.ts';
import type { WorkerMessage } from './protocol.ts';
import type { ResolvedTag } from './subscribe.ts';
import { codeOfUnitId, isSameUnit, ucumOfCode, ucumOfText } from './unece-units.ts';
import { inBatches } from './values/safe-batches.ts';

const CEFACT = 'http://www.opcfoundation.org/UA/units/un/cefact';
const properties = ['EngineeringUnits', 'EURange'] as const;

type Say = (message: WorkerMessage) => void;

/**
 * Reads EngineeringUnits and EURange of the nodes, reports units that contradict the plant file, and hands out what the
 * server says by tag handle. Never fails a session: what cannot be read is left out.
 */
export async function checkUnits(
  session: Pick<ClientSession, 'read' | 'translateBrowsePath'>,
  tags: readonly ResolvedTag[],
  say: Say,
  maxNodesPerCall = 0,
): Promise<ReadonlyMap<number, FieldFacts>> {
  const facts = new Map<number, FieldFacts>();
  try {
    const values = await readProperties(session, tags, maxNodesPerCall);
    tags.forEach(({ tag }, index) => {
      const units = readUnits(values[index * properties.length]);
      const range = readRange(values[index * properties.length + 1]);
      const code = units?.NamespaceUri === CEFACT ? codeOfUnitId(units.UnitId ?? -1) : null;
      const unit = code === null ? null : ucumOfCode(code);
      facts.set(tag.handle, {
        ...(units === null ? {} : { engineeringUnits: units }),
        ...(unit === null ? {} : { unit }),
        ...(range === null ? {} : { range }),
      });
      compare(tag, units, code, say);
    });
  } catch (error) {
    say({ kind: 'log', level: 'info', fields: { err: String(error) }, message: 'engineering units cannot be read' });
  }
  return facts;
}

/** Values of the properties, as many as there are properties for each tag; undefined for what a node does not have. */
async function readProperties(
  session: Pick<ClientSession, 'read' | 'translateBrowsePath'>,
  tags: readonly ResolvedTag[],
  maxNodesPerCall: number,
): Promise<unknown[]> {
  const paths = await inBatches(
    tags.flatMap(({ nodeId }) => properties.map((property) => makeBrowsePath(nodeId, `.${property}`))),
    maxNodesPerCall,
    (batch) => session.translateBrowsePath(batch),
  );
  const targets = paths.map((path) => path.targets?.[0]?.targetId);
  const found = targets.flatMap((nodeId) =>
    nodeId === undefined ? [] : [{ nodeId, attributeId: AttributeIds.Value }],
  );
  const values = await inBatches(found, maxNodesPerCall, (batch) => session.read(batch));
  let at = 0;
  return targets.map((target): unknown => {
    if (target === undefined) return undefined;
    const dataValue = values[at];
    at += 1;
    return dataValue?.statusCode.isGood() ? dataValue.value?.value : undefined;
  });
}

function compare(tag: ResolvedTag['tag'], units: EngineeringUnits | null, code: string | null, say: Say): void {
  const expected = tag.unit === undefined ? null : ucumOfText(tag.unit);
  if (expected === null || units === null) return;
  const where = `${tag.equipment}/${tag.name}`;
  const said = code === null ? null : (ucumOfCode(code) ?? code);
  if (said === null || isSameUnit(said, expected)) {
    say({ kind: 'clear', code: 'UNIT_CONTRADICTION', where });
    return;
  }
  const message = `tag ${where}: the server says unit ${code ?? ''} (${said}), the plant file says ${tag.unit ?? ''}`;
  say({
    kind: 'problem',
    problem: {
      code: 'UNIT_CONTRADICTION',
      severity: 'error',
      where,
      equipment: tag.equipment,
      message,
      remedy: 'correct the unit of the tag in plant.yaml; values are passed on as the plant file says meanwhile',
    },
  });
  say({
    kind: 'event',
    event: {
      kind: 'unit-contradiction',
      severity: 'medium',
      message,
      subject: tag.nodeId.slice(0, 512),
      equipment: tag.equipment,
    },
  });
}

/** EUInformation as a server gives it, or null. */
function readUnits(value: unknown): EngineeringUnits | null {
  if (typeof value !== 'object' || value === null || !('unitId' in value) || !('namespaceUri' in value)) return null;
  const displayName = textOf('displayName' in value ? value.displayName : null);
  const description = textOf('description' in value ? value.description : null);
  return {
    NamespaceUri: typeof value.namespaceUri === 'string' ? value.namespaceUri : '',
    UnitId: Number(value.unitId),
    DisplayName: { Text: displayName },
    ...(description === '' ? {} : { Description: { Text: description } }),
  };
}

const MAX_TEXT = 200;
const textOf = (text: unknown): string =>
  typeof text === 'object' && text !== null && 'text' in text && typeof text.text === 'string'
    ? text.text.slice(0, MAX_TEXT)
    : '';

/** A range the wrong way round, empty or not finite says nothing. */
function readRange(value: unknown): readonly [number, number] | null {
  if (typeof value !== 'object' || value === null || !('low' in value) || !('high' in value)) return null;
  const { low, high } = value;
  return typeof low === 'number' &&
    typeof high === 'number' &&
    Number.isFinite(low) &&
    Number.isFinite(high) &&
    low < high
    ? [low, high]
    : null;
}
