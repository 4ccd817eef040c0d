import type { Code, WasmFunction } from './assembler.js';
import { advance, define, int, load, plus, repeat, shuffle, store, times } from './assembler.js';

const VECTOR = 16;

/** `rows` times 8 floats, `line` bytes apart in `from`, go side by side in `to`. */
export const packColumns: WasmFunction = define((names) => {
  const [from, line, rows, to] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  return [
    repeat(rows, [
      store(to.get, load(from.get)),
      store(to.get, load(from.get, VECTOR), VECTOR),
      advance(from, line.get),
      advance(to, int(2 * VECTOR)),
    ]),
  ];
});

/** 8 rows of 4 `quarters` floats, `line` bytes apart in `from`, go to `to` column after column, 8 floats each. */
export const packRows: WasmFunction = define((names) => {
  const [from, line, quarters, to] = [names.parameter(), names.parameter(), names.parameter(), names.parameter()];
  const [a, b, c, d] = [names.local('v128'), names.local('v128'), names.local('v128'), names.local('v128')];
  const [ab, cd] = [names.local('v128'), names.local('v128')];
  const row = (r: number): Code => load(plus(from.get, times(line.get, int(r))));
  /** Columns 0 and 1, or 2 and 3, of four rows. */
  const columns = (places: readonly number[], first: number, offset: number): Code[] => [
    ab.set(shuffle(a.get, b.get, places)),
    cd.set(shuffle(c.get, d.get, places)),
    store(to.get, shuffle(ab.get, cd.get, [0, 1, 4, 5]), offset + 2 * VECTOR * first),
    store(to.get, shuffle(ab.get, cd.get, [2, 3, 6, 7]), offset + 2 * VECTOR * (first + 1)),
  ];
  const fourRows = (first: number, offset: number): Code[] => [
    ...[a, b, c, d].map((local, r) => local.set(row(first + r))),
    ...columns([0, 4, 1, 5], 0, offset),
    ...columns([2, 6, 3, 7], 2, offset),
  ];
  return [
    repeat(quarters, [
      ...fourRows(0, 0),
      ...fourRows(4, VECTOR),
      advance(from, int(VECTOR)),
      advance(to, int(8 * VECTOR)),
    ]),
  ];
});
