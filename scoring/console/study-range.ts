import { zoneClock } from './format.ts';
import { chartEnd } from './actions.ts';
import { ranges, type ConsoleState } from './state.ts';

const DAY_MS = 86_400_000;

/** Studies rest on whole days: where charts show 24 hours they show a week. */
export const studyRangeName = (state: ConsoleState): '7d' | '30d' => (state.range.value === '30d' ? '30d' : '7d');

/** Whole local days of the chosen range as a query; the day that is running counts. */
export function studyRange(state: ConsoleState): { readonly from: string; readonly to: string } {
  const to = chartEnd(state, state.now.peek());
  const timezone = state.site.value?.timezone ?? 'UTC';
  const { days } = ranges[studyRangeName(state)];
  const from = zoneClock(to - days * DAY_MS, timezone).slice(0, 10);
  // To the end of the day, so that the question stays the same while the day goes on.
  return { from, to: zoneClock(to + DAY_MS, timezone).slice(0, 10) };
}
