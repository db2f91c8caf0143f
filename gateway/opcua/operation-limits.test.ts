import { coerceNodeId, DataType, StatusCodes, Variant, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { openTestServer } from '../../tests/support/opcua-test-server.ts';
import { readOperationLimits } from './operation-limits.ts';

const operationLimits = {
  maxNodesPerRead: 3,
  maxNodesPerBrowse: 7,
  maxMonitoredItemsPerCall: 20,
  maxNodesPerTranslateBrowsePathsToNodeIds: 9,
};

describe('readOperationLimits', () => {
  it('reads every limit of a server that takes three nodes per read', async () => {
    await using server = await openTestServer({
      server: { serverCapabilities: { operationLimits, maxSubscriptionsPerSession: 4 } },
    });
    await using opened = await server.connect();
    expect(await readOperationLimits(opened.session)).toMatchObject({
      maxNodesPerRead: 3,
      maxNodesPerBrowse: 7,
      maxMonitoredItemsPerCall: 20,
      maxNodesPerTranslate: 9,
      maxSubscriptions: 4,
      vendor: null,
    });
  });

  it('reads the rest when a server announces no limit for reads, but has one', async () => {
    await using server = await openTestServer({ server: { serverCapabilities: { operationLimits } } });
    const announced = server.addressSpace.findNode('i=11705') as UAVariable;
    announced.bindVariable({ get: () => new Variant({ dataType: DataType.UInt32, value: 0 }) }, true);
    await using opened = await server.connect();
    expect(await readOperationLimits(opened.session)).toMatchObject({ maxNodesPerRead: 0, maxNodesPerTranslate: 9 });
  });

  it('takes a missing or refused node for a limit that is not stated', async () => {
    await using server = await openTestServer({ server: { serverCapabilities: { operationLimits } } });
    (server.addressSpace.findNode('i=11710') as UAVariable).bindVariable(
      { get: () => StatusCodes.BadNotReadable },
      true,
    );
    server.addressSpace.deleteNode(coerceNodeId('i=11714'));
    await using opened = await server.connect();
    expect(await readOperationLimits(opened.session)).toMatchObject({
      maxNodesPerBrowse: 0,
      maxMonitoredItemsPerCall: 0,
      maxNodesPerTranslate: 9,
    });
  });

  it('applies what a known product bears where the server states more, or nothing', async () => {
    await using server = await openTestServer({
      server: {
        buildInfo: { manufacturerName: 'Siemens AG', productName: 'CPU 1215C' },
        serverCapabilities: { operationLimits: { ...operationLimits, maxMonitoredItemsPerCall: 5000 } },
      },
    });
    await using opened = await server.connect();
    expect(await readOperationLimits(opened.session)).toMatchObject({
      vendor: 's7-1200',
      maxMonitoredItemsPerCall: 100,
    });
    expect(await readOperationLimits(opened.session, 'none')).toMatchObject({
      vendor: null,
      maxMonitoredItemsPerCall: 5000,
    });
    expect(await readOperationLimits(opened.session, 'ignition')).toMatchObject({ vendor: 'ignition' });
  });
});
