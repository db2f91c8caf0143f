import { DataType, Variant } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { openTestServer, TEST_NAMESPACE } from '../../../tests/support/opcua-test-server.ts';
import { readOperationLimits } from '../operation-limits.ts';
import { closestNodes } from './closest-nodes.ts';

const node = (identifier: string) => `nsu=${TEST_NAMESPACE};${identifier}`;

async function find(nodeId: string, name?: string) {
  await using server = await openTestServer({
    build: (namespace) => {
      const { objects } = namespace.addressSpace.rootFolder;
      for (const machine of ['Press1', 'Press2']) {
        const object = namespace.addObject({ organizedBy: objects, browseName: machine, nodeId: `s=${machine}` });
        ['Energy', 'Power', '产量'].forEach((tag) => {
          namespace.addVariable({
            componentOf: object,
            browseName: tag,
            nodeId: tag === '产量' ? `i=${machine === 'Press1' ? 101 : 102}` : `s=${machine}.${tag}`,
            dataType: DataType.Double,
            value: new Variant({ dataType: DataType.Double, value: 1 }),
          });
        });
      }
    },
  });
  await using opened = await server.connect();
  const { session } = opened;
  const namespaces = await session.readNamespaceArray();
  const limits = await readOperationLimits(session);
  return await closestNodes({ session, namespaces, limits }, nodeId, name === undefined ? {} : { name });
}

describe('closestNodes', () => {
  it('offers the neighbour below the nearest existing parent first', async () => {
    const [first, ...others] = await find(node('s=Press2.Enrgy'));
    expect(first).toEqual({ nodeId: node('s=Press2.Energy'), path: 'Energy', distance: 1 });
    expect(others.map(({ nodeId }) => nodeId)).not.toContain(node('s=Press1.Energy'));
  });

  it('looks through the whole server when no parent exists, whatever the case of letters', async () => {
    const [first] = await find(node('s=pres1.energy'));
    expect(first).toMatchObject({ nodeId: node('s=Press1.Energy'), path: 'Press1/Energy' });
  });

  it('finds the same identifier behind a mistyped namespace', async () => {
    const [first] = await find('nsu=urn:joulegate:test-sever;s=Press1.Power');
    expect(first).toMatchObject({ nodeId: node('s=Press1.Power'), distance: 1 });
  });

  it('goes by the name of the tag where the identifier is a number', async () => {
    expect((await find(node('i=999'), '产量')).map(({ nodeId }) => nodeId)).toEqual([node('i=101'), node('i=102')]);
    expect(await find(node('i=999'))).toEqual([]);
  });

  it('offers nothing when nothing is near', async () => {
    expect(await find(node('s=SomethingQuiteDifferentAndLong'))).toEqual([]);
  });
});
