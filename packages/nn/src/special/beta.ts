import type { RandomStream } from '../contract.js';
import { digamma, lgamma, trigamma } from './gamma.js';

/* The Beta distribution in float64, on the host: its draws reject, and its derivatives need series of unknown length. */

const MOST_TERMS = 10_000;
const TINY = 1e-300;

const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);

/** Continued fraction of the incomplete beta function, by Lentz's method. Numerical Recipes 6.4; DLMF 8.17.22. */
function continuedFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= MOST_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

export interface Slopes {
  dxda: number;
  dxdb: number;
}

/**
 * How a draw x of Beta(a, b) moves with a and b at a fixed quantile (implicit reparameterisation, Figurnov et al. 2018):
 * dx/da = -(dF/da) / pdf, F = I_x(a, b). With F = x^a (1-x)^b f / (a B), f the continued fraction,
 *
 *   F / pdf = x (1-x) f / a      d ln F/da = ln x - 1/a - psi(a) + psi(a+b) + d ln f/da
 *                                d ln F/db = ln(1-x) - psi(b) + psi(a+b) + d ln f/db
 *
 * so that only f, which is smooth and of order 1, is differentiated by differences. `rest` is 1 - x, given apart since x
 * may be within rounding of 1. Error below 1e-6.
 */
export function betaSlopes(a: number, b: number, x: number, rest = 1 - x): Slopes {
  // Beyond the bulk the fraction of the other tail converges.
  if (x > (a + 1) / (a + b + 2)) {
    const { dxda, dxdb } = lowerSlopes(b, a, rest, x);
    return { dxda: -dxdb, dxdb: -dxda };
  }
  return lowerSlopes(a, b, x, rest);
}

function lowerSlopes(a: number, b: number, x: number, rest: number): Slopes {
  if (x <= 0 || rest <= 0) return { dxda: 0, dxdb: 0 };
  const f = continuedFraction(a, b, x);
  const [ha, hb] = [1e-4 * a, 1e-4 * b];
  const dlnfda = (continuedFraction(a + ha, b, x) - continuedFraction(a - ha, b, x)) / (2 * ha * f);
  const dlnfdb = (continuedFraction(a, b + hb, x) - continuedFraction(a, b - hb, x)) / (2 * hb * f);
  const both = digamma(a + b);
  const width = (x * rest * f) / a;
  return {
    dxda: -width * (Math.log(x) - 1 / a - digamma(a) + both + dlnfda),
    dxdb: -width * (Math.log(rest) - digamma(b) + both + dlnfdb),
  };
}

/** ln of a Gamma(shape, 1) draw; in logs, because a small shape's draws underflow. Marsaglia and Tsang 2000. */
function lnGammaDraw(shape: number, stream: RandomStream): number {
  if (shape < 1) return lnGammaDraw(shape + 1, stream) + Math.log(1 - stream.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = stream.normal();
    const t = 1 + c * normal;
    if (t <= 0) continue;
    const v = t * t * t;
    if (Math.log(1 - stream.uniform()) < 0.5 * normal * normal + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/** A draw of Beta(a, b) and its distance from 1. */
export function betaDraw(a: number, b: number, stream: RandomStream): { x: number; rest: number } {
  const [lnA, lnB] = [lnGammaDraw(a, stream), lnGammaDraw(b, stream)];
  // Both draws far below what can be told apart: the distribution is two points, of weights a and b.
  if (!Number.isFinite(lnA - lnB)) return { x: a / (a + b), rest: b / (a + b) };
  return { x: 1 / (1 + Math.exp(lnB - lnA)), rest: 1 / (1 + Math.exp(lnA - lnB)) };
}

/** ln B(a, b) with `epsilon` added to every argument of a gamma function. */
export const lnBeta = (a: number, b: number, epsilon: number): number =>
  lgamma(a + epsilon) + lgamma(b + epsilon) - lgamma(a + b + epsilon);

export interface BetaKl {
  kl: number;
  da: number;
  db: number;
  /** By the second distribution's parameters. */
  da0: number;
  db0: number;
}

/**
 * KL(Beta(a, b) || Beta(a0, b0)) and its derivatives, `epsilon` added to every argument of a gamma function as DDLP's
 * code does (util_func.py, calc_kl_beta_dist).
 */
export function betaKl(a: number, b: number, a0: number, b0: number, epsilon: number): BetaKl {
  const [psiA, psiB, psiBoth] = [digamma(a + epsilon), digamma(b + epsilon), digamma(a + b + epsilon)];
  const spread = a0 - a + b0 - b;
  const both = spread * trigamma(a + b + epsilon);
  const psiBoth0 = digamma(a0 + b0 + epsilon);
  return {
    kl: lnBeta(a0, b0, epsilon) - lnBeta(a, b, epsilon) + (a - a0) * psiA + (b - b0) * psiB + spread * psiBoth,
    da: (a - a0) * trigamma(a + epsilon) + both,
    db: (b - b0) * trigamma(b + epsilon) + both,
    da0: digamma(a0 + epsilon) - psiBoth0 - psiA + psiBoth,
    db0: digamma(b0 + epsilon) - psiBoth0 - psiB + psiBoth,
  };
}
