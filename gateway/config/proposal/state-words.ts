import type { MachineState } from '../../../broker/contract/tag.ts';
import { nameWords } from './name-words.ts';

const rows: readonly (readonly [MachineState, RegExp])[] = [
  ['alarm', /alarm|fault|error|abort|emergency|故障|报警|急停|异常/],
  ['changeover', /change ?over|set ?up|换型|换模|调试|调整/],
  ['standby', /stand ?by|sleep|energy ?sav|休眠|节能/],
  ['run', /\brun|execut|produc|working|automatic|active|运行|生产|加工|工作/],
  ['idle', /idle|ready|wait|held|suspend|starved|blocked|空闲|待机|待料|等待|就绪/],
  ['off', /\boff\b|stop|power ?down|shut ?down|关机|停机|停止|断电/],
];

/** Machine states by the value of a state tag, as the texts of its values say; null when not one text is understood. */
export function statesByText(texts: ReadonlyMap<number, string>): Record<string, MachineState> | null {
  const states: Record<string, MachineState> = {};
  for (const [value, text] of texts) {
    const found = rows.find(([, words]) => words.test(nameWords(text)));
    if (found !== undefined) states[String(value)] = found[0];
  }
  return Object.keys(states).length === 0 ? null : states;
}
