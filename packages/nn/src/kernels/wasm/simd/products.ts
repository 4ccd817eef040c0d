import type { Code, Local, Names, WasmFunction } from './assembler.js';
import {
  advance,
  choose,
  define,
  f4add,
  f4mul,
  int,
  load,
  loadInt,
  loadSplat,
  minus,
  plus,
  repeat,
  store,
  times,
  until,
  zeros,
} from './assembler.js';

/*
 * Products of matrices by tiles of 4 rows and 8 columns, whose 32 sums stay in registers. 5 or 6 rows take more
 * registers than Node 20's compiler has to give (22 and 19 GFLOP/s against 26, from the first cache), and a loop
 * unrolled by 4 makes it spill too (18). Fused multiply-adds are relaxed SIMD, which Node 20 has not.
 */

export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;
const FLOAT = 4;
const VECTOR = 16;

/** Eight float32. */
type Eight = readonly [Local, Local];

const eight = ({ local }: Names): Eight => [local('v128'), local('v128')];
const read = ([low, high]: Eight, address: Code): Code[] => [low.set(load(address)), high.set(load(address, VECTOR))];
const write = ([low, high]: Eight, address: Code): Code[] => [
  store(address, low.get),
  store(address, high.get, VECTOR),
];

/** sum += left right, by a register for copies of left. */
const addProduct = (sum: Eight, left: Code, right: Eight, copies: Local): Code[] => [
  copies.set(left),
  sum[0].set(f4add(sum[0].get, f4mul(copies.get, right[0].get))),
  sum[1].set(f4add(sum[1].get, f4mul(copies.get, right[1].get))),
];

/**
 * For `tiles` times 4 rows, with `table` their [offset in left, offset in out] in bytes:
 *
 *   out[row, 0..8] (+)= sum over s < segments, d < depth of left[row + s segment + d] right[s depth + d, 0..8]
 *
 * `right` lies packed, `segment` is in bytes; `fresh` writes instead of adding.
 */
export const tileProducts: WasmFunction = define((names) => {
  const [table, tiles, left, segment] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [segments, depth, right] = [names.parameter(), names.parameter(), names.parameter()];
  const [out, fresh] = [names.parameter(), names.parameter()];
  const row = names.local('i32');
  const rows = [row, ...Array.from({ length: TILE_ROWS - 1 }, () => names.local('i32'))];
  const [at, end, rest, skip] = [names.local('i32'), names.local('i32'), names.local('i32'), names.local('i32')];
  const sums = rows.map(() => eight(names));
  const [factor, copies] = [eight(names), names.local('v128')];
  const entry = 2 * FLOAT;
  const outOf = (r: number): Code => plus(out.get, loadInt(table.get, entry * r + FLOAT));
  return [
    skip.set(minus(segment.get, times(depth.get, int(FLOAT)))),
    repeat(tiles, [
      ...rows.map((pointer, r) => pointer.set(plus(left.get, loadInt(table.get, entry * r)))),
      choose(
        fresh.get,
        sums.flat().map((sum) => sum.set(zeros)),
        sums.flatMap((sum, r) => read(sum, outOf(r))),
      ),
      at.set(right.get),
      rest.set(segments.get),
      repeat(rest, [
        end.set(plus(row.get, times(depth.get, int(FLOAT)))),
        until(row, end, [
          ...read(factor, at.get),
          ...rows.flatMap((pointer, r) => addProduct(sums[r] ?? factor, loadSplat(pointer.get), factor, copies)),
          advance(at, int(2 * VECTOR)),
          ...rows.toReversed().map((pointer) => advance(pointer, int(FLOAT))),
        ]),
        ...rows.map((pointer) => advance(pointer, skip.get)),
      ]),
      ...sums.flatMap((sum, r) => write(sum, outOf(r))),
      advance(table, int(entry * TILE_ROWS)),
    ]),
  ];
});

/**
 * For `tiles` times `rows` neighbours m in left, with `table` the offsets in bytes of the pixels in left:
 *
 *   out[m, 0..8] += sum over p < pixels of left[table[p] + m] right[p, 0..8]
 *
 * `right` lies packed; `line` is the bytes from one m to the next in out.
 */
const outerProducts = (rows: number): WasmFunction =>
  define((names) => {
    const [table, pixels, left, right] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
    const [out, line, tiles] = [names.parameter(), names.parameter(), names.parameter()];
    const [at, end, offset, pixel] = [names.local('i32'), names.local('i32'), names.local('i32'), names.local('i32')];
    const sums = Array.from({ length: rows }, () => eight(names));
    const [factor, copies] = [eight(names), names.local('v128')];
    const outOf = (m: number): Code => plus(out.get, times(line.get, int(m)));
    return [
      end.set(plus(right.get, times(pixels.get, int(2 * VECTOR)))),
      repeat(tiles, [
        ...sums.flat().map((sum) => sum.set(zeros)),
        at.set(right.get),
        offset.set(table.get),
        until(at, end, [
          ...read(factor, at.get),
          pixel.set(plus(left.get, loadInt(offset.get))),
          ...sums.flatMap((sum, m) => addProduct(sum, loadSplat(pixel.get, FLOAT * m), factor, copies)),
          advance(offset, int(FLOAT)),
          advance(at, int(2 * VECTOR)),
        ]),
        // Here and not at the beginning, where all would wait for it.
        ...sums.flatMap((sum, m) => [
          ...read(factor, outOf(m)),
          ...sum.map((half, i) => half.set(f4add(half.get, (factor[i] ?? half).get))),
          ...write(sum, outOf(m)),
        ]),
        advance(left, int(FLOAT * rows)),
        advance(out, times(line.get, int(rows))),
      ]),
    ];
  });

export const outerTiles = outerProducts(TILE_ROWS);
export const outerRows = outerProducts(1);
