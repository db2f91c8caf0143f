import { exactTotal } from './quantum.ts';

/**
 * Where the energy of an object comes from. main-meter: its own meter counts, sub-meters break it down and leave a
 * residual. sub-sum: it has no meter, its children add up. independent: its children are no part of it.
 */
export type Boundary = 'main-meter' | 'sub-sum' | 'independent';

export type MeterObject = {
  readonly path: string;
  readonly boundary: Boundary;
  /** Own meter; null for sub-sum. */
  readonly meter: string | null;
  readonly children: readonly string[];
};

/** A versioned tree; dates are ISO, inclusive. */
export type MeterTree = {
  readonly id: string;
  readonly validFrom: string;
  readonly validTo: string | null;
  readonly objects: readonly MeterObject[];
};

export type MeterReading = {
  readonly importKwh: number;
  /** Energy fed back; net = import − export. */
  readonly exportKwh?: number;
  /** Accuracy class in percent, e.g. 1. */
  readonly accuracyClass?: number;
};

export type BalanceRow = {
  readonly path: string;
  readonly boundary: Boundary;
  /** Net energy of the object; null when a meter that it needs has no reading. */
  readonly netKwh: number | null;
  readonly importKwh: number | null;
  readonly exportKwh: number | null;
  readonly subSumKwh: number | null;
  /** F19: main − Σ sub, as its own row, never clipped and never spread. Null where there is none. */
  readonly residualKwh: number | null;
  /** alarm: sub-meters exceed the main meter by more than all accuracy classes together allow. */
  readonly finding: 'none' | 'within-accuracy' | 'alarm' | 'missing-reading';
};

/** Why a tree cannot be summed, in words with place and remedy; empty when it can. */
export function treeProblems(tree: MeterTree): string[] {
  const problems: string[] = [];
  const parents = new Map<string, string>();
  const meters = new Map<string, string>();
  const paths = new Set(tree.objects.map(({ path }) => path));
  for (const { path, boundary, meter, children } of tree.objects) {
    if (boundary !== 'sub-sum' && meter === null)
      problems.push(`tree ${tree.id}: "${path}" is ${boundary} and names no meter; name one or make it sub-sum`);
    if (meter !== null) {
      const owner = meters.get(meter);
      if (owner !== undefined)
        problems.push(`tree ${tree.id}: meter "${meter}" is in "${owner}" and in "${path}"; a meter has one parent`);
      meters.set(meter, path);
    }
    for (const child of children) {
      if (!paths.has(child)) problems.push(`tree ${tree.id}: "${path}" has the unknown child "${child}"`);
      const parent = parents.get(child);
      if (parent !== undefined)
        problems.push(`tree ${tree.id}: "${child}" is in "${parent}" and in "${path}"; it would be counted twice`);
      parents.set(child, path);
    }
  }
  for (const { path } of tree.objects) {
    const seen = new Set<string>();
    for (let at: string | undefined = path; at !== undefined; at = parents.get(at)) {
      if (seen.has(at)) {
        problems.push(`tree ${tree.id}: "${path}" is below itself; break the ring`);
        break;
      }
      seen.add(at);
    }
  }
  return problems;
}

/** Balance of every object of a tree without problems. A missing reading makes what needs it null, never smaller. */
export function balanceTree(tree: MeterTree, readings: ReadonlyMap<string, MeterReading>): BalanceRow[] {
  const objects = new Map(tree.objects.map((object) => [object.path, object]));
  const done = new Map<string, BalanceRow>();
  const visit = (path: string): BalanceRow | null => {
    const known = done.get(path);
    if (known !== undefined) return known;
    const object = objects.get(path);
    if (object === undefined) return null;
    const row = balance(object, object.children.map(visit), { readings, objects });
    done.set(path, row);
    return row;
  };
  for (const { path } of tree.objects) visit(path);
  return tree.objects.map(({ path }) => done.get(path)).filter((row) => row !== undefined);
}

function balance(
  object: MeterObject,
  children: readonly (BalanceRow | null)[],
  context: {
    readonly readings: ReadonlyMap<string, MeterReading>;
    readonly objects: ReadonlyMap<string, MeterObject>;
  },
): BalanceRow {
  const { path, boundary, meter } = object;
  const reading = meter === null ? undefined : context.readings.get(meter);
  const subs = children.map((child) => child?.netKwh ?? null);
  const subSumKwh =
    subs.length === 0 || subs.some((kwh) => kwh === null) ? null : exactTotal(subs.map((kwh) => kwh ?? 0));
  const own = reading === undefined ? null : exactTotal([reading.importKwh, -(reading.exportKwh ?? 0)]);
  const netKwh = boundary === 'sub-sum' ? subSumKwh : own;
  const residualKwh =
    boundary === 'main-meter' && own !== null && subSumKwh !== null ? exactTotal([own, -subSumKwh]) : null;
  const tolerance =
    accuracyKwh(reading) +
    object.children.reduce((sum, child) => {
      const childMeter = context.objects.get(child)?.meter ?? null;
      return sum + (childMeter === null ? 0 : accuracyKwh(context.readings.get(childMeter)));
    }, 0);
  return {
    path,
    boundary,
    netKwh,
    importKwh: boundary === 'sub-sum' ? null : (reading?.importKwh ?? null),
    exportKwh: boundary === 'sub-sum' || reading === undefined ? null : (reading.exportKwh ?? 0),
    subSumKwh: boundary === 'independent' ? null : subSumKwh,
    residualKwh,
    finding:
      netKwh === null
        ? 'missing-reading'
        : residualKwh === null || residualKwh >= 0
          ? 'none'
          : -residualKwh <= tolerance
            ? 'within-accuracy'
            : 'alarm',
  };
}

const accuracyKwh = (reading: MeterReading | undefined): number =>
  reading === undefined ? 0 : (Math.abs(reading.importKwh) * (reading.accuracyClass ?? 0)) / 100;
