import type { Code, Local, WasmFunction } from './assembler.js';
import {
  advance,
  d2add,
  d2div,
  d2max,
  d2mul,
  d2ofLow,
  d2splat,
  d2sqrt,
  d2sub,
  define,
  f4add,
  f4mul,
  f4ofD2,
  int,
  load,
  repeat,
  shuffle,
  store,
} from './assembler.js';

const VECTOR = 16;

/** Two of four values, in float64. */
const half = (value: Code, i: number): Code => d2ofLow(i === 0 ? value : shuffle(value, value, [2, 3, 2, 3]));
const joined = ([low, high]: readonly Code[]): Code => shuffle(f4ofD2(low ?? []), f4ofD2(high ?? []), [0, 1, 4, 5]);
const halves = (locals: readonly Local[], value: (i: number) => Code): Code[] =>
  locals.map((each, i) => each.set(value(i)));
const values = (locals: readonly Local[]): Code[] => locals.map(({ get }) => get);

/** The formula of optimizer/update.ts for 4 `quarters` values, in float64 between float32 arrays. */
export const adamStep: WasmFunction = define(({ parameter, local }) => {
  const quarters = parameter();
  const [out, p, gradient] = [parameter(), parameter(), parameter()];
  const [m, v, vmax] = [parameter(), parameter(), parameter()];
  const [rate, epsilon, l2] = [parameter('f64'), parameter('f64'), parameter('f64')];
  const [beta1, fresh1] = [parameter('f64'), parameter('f64')];
  const [beta2, fresh2] = [parameter('f64'), parameter('f64')];

  const [at, g] = [local('v128'), local('v128')];
  /** Two values each, the low and the high half of four. */
  const [first, second, largest] = [
    [local('v128'), local('v128')],
    [local('v128'), local('v128')],
    [local('v128'), local('v128')],
  ];
  const slope = f4ofD2(d2splat(l2.get));

  return [
    repeat(quarters, [
      at.set(load(p.get)),
      g.set(f4add(load(gradient.get), f4mul(at.get, shuffle(slope, slope, [0, 1, 0, 1])))),
      ...halves(first, (i) =>
        d2add(d2mul(half(load(m.get), i), d2splat(beta1.get)), d2mul(half(g.get, i), d2splat(fresh1.get))),
      ),
      ...halves(second, (i) =>
        d2add(
          d2mul(half(load(v.get), i), d2splat(beta2.get)),
          d2mul(d2mul(half(g.get, i), half(g.get, i)), d2splat(fresh2.get)),
        ),
      ),
      store(m.get, joined(values(first))),
      store(v.get, joined(values(second))),
      // After v, which it is without amsgrad.
      ...halves(largest, (i) => d2max(half(load(vmax.get), i), (second[i] ?? at).get)),
      store(vmax.get, joined(values(largest))),
      store(
        out.get,
        joined(
          largest.map(({ get }, i) =>
            d2sub(
              half(at.get, i),
              d2div(d2mul(d2splat(rate.get), (first[i] ?? at).get), d2add(d2sqrt(get), d2splat(epsilon.get))),
            ),
          ),
        ),
      ),
      ...[out, p, gradient, m, v, vmax].map((pointer) => advance(pointer, int(VECTOR))),
    ]),
  ];
});
