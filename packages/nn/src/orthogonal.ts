import type { RandomStream } from './contract.js';

/**
 * An n x n orthogonal matrix drawn from the Haar measure, row-major, in float64.
 *
 * Q of the QR factorisation of a matrix of standard normals, each column's sign set so that R's diagonal is positive:
 * without that Q is not uniform (Mezzadri 2007, "How to generate random matrices from the classical compact groups").
 * Modified Gram-Schmidt run twice gives exactly that sign, orthogonal to rounding.
 */
export function haarOrthogonal(n: number, stream: RandomStream): Float64Array {
  // Row-major normals, factorised by columns.
  const normals = Float64Array.from({ length: n * n }, () => stream.normal());
  const columns = Array.from({ length: n }, (_column, j) =>
    Float64Array.from({ length: n }, (_row, i) => normals[i * n + j] ?? 0),
  );
  columns.forEach((column, j) => {
    for (let pass = 0; pass < 2; pass += 1) {
      for (const before of columns.slice(0, j)) {
        const along = dot(before, column);
        column.forEach((value, i) => (column[i] = value - along * (before[i] ?? 0)));
      }
      const length = Math.sqrt(dot(column, column));
      column.forEach((value, i) => (column[i] = value / length));
    }
  });
  return Float64Array.from({ length: n * n }, (_, at) => columns[at % n]?.[Math.floor(at / n)] ?? 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
