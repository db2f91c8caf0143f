/** Logarithm of the gamma function: Lanczos, SIAM J. Numer. Anal. 1 (1964), g = 7, n = 9; relative error below 1e-14. */
function logGamma(x: number): number {
  const series = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  let sum = 0.99999999999980993;
  series.forEach((value, index) => {
    sum += value / (x + index);
  });
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Regularised incomplete beta function by its continued fraction (Lentz); Abramowitz & Stegun 26.5.8. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  let [c, d] = [1, 1 / guard(1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1; m < 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return front * fraction;
}

const guard = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);

/** The value an F-distributed variable with (`d1`, `d2`) degrees of freedom exceeds with probability `alpha`. */
export function fQuantile(alpha: number, d1: number, d2: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 200; step += 1) {
    const x = (low + high) / 2;
    if (incompleteBeta(x, d1 / 2, d2 / 2) < 1 - alpha) low = x;
    else high = x;
  }
  return (d2 * low) / (d1 * Math.max(1e-300, 1 - low));
}
