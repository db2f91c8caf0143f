import { useEffect, useRef } from 'preact/hooks';
import type { EChartsType } from 'echarts/core';

type ChartOption = Parameters<EChartsType['setOption']>[0];

/** A chart on a canvas; the summary says in words what it shows. The chart library is loaded when the first one stands. */
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
    void import('./echarts.ts').then(({ createChart }) => {
      if (gone) return;
      chart.current = createChart(box);
      chart.current.setOption(latest.current as ChartOption);
      observer.observe(box);
    });
    return () => {
      gone = true;
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
