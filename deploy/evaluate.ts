import { resolve } from 'node:path';
import { evaluateRecord, type Evaluation, type ObjectEvaluation } from '../scoring/energy/evaluation.ts';
import { loadRecord, type EnergyRecord } from '../seeds/load-record.ts';
import type { CommandContext } from './commands/context.ts';
import type { EvaluateEnergyOptions } from './commands/evaluate.ts';

const MINUTE = 60_000;

/** Prints the verdict page of a recorded file as text or JSON. @throws JoulegateError USAGE when the file fits no layout. */
export async function evaluateEnergyCommand(options: EvaluateEnergyOptions, context: CommandContext): Promise<void> {
  const record = await loadRecord(resolve(context.cwd, options.data));
  const { layout } = record;
  const daily = layout.kind === 'daily';
  const evaluation = evaluateRecord(record.rows, {
    rowMs: daily ? null : layout.rowMinutes * MINUTE,
    ...(daily && layout.base !== undefined ? { base: layout.base } : {}),
    ...(daily && layout.current !== undefined ? { current: layout.current } : {}),
  });
  context.stdout.write(
    options.json === true
      ? `${JSON.stringify({ file: options.data, layout: layout.id, refused: record.refused, ...evaluation })}\n`
      : verdictPage(options.data, record, evaluation),
  );
}

/** The page an officer reads. */
export function verdictPage(file: string, { layout, rows, refused }: EnergyRecord, evaluation: Evaluation): string {
  const unit = layout.outputUnit;
  const lines = [`Energy per output of ${file} (layout ${layout.id}, ${rows.length} rows)`];
  if (refused.length > 0) lines.push(`  ${refused.length} rows left out, first: ${refused[0] ?? ''}`);
  for (const object of evaluation.objects) lines.push('', ...objectLines(object, unit));
  lines.push('', `Trace ${evaluation.trace.hash} (${evaluation.trace.codeVersion})`);
  return `${lines.join('\n')}\n`;
}

function objectLines(object: ObjectEvaluation, unit: string): string[] {
  const lines = [
    `${object.object}: ${amount(object.energyKwh)} kWh, ${amount(object.output)} ${unit}, ${ratio(object.sec)} kWh/${unit}${object.gaps === null ? '' : `, ${object.gaps} gaps`}`,
  ];
  const { base, current, baseline } = object;
  if (base !== null && current !== null) {
    lines.push(
      `  base      ${base.from} to ${base.to}, ${base.days} days: ${ratio(base.sec)} kWh/${unit}`,
      `  reporting ${current.from} to ${current.to}, ${current.days} days: ${ratio(current.sec)} kWh/${unit}`,
      `  raw change of kWh/${unit}   ${percent(object.rawChange)}   (energy per day ${percent(object.energyChange)}, output per day ${percent(object.outputChange)})`,
      `  load-adjusted change   ${percent(object.adjustedChange)} ± ${object.adjustedUncertainty === null ? 'unknown' : `${(object.adjustedUncertainty * 100).toFixed(1)} %`} (90 %)`,
    );
  }
  if (baseline !== null) {
    lines.push(
      `  baseline  ${amount(baseline.interceptKwh)} kWh a day + ${baseline.slopeKwhPerUnit.toPrecision(4)} kWh/${unit}, R² ${baseline.r2.toFixed(3)}, CV ${(baseline.cvRmse * 100).toFixed(1)} %, lag-1 ${baseline.lag1.toFixed(2)}, ${baseline.valid ? 'valid' : `not valid: ${baseline.findings.join('; ')}`}`,
    );
  }
  lines.push(`  verdict   ${verdictText[object.verdict]}: ${object.reason}`);
  if (object.ratioTrap)
    lines.push(
      '  note      the ratio falls, but that energy fell at the same load is not proven: do not report it as a saving',
    );
  return lines;
}

const verdictText = {
  proven: 'saving proven',
  'not-distinguishable': 'not distinguishable from no saving',
  'not-proven': 'not proven',
  'no-figure': 'no figure',
} as const satisfies Record<ObjectEvaluation['verdict'], string>;

const amount = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
const ratio = (value: number | null): string => (value === null ? 'no figure' : value.toPrecision(5));
const percent = (value: number | null): string =>
  value === null ? 'no figure' : `${value > 0 ? '+' : ''}${(value * 100).toFixed(1)} %`;
