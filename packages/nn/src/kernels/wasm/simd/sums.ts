import type { WasmFunction } from './assembler.js';
import { advance, define, f4add, int, load, repeat, store } from './assembler.js';

const VECTOR = 16;

/** to[j] += sum over `rows` of from[row, j], j < 4 `quarters`. */
export const addRows: WasmFunction = define((names) => {
  const [from, rows, quarters, to] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [sum, left] = [names.local('i32'), names.local('i32')];
  return [
    repeat(rows, [
      sum.set(to.get),
      left.set(quarters.get),
      repeat(left, [
        store(sum.get, f4add(load(sum.get), load(from.get))),
        advance(sum, int(VECTOR)),
        advance(from, int(VECTOR)),
      ]),
    ]),
  ];
});
