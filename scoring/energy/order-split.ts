import { splitExactly, fromNano, toNano, wholePart } from './quantum.ts';

/** A part of an amount between two instants. */
export type TimePart = { readonly from: number; readonly to: number; readonly amount: number };

/**
 * Splits what a span of time holds at edges (midnight, shift changes) evenly by time; the parts add up to it exactly.
 * Use it where nothing finer was measured; with samples at the edges the ledger splits by them.
 */
export function splitAtEdges(
  span: { readonly from: number; readonly to: number; readonly amount: number },
  edges: readonly number[],
): TimePart[] {
  const cuts = [
    span.from,
    ...edges.filter((edge) => edge > span.from && edge < span.to).sort((a, b) => a - b),
    span.to,
  ];
  const total = toNano(span.amount);
  let given = 0;
  return cuts.slice(1).map((to, index) => {
    const from = cuts[index] ?? span.from;
    const until = index === cuts.length - 2 ? total : wholePart(total, to - span.from, span.to - span.from);
    const amount = fromNano(until - given);
    given = until;
    return { from, to, amount };
  });
}

/** Orders that ran at the same time on one machine. */
export type ParallelOrder = { readonly order: string; readonly cycles: number | null; readonly runMs: number };

export type OrderSplit = {
  /** Rule the energy was shared by; stored with every part. */
  readonly rule: 'cycle-count' | 'time-share' | 'none';
  readonly parts: readonly { readonly order: string; readonly kwh: number }[];
  /** What no order ran for. */
  readonly residualKwh: number;
};

/** Shares the energy of parallel orders by their cycles, or by time when one is not counted. */
export function splitOrders(kwh: number, orders: readonly ParallelOrder[]): OrderSplit {
  const counted = orders.every(({ cycles }) => cycles !== null);
  const parts =
    (counted
      ? splitExactly(
          kwh,
          orders.map(({ cycles }) => cycles ?? 0),
        )
      : null) ??
    splitExactly(
      kwh,
      orders.map(({ runMs }) => runMs),
    );
  if (parts === null) return { rule: 'none', parts: [], residualKwh: kwh };
  const byCycles = counted && orders.some(({ cycles }) => (cycles ?? 0) > 0);
  return {
    rule: byCycles ? 'cycle-count' : 'time-share',
    parts: orders.map(({ order }, index) => ({ order, kwh: parts[index] ?? 0 })),
    residualKwh: 0,
  };
}
