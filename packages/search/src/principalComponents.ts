/** Sweeps of Jacobi's method; it converges quadratically, 64 columns within 10. */
const SWEEPS = 30;

/**
 * Means of the columns, and the unit vectors along which the rows vary most, the largest first: eigenvectors of their covariance,
 * by Jacobi rotations.
 */
export function principalComponents(
  rows: readonly (readonly (number | null)[])[],
  count: number,
): { means: number[]; axes: number[][] } {
  const columns = [...(rows[0] ?? []).keys()];
  const means = columns.map((c) => rows.reduce((sum, row) => sum + (row[c] ?? 0), 0) / rows.length);
  const matrix = columns.map((a) =>
    columns.map((b) =>
      rows.reduce((sum, row) => sum + ((row[a] ?? 0) - (means[a] ?? 0)) * ((row[b] ?? 0) - (means[b] ?? 0)), 0),
    ),
  );
  // Rows, so that a rotation of two columns is one of two arrays.
  const vectors = columns.map((a) => columns.map((b) => (a === b ? 1 : 0)));
  const at = (a: number, b: number): number => matrix[a]?.[b] ?? 0;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const p of columns) {
      for (const q of columns.slice(p + 1)) {
        if (at(p, q) === 0) continue;
        const angle = Math.atan2(2 * at(p, q), at(q, q) - at(p, p)) / 2;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        for (const row of matrix) turn(row, p, q, cos, sin);
        for (const c of columns) {
          const [x, y] = [at(p, c), at(q, c)];
          (matrix[p] ?? [])[c] = cos * x - sin * y;
          (matrix[q] ?? [])[c] = sin * x + cos * y;
        }
        for (const row of vectors) turn(row, p, q, cos, sin);
      }
    }
  }
  const order = columns.toSorted((a, b) => at(b, b) - at(a, a)).slice(0, count);
  return { means, axes: order.map((c) => vectors.map((row) => row[c] ?? 0)) };
}

function turn(row: number[], p: number, q: number, cos: number, sin: number): void {
  const [x, y] = [row[p] ?? 0, row[q] ?? 0];
  row[p] = cos * x - sin * y;
  row[q] = sin * x + cos * y;
}
