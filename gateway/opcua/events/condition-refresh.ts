import { DataType, NodeId, NodeIdType, StatusCodes, Variant, type ClientSession } from 'node-opcua';
import { serviceResultOf } from '../service-batches.ts';

const CONDITION_TYPE = new NodeId(NodeIdType.NUMERIC, 2782, 0);
const CONDITION_REFRESH = new NodeId(NodeIdType.NUMERIC, 3875, 0);
/** A server that says this has no conditions; whatever else goes wrong may be over the next time. */
const noConditions: ReadonlySet<number> = new Set(
  [
    StatusCodes.BadMethodInvalid,
    StatusCodes.BadNodeIdUnknown,
    StatusCodes.BadNodeIdInvalid,
    StatusCodes.BadNotSupported,
    StatusCodes.BadNotImplemented,
    StatusCodes.BadServiceUnsupported,
  ].map(({ value }) => value),
);

/**
 * Asks for the state of all retained conditions once more (OPC 10000-9 5.5.7); the only method the gateway calls.
 * @returns false when the server knows no conditions.
 */
export async function refreshConditions(session: ClientSession, subscriptionId: number): Promise<boolean> {
  const request = {
    objectId: CONDITION_TYPE,
    methodId: CONDITION_REFRESH,
    inputArguments: [new Variant({ dataType: DataType.UInt32, value: subscriptionId })],
  };
  try {
    const { statusCode } = await session.call(request);
    return !noConditions.has(statusCode.value);
  } catch (error) {
    return !noConditions.has(serviceResultOf(error)?.value ?? 0);
  }
}
