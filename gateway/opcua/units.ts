import { AttributeIds, makeBrowsePath, type ClientSession } from 'node-opcua';
import type { ResolvedTag } from './subscribe.ts';
import type { WorkerMessage } from './protocol.ts';

/** UNECE common codes by the unit texts a plant file may use; units that are not here are not compared. */
const unitCodes: Readonly<Record<string, string>> = {
  'kW.h': 'KWH',
  kWh: 'KWH',
  'W.h': 'WHR',
  Wh: 'WHR',
  'MW.h': 'MWH',
  MWh: 'MWH',
  GJ: 'GV',
  MJ: '3B',
  kW: 'KWT',
  W: 'WTT',
  MW: 'MAW',
  Cel: 'CEL',
  bar: 'BAR',
  'mm/s': 'C16',
  A: 'AMP',
  m3: 'MTQ',
  kg: 'KGM',
  t: 'TNE',
};
const CEFACT = 'http://www.opcfoundation.org/UA/units/un/cefact';
const BATCH = 100;

/** Reads the EngineeringUnits of the nodes and reports those that contradict the plant file. Never fails a session. */
export async function checkUnits(
  session: ClientSession,
  tags: readonly ResolvedTag[],
  say: (message: WorkerMessage) => void,
): Promise<void> {
  const comparable = tags.filter(({ tag }) => tag.unit !== undefined && unitCodes[tag.unit] !== undefined);
  for (let at = 0; at < comparable.length; at += BATCH) {
    await checkBatch(session, comparable.slice(at, at + BATCH), say).catch(() => undefined);
  }
}

async function checkBatch(
  session: ClientSession,
  batch: readonly ResolvedTag[],
  say: (message: WorkerMessage) => void,
): Promise<void> {
  const paths = await session.translateBrowsePath(
    batch.map(({ nodeId }) => makeBrowsePath(nodeId, '.EngineeringUnits')),
  );
  const found = batch.flatMap((entry, index) => {
    const target = paths[index]?.targets?.[0]?.targetId;
    return target === undefined ? [] : [{ entry, target }];
  });
  if (found.length === 0) return;
  const values = await session.read(found.map(({ target }) => ({ nodeId: target, attributeId: AttributeIds.Value })));
  found.forEach(({ entry }, index) => {
    const information: unknown = values[index]?.value.value;
    if (
      typeof information !== 'object' ||
      information === null ||
      !('unitId' in information) ||
      !('namespaceUri' in information)
    )
      return;
    const { tag } = entry;
    const where = `${tag.equipment}/${tag.name}`;
    const code = codeOf(Number(information.unitId));
    const expected = unitCodes[tag.unit ?? ''];
    if (information.namespaceUri !== CEFACT || code === null || code === expected) {
      say({ kind: 'clear', code: 'UNIT_CONTRADICTION', where });
      return;
    }
    const message = `tag ${where}: the server says unit ${code}, the plant file says ${tag.unit ?? ''} (${expected ?? ''})`;
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
  });
}

/** The common code behind a unitId (characters as digits to the base 256), or null when it is none. */
function codeOf(unitId: number): string | null {
  if (!(unitId > 0)) return null;
  let code = '';
  for (let rest = unitId; rest > 0; rest = Math.floor(rest / 256)) code = String.fromCharCode(rest % 256) + code;
  return /^[A-Z0-9]{2,4}$/.test(code) ? code : null;
}
