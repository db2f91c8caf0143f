/** Dense symmetric systems in row-major Float64Array; sizes here are a few dozen. */

/**
 * Cholesky factor L (lower, row-major) of a symmetric positive definite matrix, or null when it is not
 * positive definite. Golub & Van Loan, Matrix Computations, 4.2.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array | null {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row * size + column] ?? 0;
      for (let k = 0; k < column; k += 1) sum -= (factor[row * size + k] ?? 0) * (factor[column * size + k] ?? 0);
      if (row === column) {
        if (!(sum > 0)) return null;
        factor[row * size + row] = Math.sqrt(sum);
      } else {
        factor[row * size + column] = sum / (factor[column * size + column] ?? 1);
      }
    }
  }
  return factor;
}

/** Solves L Lᵀ x = b in place. */
export function solveCholesky(factor: Float64Array, size: number, vector: Float64Array): Float64Array {
  for (let row = 0; row < size; row += 1) {
    let sum = vector[row] ?? 0;
    for (let k = 0; k < row; k += 1) sum -= (factor[row * size + k] ?? 0) * (vector[k] ?? 0);
    vector[row] = sum / (factor[row * size + row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = vector[row] ?? 0;
    for (let k = row + 1; k < size; k += 1) sum -= (factor[k * size + row] ?? 0) * (vector[k] ?? 0);
    vector[row] = sum / (factor[row * size + row] ?? 1);
  }
  return vector;
}

/**
 * Ridge regression of several targets on the same predictors: B minimising |Y − X B|² + λ n |B|², with columns of X of
 * similar scale and column 0 the constant, which is not shrunk. X is n×k, Y is n×m, B is k×m, all row-major.
 */
export function ridge(
  x: Float64Array,
  y: Float64Array,
  shape: { n: number; k: number; m: number },
  lambda: number,
): Float64Array {
  const { n, k, m } = shape;
  const gram = new Float64Array(k * k);
  const cross = new Float64Array(k * m);
  for (let row = 0; row < n; row += 1) {
    for (let i = 0; i < k; i += 1) {
      const xi = x[row * k + i] ?? 0;
      if (xi === 0) continue;
      for (let j = 0; j <= i; j += 1) gram[i * k + j] = (gram[i * k + j] ?? 0) + xi * (x[row * k + j] ?? 0);
      for (let j = 0; j < m; j += 1) cross[i * m + j] = (cross[i * m + j] ?? 0) + xi * (y[row * m + j] ?? 0);
    }
  }
  for (let i = 0; i < k; i += 1) {
    for (let j = i + 1; j < k; j += 1) gram[i * k + j] = gram[j * k + i] ?? 0;
    gram[i * k + i] = (gram[i * k + i] ?? 0) + (i === 0 ? 1e-9 : lambda) * n;
  }
  const factor = cholesky(gram, k);
  const coefficients = new Float64Array(k * m);
  if (factor === null) return coefficients;
  const column = new Float64Array(k);
  for (let j = 0; j < m; j += 1) {
    for (let i = 0; i < k; i += 1) column[i] = cross[i * m + j] ?? 0;
    solveCholesky(factor, k, column);
    for (let i = 0; i < k; i += 1) coefficients[i * m + j] = column[i] ?? 0;
  }
  return coefficients;
}
