import { useEffect, useRef } from 'preact/hooks';
import type { EChartsType } from 'echarts/core';

type ChartOption = Parameters<EChartsType['setOption']>[0];

/** A chart on a canvas; the summary says in words what it shows. The chart library is loaded when the first one stands and the page rests. */
export function Chart(props: {
  readonly option: unknown;
  readonly summary: string;
  readonly size: 'tall' | 'low' | 'wide' | 'flow';
  readonly testId: string;
  /** Points with a figure that are drawn. */
  readonly points: number;
}) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const latest = useRef(props.option);
  latest.current = props.option;

  useEffect(() => {
    const box = element.current;
    if (box === null) return undefined;
    let gone = false;
    const observer = new ResizeObserver(() => chart.current?.resize());
    const draw = () =>
      void import('./echarts.ts').then(({ createChart }) => {
        if (gone) return;
        chart.current = createChart(box);
        chart.current.setOption(latest.current as ChartOption);
        observer.observe(box);
      });
    const stopWaiting = whenIdle(draw);
    return () => {
      gone = true;
      stopWaiting();
      observer.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(props.option as ChartOption, { notMerge: true });
  }, [props.option]);

  return (
    <div
      ref={element}
      class={`chart chart-${props.size}`}
      role="img"
      aria-label={props.summary}
      data-testid={props.testId}
      data-points={props.points}
    />
  );
}

const LONGEST_WAIT_MS = 500;

/** Charts come after the figures: the library is large. Returns how to call it off. */
function whenIdle(run: () => void): () => void {
  if (typeof requestIdleCallback !== 'function') {
    const timer = setTimeout(run, 0);
    return () => clearTimeout(timer);
  }
  const turn = requestIdleCallback(run, { timeout: LONGEST_WAIT_MS });
  return () => cancelIdleCallback(turn);
}
