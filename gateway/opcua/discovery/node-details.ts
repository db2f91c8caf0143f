import { AttributeIds, DataType, NodeId, StatusCodes, type ClientSession } from 'node-opcua';
import { commonCode, unitByCode, unitByText } from '../../config/proposal/unece-units.ts';
import type { OperationLimits } from '../operation-limits.ts';
import { batchSize, inBatches } from '../service-batches.ts';
import { nodeAddressText } from './node-text.ts';

export type ReadSession = Pick<ClientSession, 'read'>;

/** One read attribute. */
export type Reading = {
  readonly status: string;
  readonly isGood: boolean;
  /** 0 = the server answered nothing usable. */
  readonly isBad: boolean;
  readonly value: unknown;
};

const MOST_PER_READ = 250;

/** Reads one attribute of many nodes, in batches; what the server refuses has its status. */
export async function readAttribute(
  session: ReadSession,
  nodeIds: readonly string[],
  options: { readonly attributeId: AttributeIds; readonly limits: Pick<OperationLimits, 'maxNodesPerRead'> },
): Promise<Reading[]> {
  const { attributeId, limits } = options;
  return inBatches(
    nodeIds,
    batchSize(limits.maxNodesPerRead, MOST_PER_READ),
    async (batch) => {
      const answers = await session.read(batch.map((nodeId) => ({ nodeId, attributeId })));
      return answers.map(({ statusCode, value }) => ({
        status: statusCode.name,
        isGood: statusCode.isGood(),
        isBad: statusCode.isBad(),
        value: value.value as unknown,
      }));
    },
    (_, status) => ({ status: status.name, isGood: false, isBad: true, value: null }),
  );
}

/** Names of data types by node id text: built-in ones by number, others by the browse name of their node. */
export async function readDataTypes(
  session: ReadSession,
  nodeIds: readonly string[],
  options: { readonly namespaces: readonly string[]; readonly limits: Pick<OperationLimits, 'maxNodesPerRead'> },
): Promise<string[]> {
  const { limits, namespaces } = options;
  const types = await readAttribute(session, nodeIds, { attributeId: AttributeIds.DataType, limits });
  const ids = types.map(({ value }) => (value instanceof NodeId ? value : null));
  const foreign = [
    ...new Set(ids.filter((id) => id !== null && builtInName(id) === null).map((id) => id?.toString() ?? '')),
  ];
  const names = await readAttribute(session, foreign, { attributeId: AttributeIds.BrowseName, limits });
  const known = new Map(
    foreign.map((id, index) => {
      const name = names[index]?.value;
      const text =
        typeof name === 'object' && name !== null && 'name' in name && typeof name.name === 'string' ? name.name : '';
      return [id, text === '' ? nodeAddressText(id, namespaces) : text] as const;
    }),
  );
  return ids.map((id) => (id === null ? '' : (builtInName(id) ?? known.get(id.toString()) ?? '')));
}

const abstractNumbers: Readonly<Record<number, string>> = {
  26: 'Number',
  27: 'Integer',
  28: 'UInteger',
  29: 'Enumeration',
};

function builtInName(id: NodeId): string | null {
  if (id.namespace !== 0 || typeof id.value !== 'number') return null;
  return abstractNumbers[id.value] ?? (id.value <= 25 ? (DataType[id.value] ?? null) : null);
}

/** A unit as a server states it. */
export type ServerUnit = {
  /** UCUM text where the unit is known, else the text the server shows. */
  readonly text: string;
  /** UNECE common code, or null where the unitId is none. */
  readonly code: string | null;
  /** Whether it is a unit of our table. */
  readonly isKnown: boolean;
};

/** Units by UNECE, as the namespace of EUInformation names them (OPC 10000-8 5.6.4.3). */
const CEFACT = 'http://www.opcfoundation.org/UA/units/un/cefact';

/** Reads an EUInformation value; null when it is none or says nothing. */
export function unitOf(information: unknown): ServerUnit | null {
  if (typeof information !== 'object' || information === null || !('unitId' in information)) return null;
  const { unitId } = information;
  const uri = 'namespaceUri' in information ? information.namespaceUri : null;
  const display = 'displayName' in information ? textOf(information.displayName) : '';
  const code = uri === CEFACT || uri === null || uri === '' ? commonCode(Number(unitId)) : null;
  const known = (code === null ? null : unitByCode(code)) ?? (display === '' ? null : unitByText(display));
  if (known !== null) return { text: known.ucum, code: known.code, isKnown: true };
  return display === '' && code === null
    ? null
    : { text: display === '' ? (code ?? '') : display, code, isKnown: false };
}

/** The text of a LocalizedText, empty for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string'
    ? value.text
    : '';
}

/** Whether a status name says that there is no such node. */
export const isNodeUnknown = (status: string): boolean =>
  status === StatusCodes.BadNodeIdUnknown.name || status === StatusCodes.BadNodeIdInvalid.name;
