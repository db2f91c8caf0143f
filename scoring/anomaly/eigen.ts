/** Eigenvalues, falling, and their vectors as rows of a row-major matrix. */
export type Eigen = { readonly values: Float64Array; readonly vectors: Float64Array };

const SWEEPS = 30;

/** Eigen-decomposition of a symmetric row-major matrix by cyclic Jacobi rotations (Golub & Van Loan, Matrix Computations, 8.5). */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) v[i * size + i] = 1;
  const at = (row: number, column: number): number => a[row * size + column] ?? 0;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    let [off, diagonal] = [0, 0];
    for (let p = 0; p < size; p += 1) {
      diagonal += at(p, p) ** 2;
      for (let q = p + 1; q < size; q += 1) off += at(p, q) ** 2;
    }
    if (off <= 1e-22 * diagonal) break;
    for (let p = 0; p < size - 1; p += 1) {
      for (let q = p + 1; q < size; q += 1) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        rotate(a, v, size, { p, q, c, s: t * c });
      }
    }
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => at(j, j) - at(i, i));
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => vectors.set(v.subarray(from * size, (from + 1) * size), to * size));
  return { values: Float64Array.from(order, (i) => at(i, i)), vectors };
}

function rotate(
  a: Float64Array,
  v: Float64Array,
  size: number,
  { p, q, c, s }: { readonly p: number; readonly q: number; readonly c: number; readonly s: number },
): void {
  for (let k = 0; k < size; k += 1) {
    const [kp, kq] = [a[k * size + p] ?? 0, a[k * size + q] ?? 0];
    a[k * size + p] = c * kp - s * kq;
    a[k * size + q] = s * kp + c * kq;
  }
  for (let k = 0; k < size; k += 1) {
    const [pk, qk] = [a[p * size + k] ?? 0, a[q * size + k] ?? 0];
    a[p * size + k] = c * pk - s * qk;
    a[q * size + k] = s * pk + c * qk;
    const [vp, vq] = [v[p * size + k] ?? 0, v[q * size + k] ?? 0];
    v[p * size + k] = c * vp - s * vq;
    v[q * size + k] = s * vp + c * vq;
  }
}
