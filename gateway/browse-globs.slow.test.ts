import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressSpace, Namespace, UAObject } from 'node-opcua';
import { describe, expect, it } from 'vitest';
import { serverOf, startGatewayRig } from '../tests/support/gateway-rig.ts';
import { openTestServer } from '../tests/support/opcua-test-server.ts';
import { eventually } from '../tests/support/stack.ts';
import type { BrowseConfig } from './config/schema.ts';

/** A server with the folder Plant, in which machines with a variable Power can be put. */
async function openPlant() {
  let plant: UAObject | null = null;
  const plc = await openTestServer({
    build: (namespace: Namespace, { rootFolder }: AddressSpace) => {
      plant = namespace.addFolder(rootFolder.objects, { browseName: 'Plant', nodeId: 's=Plant' });
    },
  });
  const addMachine = (name: string, value: number): void => {
    if (plant === null) throw new Error('the server has no plant');
    const machine = plc.namespace.addObject({ organizedBy: plant, browseName: name, nodeId: `s=${name}` });
    plc.namespace.addVariable({
      componentOf: machine,
      browseName: 'Power',
      nodeId: `s=${name}.Power`,
      dataType: 'Double',
      value: { dataType: 'Double', value },
    });
  };
  return { plc, addMachine, [Symbol.asyncDispose]: () => plc[Symbol.asyncDispose]() };
}

const server = (endpoint: string, browse: Partial<BrowseConfig>) =>
  serverOf('plc', endpoint, [], {
    browseInterval: '10s',
    equipment: [
      {
        path: 'hall/line/press',
        tags: [],
        browse: [{ glob: 'Plant/*/Power', samplingInterval: '0ms', publishingInterval: '200ms', ...browse }],
      },
    ],
  });

describe('tags by glob', { timeout: 60_000 }, () => {
  it('are read, and a new node waits until a person takes it over', async () => {
    await using plant = await openPlant();
    plant.addMachine('M1', 11);
    plant.addMachine('M2', 12);
    await using rig = await startGatewayRig([server(plant.plc.endpoint, {})]);
    await eventually('both machines', () => rig.of('M1.Power').length > 0 && rig.of('M2.Power').length > 0);
    expect(rig.of('M2.Power')[0]).toMatchObject({ value: 12, equipment: 'hall/line/press' });
    const lockFile = join(rig.gatewayDir, 'browse.lock.json');
    expect(await readFile(lockFile, 'utf8')).toContain('M2.Power');
    plant.addMachine('M3', 13);
    const problem = await eventually('the change is said', () => rig.problem('BROWSE_CHANGED') ?? false, 30_000);
    expect(problem.message).toContain('new nodes that wait: M3.Power');
    expect(rig.of('M3.Power')).toEqual([]);
    expect(rig.events.filter(({ kind }) => kind === 'browse-changed').map(({ message }) => message)).toEqual([
      'glob hall/line/press Plant/*/Power: new tags: M1.Power, M2.Power',
      'glob hall/line/press Plant/*/Power: new nodes that wait: M3.Power',
    ]);
    const before = rig.of('M1.Power').length;
    await rename(join(rig.gatewayDir, 'browse.proposed.json'), lockFile);
    await eventually('the new machine', () => rig.of('M3.Power').length > 0, 30_000);
    expect(rig.of('M3.Power')[0]?.value).toBe(13);
    expect(rig.of('M1.Power')).toHaveLength(before);
    expect(rig.problem('BROWSE_CHANGED')).toBeNull();
  });

  it('are added at once where the configuration says so', async () => {
    await using plant = await openPlant();
    plant.addMachine('M1', 11);
    await using rig = await startGatewayRig([server(plant.plc.endpoint, { whenChanged: 'add' })]);
    await eventually('the first machine', () => rig.of('M1.Power').length > 0);
    plant.addMachine('M2', 12);
    await eventually('the new machine', () => rig.of('M2.Power').length > 0, 30_000);
    expect(rig.problem('BROWSE_CHANGED')).toBeNull();
    await expect(stat(join(rig.gatewayDir, 'browse.proposed.json'))).rejects.toThrow('ENOENT');
  });

  it('are no more than they may be, and that is said', async () => {
    await using plant = await openPlant();
    for (const name of ['M1', 'M2', 'M3']) plant.addMachine(name, 1);
    await using rig = await startGatewayRig([server(plant.plc.endpoint, { max: 2 })]);
    await eventually('the first two', () => rig.of('M1.Power').length > 0 && rig.of('M2.Power').length > 0);
    expect(rig.problem('BROWSE_TOO_MANY')?.message).toContain('more than 2 variables');
    expect(rig.gateway.health().connections?.[0]?.tags.live).toBe(2);
  });
});
