import { DataType, NodeId, NodeIdType, StatusCodes, Variant, type ClientSession } from 'node-opcua';

const CONDITION_TYPE = new NodeId(NodeIdType.NUMERIC, 2782, 0);
const CONDITION_REFRESH = new NodeId(NodeIdType.NUMERIC, 3875, 0);

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
    return statusCode.isGood() || statusCode.equals(StatusCodes.BadRefreshInProgress);
  } catch {
    return false;
  }
}
