import { DataType, Variant, makeEUInformation, type Namespace, type UAVariable } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { openTestServer, TEST_NAMESPACE, type TestServer } from '../../../tests/support/opcua-test-server.ts';
import { readOperationLimits } from '../operation-limits.ts';
import { browseServer, type KnownServer } from './browse-server.ts';
import { browseTree, pathOf, type BrowseTreeOptions } from './browse-tree.ts';

const operationLimits = { maxNodesPerBrowse: 3, maxNodesPerRead: 4 };

function addMachines(namespace: Namespace, count: number, tags: number): void {
  const { objects } = namespace.addressSpace.rootFolder;
  for (let machine = 0; machine < count; machine += 1) {
    const object = namespace.addObject({
      organizedBy: objects,
      browseName: `machine-${machine}`,
      nodeId: `s=machine-${machine}`,
    });
    for (let tag = 0; tag < tags; tag += 1) {
      namespace.addVariable({
        componentOf: object,
        browseName: `tag-${tag}`,
        nodeId: `s=machine-${machine}.tag-${tag}`,
        dataType: DataType.Double,
        value: new Variant({ dataType: DataType.Double, value: tag }),
      });
    }
  }
}

async function known(server: TestServer): Promise<KnownServer & AsyncDisposable> {
  const opened = await server.connect();
  const namespaces = await opened.session.readNamespaceArray();
  const limits = await readOperationLimits(opened.session);
  return {
    opened,
    session: opened.session,
    namespaces,
    limits,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function browsedPaths(server: TestServer, options: Partial<BrowseTreeOptions> = {}) {
  await using at = await known(server);
  const tree = await browseTree(at.session, { namespaces: at.namespaces, limits: at.limits, ...options });
  return { ...tree, paths: tree.nodes.map((_, index) => pathOf(tree.nodes, index).join('/')) };
}

describe('browseTree', () => {
  it('finds every node of a server that takes three nodes per call and has one continuation point', async () => {
    await using server = await openTestServer({
      build: (namespace) => {
        addMachines(namespace, 7, 3);
        const many = namespace.addObject({
          organizedBy: namespace.addressSpace.rootFolder.objects,
          browseName: 'many',
        });
        for (let index = 0; index < 2500; index += 1) {
          namespace.addObject({ componentOf: many, browseName: `child-${index}` });
        }
      },
      server: { serverCapabilities: { operationLimits, maxBrowseContinuationPoints: 1 } },
    });
    const { paths, stoppedBy, refused } = await browsedPaths(server);
    expect(paths.filter((path) => path.startsWith('machine-'))).toHaveLength(28);
    expect(new Set(paths.filter((path) => path.startsWith('many/child-'))).size).toBe(2500);
    expect({ stoppedBy, refused }).toEqual({ stoppedBy: null, refused: [] });
  });

  it('halves its calls for a server that announces no limit, but has one', async () => {
    await using server = await openTestServer({
      build: (namespace) => addMachines(namespace, 20, 2),
      server: { serverCapabilities: { operationLimits } },
    });
    for (const limit of ['i=11705', 'i=11710']) {
      (server.addressSpace.findNode(limit) as UAVariable).bindVariable(
        { get: () => new Variant({ dataType: DataType.UInt32, value: 0 }) },
        true,
      );
    }
    await using at = await known(server);
    expect(at.limits).toMatchObject({ maxNodesPerBrowse: 0, maxNodesPerRead: 0 });
    const { entries } = await browseServer(at, { filter: 'machine-*/tag-*' });
    expect(entries.filter(({ details }) => details?.reading.isGood === true)).toHaveLength(40);
  });

  it('ends in a loop and lists each node once', async () => {
    await using server = await openTestServer({
      build: (namespace) => {
        const { objects } = namespace.addressSpace.rootFolder;
        const a = namespace.addObject({ organizedBy: objects, browseName: 'a' });
        const b = namespace.addObject({ componentOf: a, browseName: 'b' });
        b.addReference({ referenceType: 'Organizes', nodeId: a });
        b.addReference({ referenceType: 'Organizes', nodeId: objects });
      },
    });
    const { paths } = await browsedPaths(server);
    expect(paths.filter((path) => path.startsWith('a'))).toEqual(['a', 'a/b']);
  });

  it('stops at the node and depth guards and says so', async () => {
    await using server = await openTestServer({ build: (namespace) => addMachines(namespace, 30, 2) });
    const few = await browsedPaths(server, { maxNodes: 10 });
    expect(few.stoppedBy).toBe('max-nodes');
    expect(few.nodes.length).toBeLessThanOrEqual(11);
    const flat = await browsedPaths(server, { maxDepth: 1 });
    expect(flat.stoppedBy).toBe('max-depth');
    expect(flat.paths.filter((path) => path.includes('/tag'))).toEqual([]);
  });
});

describe('browseServer', () => {
  it('gives data type, value and unit of variables with their node ids by namespace URI', async () => {
    await using server = await openTestServer({
      build: (namespace) => {
        namespace.addAnalogDataItem({
          organizedBy: namespace.addressSpace.rootFolder.objects,
          browseName: 'Power',
          nodeId: 's=Power',
          dataType: 'Double',
          engineeringUnitsRange: { low: 0, high: 10 },
          engineeringUnits: makeEUInformation('KWT', 'kW', 'kilowatt'),
          value: new Variant({ dataType: DataType.Double, value: 7.5 }),
        });
      },
    });
    await using at = await known(server);
    const { entries } = await browseServer(at, { filter: 'Power' });
    expect(entries.at(-1)).toMatchObject({
      path: ['Power'],
      nodeId: `nsu=${TEST_NAMESPACE};s=Power`,
      nodeClass: 'Variable',
      details: { dataType: 'Double', unit: { text: 'kW', code: 'KWT' }, reading: { value: 7.5 } },
    });
  });

  it('starts at a node id or at a path of browse names, and names what is there when the path is wrong', async () => {
    await using server = await openTestServer({ build: (namespace) => addMachines(namespace, 2, 1) });
    await using at = await known(server);
    for (const path of ['machine-1', `nsu=${TEST_NAMESPACE};s=machine-1`]) {
      expect((await browseServer(at, { path })).entries.map(({ name }) => name).slice(1)).toEqual(['tag-0']);
    }
    await expect(browseServer(at, { path: 'machine-9' })).rejects.toThrow(
      'path "machine-9": there is no "machine-9"; at this place are',
    );
    await expect(browseServer(at, { path: 'nsu=urn:other;s=x' })).rejects.toThrow('the server has no such namespace');
  });
});
