import type { WorkerEvent, WorkerProblem } from './opcua/protocol.ts';

/** What is said of a value that is no number where the role of its tag needs one. */
export function refusedValue(
  equipment: string,
  tag: string,
  value: unknown,
): { readonly problem: WorkerProblem; readonly event: WorkerEvent } {
  const where = `${equipment}/${tag}`;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const shown = text.slice(0, 40);
  return {
    problem: {
      code: 'VALUE_NOT_A_NUMBER',
      severity: 'warning',
      where,
      equipment,
      message: `tag ${where} delivered "${shown}", which is no number; it is passed on as Bad`,
      remedy: 'check the node and its data type in the PLC, or the role of the tag in plant.yaml',
    },
    event: {
      kind: 'value-not-a-number',
      severity: 'low',
      message: `tag ${where} delivered "${shown}"`,
      subject: where,
      equipment,
    },
  };
}
