import type { Code, Local, WasmFunction } from './assembler.js';
import {
  advance,
  both,
  define,
  f4above,
  f4add,
  f4max,
  f4mul,
  f4sub,
  int,
  loadInt,
  loadSplat,
  plus,
  times,
  zeros,
} from './assembler.js';
import type { Part } from './channels.js';
import { again, overChannels } from './channels.js';

/*
 * Group normalisation of one image [rows, pixels, c]. Numbers of each channel lie in lines of c floats, one below the
 * other, in the order in which a function names them; `line` is the bytes of such a line, and of a pixel.
 */

const FLOAT = 4;

const below = (address: Local, line: Local, lines: number): Code => plus(address.get, times(line.get, int(lines)));
const addTo = (part: Part, address: Code, sum: Local): Code => part.store(address, f4add(part.load(address), sum.get));

/** Adds the sums of x - shift and of its square to `sums`, two lines. Row by row, for the sake of precision. */
export const pixelMoments: WasmFunction = define((names) => {
  const [x, line, rows, pixels] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [shift, sums] = [names.parameter(), names.parameter()];
  const [at, value] = [names.local('i32'), names.local('v128')];
  return overChannels(names, line, [x, shift, sums], (parts) => {
    const kept = parts.map((part) => ({
      part,
      shifted: names.local('v128'),
      sum: names.local('v128'),
      square: names.local('v128'),
    }));
    return [
      at.set(x.get),
      ...kept.map(({ part, shifted }) => shifted.set(part.load(shift.get))),
      ...again(names, rows, [
        ...kept.flatMap(({ sum, square }) => [sum.set(zeros), square.set(zeros)]),
        ...again(names, pixels, [
          ...kept.flatMap(({ part, shifted, sum, square }) => [
            value.set(f4sub(part.load(at.get), shifted.get)),
            sum.set(f4add(sum.get, value.get)),
            square.set(f4add(square.get, f4mul(value.get, value.get))),
          ]),
          advance(at, line.get),
        ]),
        ...kept.flatMap(({ part, sum, square }) => [
          addTo(part, sums.get, sum),
          addTo(part, below(sums, line, 1), square),
        ]),
      ]),
    ];
  });
});

/** y = max(least, x factor + moved), where `table` says of each of so many pixels of y where in x it lies, in bytes. */
export const scaleAndShift: WasmFunction = define((names) => {
  const [table, pixels, x, line] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [numbers, least, y] = [names.parameter(), names.parameter(), names.parameter()];
  const [entry, at, floor] = [names.local('i32'), names.local('i32'), names.local('v128')];
  return [
    floor.set(loadSplat(least.get)),
    ...overChannels(names, line, [x, numbers, y], (parts) => {
      const kept = parts.map((part) => ({ part, factor: names.local('v128'), moved: names.local('v128') }));
      const source = plus(x.get, loadInt(entry.get));
      return [
        ...kept.flatMap(({ part, factor, moved }) => [
          factor.set(part.load(numbers.get)),
          moved.set(part.load(below(numbers, line, 1))),
        ]),
        entry.set(table.get),
        at.set(y.get),
        ...again(names, pixels, [
          ...kept.map(({ part, factor, moved }) =>
            part.store(at.get, f4max(floor.get, f4add(f4mul(part.load(source), factor.get), moved.get))),
          ),
          advance(entry, int(FLOAT)),
          advance(at, line.get),
        ]),
      ];
    }),
  ];
});

/**
 * dz = dy where x factor + moved > least, else 0; adds the sums of dz and of dz (x - mean) to `sums`, two lines.
 * `numbers`: factor, moved, mean. dy and dz may be one.
 */
export const passedSums: WasmFunction = define((names) => {
  const [dy, x, line, rows, pixels] = [
    names.parameter(),
    names.parameter(),
    names.parameter(),
    names.parameter(),
    names.parameter(),
  ];
  const [numbers, least, dz, sums] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [from, offset, floor] = [names.local('i32'), names.local('i32'), names.local('v128')];
  const [value, passed] = [names.local('v128'), names.local('v128')];
  return [
    floor.set(loadSplat(least.get)),
    ...overChannels(names, line, [dy, x, numbers, dz, sums], (parts) => {
      const kept = parts.map((part) => ({
        part,
        factor: names.local('v128'),
        moved: names.local('v128'),
        mean: names.local('v128'),
        sum: names.local('v128'),
        product: names.local('v128'),
      }));
      return [
        offset.set(int(0)),
        ...kept.flatMap(({ part, factor, moved, mean }) => [
          factor.set(part.load(numbers.get)),
          moved.set(part.load(below(numbers, line, 1))),
          mean.set(part.load(below(numbers, line, 2))),
        ]),
        ...again(names, rows, [
          ...kept.flatMap(({ sum, product }) => [sum.set(zeros), product.set(zeros)]),
          ...again(names, pixels, [
            from.set(plus(x.get, offset.get)),
            ...kept.flatMap(({ part, factor, moved, mean, sum, product }) => [
              value.set(part.load(from.get)),
              passed.set(
                both(
                  part.load(plus(dy.get, offset.get)),
                  f4above(f4add(f4mul(value.get, factor.get), moved.get), floor.get),
                ),
              ),
              part.store(plus(dz.get, offset.get), passed.get),
              sum.set(f4add(sum.get, passed.get)),
              product.set(f4add(product.get, f4mul(passed.get, f4sub(value.get, mean.get)))),
            ]),
            advance(offset, line.get),
          ]),
          ...kept.flatMap(({ part, sum, product }) => [
            addTo(part, sums.get, sum),
            addTo(part, below(sums, line, 1), product),
          ]),
        ]),
      ];
    }),
  ];
});

/** dx = dz direct + (x slope + offset). `numbers`: direct, slope, offset. */
export const combinePixels: WasmFunction = define((names) => {
  const [dz, x, line, pixels] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [numbers, dx] = [names.parameter(), names.parameter()];
  const offset = names.local('i32');
  return overChannels(names, line, [dz, x, numbers, dx], (parts) => {
    const kept = parts.map((part) => ({
      part,
      direct: names.local('v128'),
      slope: names.local('v128'),
      moved: names.local('v128'),
    }));
    return [
      offset.set(int(0)),
      ...kept.flatMap(({ part, direct, slope, moved }) => [
        direct.set(part.load(numbers.get)),
        slope.set(part.load(below(numbers, line, 1))),
        moved.set(part.load(below(numbers, line, 2))),
      ]),
      ...again(names, pixels, [
        ...kept.map(({ part, direct, slope, moved }) =>
          part.store(
            plus(dx.get, offset.get),
            f4add(
              f4mul(part.load(plus(dz.get, offset.get)), direct.get),
              f4add(f4mul(part.load(plus(x.get, offset.get)), slope.get), moved.get),
            ),
          ),
        ),
        advance(offset, line.get),
      ]),
    ];
  });
});
