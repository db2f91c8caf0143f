import { describe, expect, it } from 'vitest';
import { processTag, serverOf, startGatewayRig } from '../../tests/support/gateway-rig.ts';
import { openTestServer, TEST_NAMESPACE } from '../../tests/support/opcua-test-server.ts';
import { eventually } from '../../tests/support/stack.ts';

const node = (name: string, namespace = TEST_NAMESPACE): string => `nsu=${namespace};s=${name}`;

describe('a tag whose node id is mistyped', () => {
  it('is named with tag, node id, server and the closest existing node, and the others go on', async () => {
    await using server = await openTestServer({
      build: (namespace, { rootFolder }) => {
        for (const name of ['Press.Pressure', 'Press.Temperature', 'Oven.Power']) {
          namespace.addVariable({
            organizedBy: rootFolder.objects,
            browseName: name.split('.')[1] ?? name,
            nodeId: `s=${name}`,
            dataType: 'Double',
            value: { dataType: 'Double', value: 1 },
          });
        }
      },
    });
    await using rig = await startGatewayRig([
      serverOf('plc', server.endpoint, [
        processTag('good', node('Oven.Power')),
        processTag('typo', node('Press.Presure')),
        processTag('namespace', node('Oven.Power', 'urn:joulegate:test-sever')),
        processTag('lost', node('Conveyor.Revolutions')),
      ]),
    ]);
    await eventually('the good tag', () => rig.of('good').length > 0);
    const problemOf = (tag: string, text: string) =>
      eventually(`the problem of ${tag}`, () => {
        const found = rig.problem('NODE_UNKNOWN', `hall/line/plc/${tag}`);
        return found?.message.includes(text) === true ? found : false;
      });
    const typo = await problemOf('typo', 'closest existing node');
    expect(typo.message).toContain(
      `tag hall/line/plc/typo: node "${node('Press.Presure')}" cannot be read at server "plc" (${server.endpoint}): BadNodeIdUnknown; the closest existing node is "${node('Press.Pressure')}" (Pressure)`,
    );
    expect(typo.remedy).toContain(node('Press.Pressure'));
    const namespace = await problemOf('namespace', 'closest existing node');
    expect(namespace.message).toContain(`"${node('Oven.Power')}"`);
    expect((await problemOf('lost', 'BadNodeIdUnknown')).message).not.toContain('closest');
    const states = rig.gateway.health().connections?.[0]?.exceptions ?? [];
    expect(states.find(({ tag }) => tag === 'hall/line/plc/typo')?.reason).toContain('Press.Pressure');
  });
});
