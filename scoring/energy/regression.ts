/** Ordinary least squares y = a + b·x with what is needed to judge it. */
export type LinearFit = {
  readonly intercept: number;
  readonly slope: number;
  readonly n: number;
  readonly r2: number;
  /** Standard error of the regression, in units of y, with n − 2 degrees of freedom. */
  readonly standardError: number;
  /** standardError / mean of y. */
  readonly cvRmse: number;
  /** Lag-1 autocorrelation of the residuals. */
  readonly lag1: number;
};

/** Fits y on x; null with fewer than 3 points or without any spread in x. */
export function fitLine(x: readonly number[], y: readonly number[]): LinearFit | null {
  const n = x.length;
  if (n < 3 || y.length !== n) return null;
  const meanX = mean(x);
  const meanY = mean(y);
  let sxx = 0;
  let sxy = 0;
  let syy = 0;
  for (let i = 0; i < n; i += 1) {
    const dx = (x[i] ?? 0) - meanX;
    const dy = (y[i] ?? 0) - meanY;
    sxx += dx * dx;
    sxy += dx * dy;
    syy += dy * dy;
  }
  if (!(sxx > 0) || !(syy > 0) || meanY === 0) return null;
  const slope = sxy / sxx;
  const intercept = meanY - slope * meanX;
  const residuals = x.map((value, i) => (y[i] ?? 0) - intercept - slope * value);
  const sse = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const standardError = Math.sqrt(sse / (n - 2));
  return {
    intercept,
    slope,
    n,
    r2: 1 - sse / syy,
    standardError,
    cvRmse: standardError / meanY,
    lag1: lagOne(residuals),
  };
}

/**
 * Half-width of the 90 % interval of the saving over m reporting days, as a fraction of the expected energy. ASHRAE 14 in
 * the form of eemeter's ReportingMetrics for daily data: U = c·t·CV·√((n/n′)(1 + 2/n′)/m), n′ = n(1−ρ)/(1+ρ). ρ is capped
 * at ≥ 0, because a negative one would make the sample look larger than it is.
 */
export function savingUncertainty(fit: LinearFit, reportingDays: number, calendarMonths: number): number {
  const months = Math.min(12, Math.max(1, calendarMonths));
  const c = -0.000_24 * months ** 2 + 0.035_35 * months + 1.002_86;
  const rho = Math.min(0.95, Math.max(0, fit.lag1));
  const effective = Math.max(3, (fit.n * (1 - rho)) / (1 + rho));
  const t = studentT95(effective - 2);
  return c * t * fit.cvRmse * Math.sqrt(((fit.n / effective) * (1 + 2 / effective)) / Math.max(1, reportingDays));
}

/** 95 % one-sided quantile of Student's t (two-sided 90 %), Cornish-Fisher expansion; within 1 % from 4 degrees on. */
export function studentT95(degrees: number): number {
  if (degrees < 1.5) return 6.314;
  if (degrees < 2.5) return 2.92;
  if (degrees < 3.5) return 2.353;
  const z = 1.644_853_627;
  const v = degrees;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / v + g2 / v ** 2 + g3 / v ** 3;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function lagOne(residuals: readonly number[]): number {
  const before = residuals.slice(0, -1);
  const after = residuals.slice(1);
  const meanBefore = mean(before);
  const meanAfter = mean(after);
  let cross = 0;
  let squareBefore = 0;
  let squareAfter = 0;
  before.forEach((value, i) => {
    const db = value - meanBefore;
    const da = (after[i] ?? 0) - meanAfter;
    cross += db * da;
    squareBefore += db * db;
    squareAfter += da * da;
  });
  const scale = Math.sqrt(squareBefore * squareAfter);
  return scale > 0 ? cross / scale : 0;
}
