/*
 * A generated set must be the same bytes wherever it is generated, so nothing here but + - * / and square roots,
 * which IEEE 754 rounds one way only. Math.sin, cos, tan, exp and log are not the same in every build of V8.
 */

/** Padé approximant of tan(x), within 1e-3 for |x| < 1. */
export function tangent(x: number): number {
  const square = x * x;
  return (x * (105 - 10 * square)) / (105 - 45 * square + square * square);
}

/** Cosine and sine of the angle whose half has this tangent. */
export function rotation(halfTangent: number): { cos: number; sin: number } {
  const square = halfTangent * halfTangent;
  return { cos: (1 - square) / (1 + square), sin: (2 * halfTangent) / (1 + square) };
}

export function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** 0 below 0, 1 above 1, smooth between. */
export function smoothstep(x: number): number {
  const t = clamp(x, 0, 1);
  return t * t * (3 - 2 * t);
}
