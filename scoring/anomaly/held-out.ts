import type { Detector } from './detector.ts';

const FOLDS = 5;
/** Rows of a fold that only bring the detector's smoothing to the fold's level. */
const SETTLING_ROWS = 60;

/**
 * Ratios of training rows by detectors that were trained without them: contiguous folds, since neighbouring rows are alike
 * (blocked cross-validation: Roberts et al., Ecography 40, 2017; as calibration: Barber et al., CV+, Ann. Statist. 49, 2021).
 */
export function heldOutRatios(create: () => Detector, rows: readonly Float64Array[]): number[] {
  const ratios: number[] = [];
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const from = Math.floor((fold * rows.length) / FOLDS);
    const to = Math.floor(((fold + 1) * rows.length) / FOLDS);
    const detector = create();
    detector.fit([...rows.slice(0, from), ...rows.slice(to)]);
    rows.slice(from, to).forEach((row, index) => {
      const { ratio, degraded } = detector.next(row);
      if (index >= SETTLING_ROWS && (degraded === undefined || degraded === 'sensor-missing')) ratios.push(ratio);
    });
  }
  return ratios;
}
